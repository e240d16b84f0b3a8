"""What a pod is told, in the variable VRDATA_TASK, and what it tells when it fails.

The task holds no secret.
"""

from __future__ import annotations

from typing import Final

from pydantic import Field

from vrdata.api.run import GenerationRunSpec
from vrdata.contract.messages import MESSAGE
from vrdata.contract.records import Failure
from vrdata.contract.worker import StoreSettings, WorkerConfig
from vrdata.model import Model
from vrdata.plan.catalogue import GeneratorName
from vrdata.plan.pipelines import PipelineSource
from vrdata.text import shorten, tail

VARIABLE: Final = "VRDATA_TASK"
INDEX_VARIABLE: Final = "JOB_COMPLETION_INDEX"  # set by the Job controller
WAIT_VARIABLE: Final = "VRDATA_WAIT_SECONDS"  # that finalisation waits for the last shards
GENERATORS_VARIABLE: Final = "VRDATA_GENERATORS"  # set by the image: the folder of its generators
TERMINATION_LOG: Final = "/dev/termination-log"
TERMINATION_BYTES: Final = 4096  # Kubernetes keeps no more of a termination message


class ShardPod(Model):
    """Generate the shard of a wave that JOB_COMPLETION_INDEX selects."""

    config: WorkerConfig
    wave: int = Field(ge=0)


class IndexPod(Model):
    """Write the index of the generator whose position in the plan is JOB_COMPLETION_INDEX."""

    config: WorkerConfig


class FinalisePod(Model):
    """Finish a run whose shards are all committed."""

    config: WorkerConfig
    max_failed_samples: int = Field(default=0, ge=0)


class DescribePod(Model):
    """Store the catalogue of this image.

    Attributes:
        image_digest: `sha256:…`; part of the key of the stored catalogue.
        catalogue: a catalogue file of the image; empty = the image's own.
    """

    store: StoreSettings
    image_digest: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    catalogue: str = ""


class ResolvePod(Model):
    """Pin the sources of a run: store the lists of their items, and `_vrdata/sources.json`.

    Attributes:
        prefix: the run's part of the store, `{namespace}/{run}/` below the root.
        spec: of the run, with the generators that have a source.
        places: what the pipelines of the run read.
        room: scratch space for the items of a block, in bytes; 0 = it is not known.
    """

    store: StoreSettings
    prefix: str
    spec: GenerationRunSpec
    places: dict[GeneratorName, tuple[PipelineSource, ...]] | None = None
    room: int = 0


class PodTask(Model):
    """Exactly one of five tasks."""

    shard: ShardPod | None = None
    index: IndexPod | None = None
    finalise: FinalisePod | None = None
    describe: DescribePod | None = None
    resolve: ResolvePod | None = None


def termination_message(failure: Failure) -> str:
    """The failure as JSON of at most TERMINATION_BYTES: texts are shortened until it fits."""
    text, limit = _json(failure), TERMINATION_BYTES
    while len(text.encode()) > TERMINATION_BYTES:  # one byte of text may be six in JSON
        limit = limit * 3 // 4
        texts = {
            "message": shorten(failure.message, limit),
            "traceback": tail(failure.traceback, limit // 4),
        }
        text = _json(failure.model_copy(update=texts))
    return text


def _json(failure: Failure) -> str:
    return failure.to_json().decode()


def read_termination_message(text: str) -> Failure | None:
    """The failure of a termination message; None for another text, for example the log's end.

    A generator may have written the text: only its shape is trusted.
    """
    try:
        return Failure.model_validate_json(text)
    except ValueError:
        return None


def termination_text(text: str) -> str:
    """What to show of a termination message: the failure's message, or another text.

    A container that is killed leaves the end of its log: messages of the worker, which say nothing
    about the kill, and perhaps other lines. The first line may be cut.
    """
    failure = read_termination_message(text)
    if failure is not None:
        return failure.message
    lines = text.splitlines()
    others = [line for line in lines if not _is_of_a_worker(line)]
    if len(others) < len(lines) and others and others[0] is lines[0] and others[0].endswith("}"):
        del others[0]
    return "\n".join(others).strip()


def _is_of_a_worker(line: str) -> bool:
    try:
        MESSAGE.validate_json(line)
    except ValueError:
        return False
    return True
