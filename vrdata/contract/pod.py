"""What a pod is told, in the variable VRDATA_TASK. Holds no secret."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from vrdata.contract.worker import StoreSettings, WorkerConfig
from vrdata.model import Model

VARIABLE: Final = "VRDATA_TASK"
INDEX_VARIABLE: Final = "JOB_COMPLETION_INDEX"  # set by the Job controller
GENERATORS_VARIABLE: Final = "VRDATA_GENERATORS"  # set by the image: where its generators lie
TERMINATION_LOG: Final = "/dev/termination-log"
TERMINATION_BYTES: Final = 4096  # Kubernetes keeps no more of it


class ShardPod(Model):
    """Make the shard of a wave that JOB_COMPLETION_INDEX says."""

    config: WorkerConfig
    wave: int = Field(ge=0)


class FinalisePod(Model):
    """Finish a run whose shards are all committed."""

    config: WorkerConfig
    max_failed_samples: int = Field(default=0, ge=0)


class DescribePod(Model):
    """Say what this image holds.

    Attributes:
        image_digest: `sha256:…`; the answer is stored under it.
        catalogue: a catalogue file of the image; empty = the image's own.
    """

    store: StoreSettings
    image_digest: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    catalogue: str = ""


class PodTask(Model):
    """Exactly one of three tasks."""

    shard: ShardPod | None = None
    finalise: FinalisePod | None = None
    describe: DescribePod | None = None
