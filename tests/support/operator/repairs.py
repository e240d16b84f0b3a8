"""Repairs of the run of `Life`: damaged objects, the annotation, what was repaired."""

from __future__ import annotations

from support.lives import Life
from vrdata.api.status import GenerationRunStatus
from vrdata.dataset import layout
from vrdata.plan.planned import Shard
from vrdata_operator import handlers
from vrdata_operator.state.names import REPAIR_ANNOTATION

PREFIX = "team/demo/"
TAR = PREFIX + layout.shard_tar_key("O-maze", 1)
MARKER = PREFIX + layout.commit_key("G-ball", 0)
INDEX = PREFIX + layout.index_key("O-maze")


def finished(life: Life) -> tuple[GenerationRunStatus, dict[str, bytes]]:
    """The status and the data of a run that has ended."""
    life.create()
    status = life.live()
    life.workers.tries.clear()
    return status, data(life)


def data(life: Life) -> dict[str, bytes]:
    """All objects in the store except hints and wave files, without what commit markers hold."""
    return {
        key: b"" if layout.COMMITS in key else body
        for key, body in life.store.objects.items()
        if layout.WAVES not in key and layout.DATA_READ not in key
    }


def annotate(life: Life, value: str) -> None:
    """Request a repair."""
    metadata = life.cluster.runs["team", "demo"]["metadata"]
    metadata.setdefault("annotations", {})[REPAIR_ANNOTATION] = value


def is_served(life: Life) -> bool:
    """Whether the operator has work to do for the run."""
    return handlers.unfinished(life.cluster.runs["team", "demo"])  # type: ignore[arg-type]


def tried(life: Life) -> list[Shard]:
    """The shards of all attempts."""
    return [one.shard for one in life.workers.tries]


def runs_counted(life: Life) -> float | None:
    """Runs that this operator has ended."""
    return life.metrics.registry.get_sample_value("vrdata_runs_total", {"outcome": "succeeded"})


def repaired(life: Life, value: str) -> bool:
    """Whether the repair with this annotation has ended."""
    status = life.status()
    return status.finished and status.observed_repair == value
