"""Objects of the API server as frozen values: parsed once, where they enter. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from vrdata.api.profile import GenerationProfile
from vrdata.api.run import GenerationRun
from vrdata.api.status import MAX_REPAIR, GenerationRunStatus
from vrdata_operator.reasons import Reason
from vrdata_operator.state.identity import RunIdentity
from vrdata_operator.state.names import REPAIR_ANNOTATION
from vrdata_operator.state.rejection import Rejection
from vrdata_operator.state.time import seconds

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A GenerationRun as the API server stores it.

    Attributes:
        generation: metadata.generation.
        created: seconds since the epoch.
        deleting: it has a deletion timestamp.
        run: the parsed object, or why it cannot be parsed (an object of another release).
        status: empty when the operator has not written one yet.
    """

    namespace: str
    name: str
    uid: str
    resource_version: str
    generation: int
    created: float
    deleting: bool
    annotations: Mapping[str, str]
    run: GenerationRun | Rejection
    status: GenerationRunStatus

    @classmethod
    def parse(cls, body: Json) -> StoredRun:
        """Read an object. Raises KeyError for one that no API server stores."""
        metadata = body["metadata"]
        return cls(
            namespace=metadata["namespace"],
            name=metadata["name"],
            uid=metadata["uid"],
            resource_version=metadata.get("resourceVersion", ""),
            generation=int(metadata.get("generation", 0)),
            created=seconds(metadata["creationTimestamp"]),
            deleting=bool(metadata.get("deletionTimestamp")),
            annotations=dict(metadata.get("annotations") or {}),
            run=_run(body),
            status=GenerationRunStatus.model_validate(dict(body.get("status") or {})),
        )

    @property
    def identity(self) -> RunIdentity:
        """What its Jobs carry."""
        queue = "" if isinstance(self.run, Rejection) else self.run.spec.queue_name
        # A repair goes on when its annotation is removed.
        repair = self.repair or self.status.observed_repair
        return RunIdentity(self.name, self.namespace, self.uid, queue, repair)

    @property
    def repair(self) -> str:
        """Value of the repair annotation; empty = none."""
        return self.annotations.get(REPAIR_ANNOTATION, "")[:MAX_REPAIR]

    @property
    def wants_repair(self) -> bool:
        """Whether the annotation has a value that was not handled yet."""
        return self.awaits_repair(self.status)

    def awaits_repair(self, status: GenerationRunStatus) -> bool:
        """Whether the annotation has a value that was not handled yet when `status` is written."""
        return self.repair not in {"", status.observed_repair}

    @property
    def ttl(self) -> int | None:
        """spec.ttlSecondsAfterFinished."""
        return None if isinstance(self.run, Rejection) else self.run.spec.ttl_seconds_after_finished


@dataclass(frozen=True, slots=True)
class StoredProfile:
    """A GenerationProfile as the API server stores it.

    Attributes:
        profile: the parsed object, or why it cannot be parsed.
    """

    name: str
    uid: str
    profile: GenerationProfile | Rejection

    @classmethod
    def parse(cls, body: Json) -> StoredProfile:
        """Read an object. Raises KeyError for one that no API server stores."""
        metadata = body["metadata"]
        name = metadata["name"]
        try:
            profile: GenerationProfile | Rejection = GenerationProfile.model_validate(dict(body))
        except ValidationError as error:
            profile = Rejection(Reason.INVALID_PROFILE, f"profile {name!r}: {_first(error)}")
        return cls(name, metadata["uid"], profile)


def _run(body: Json) -> GenerationRun | Rejection:
    try:
        return GenerationRun.model_validate(dict(body))
    except ValidationError as error:
        return Rejection(Reason.INVALID_SPEC, _first(error))


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
