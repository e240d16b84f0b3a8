"""Which run owns a Job. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from vrdata_operator.state.names import final_job, index_job


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """The run that owns a Job.

    Attributes:
        queue: spec.queueName; empty = none.
        repair: value of the repair annotation; empty = none.
    """

    name: str
    namespace: str
    uid: str
    queue: str = ""
    repair: str = ""

    @property
    def index_job(self) -> str:
        """Name of the Job that writes the indexes of a large run."""
        return index_job(self.uid, self.repair)

    @property
    def final_job(self) -> str:
        """Name of the Job that finalises the run."""
        return final_job(self.uid, self.repair)
