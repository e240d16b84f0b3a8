"""A failure and its record: written by the worker, read by everyone else. Pure.

The same JSON is the worker's message, the pod's termination message and the object in the store.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    TypeAdapter,
    computed_field,
)

from vrdata.contract.reasons import FailureReason, parse_reason
from vrdata.contract.retries import Retry
from vrdata.model import API_VERSION, Model
from vrdata.plan.planned import Shard
from vrdata.text import printable, shorten, tail

MAX_MESSAGE_BYTES = 8192
MAX_TRACEBACK_BYTES = 2000
MAX_SAMPLE = 2**53 - 1  # the largest integer that every JSON reader represents exactly

_OBJECT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


def _reason(value: object) -> object:
    """A reason of another version of vrdata is Unknown; what is not a text is an error."""
    return parse_reason(value) if isinstance(value, str) else value


def _retry(value: object) -> object:
    """A value that this version of vrdata does not know is read as the default."""
    return value if value in set(Retry) else Retry.USEFUL


def _message(text: str) -> str:
    return shorten(printable(text), MAX_MESSAGE_BYTES)


def _traceback(text: str) -> str:
    return tail(printable(text), MAX_TRACEBACK_BYTES)


class Failure(Model, extra="ignore"):
    """Why something failed. All texts are printable and of bounded size.

    Attributes:
        message: one or more lines for the user; may hold text of the generator.
        sample: global index of the first failed sample, if it is known.
        traceback: the end of the generator's traceback, or "".
        retry: what another attempt can change.
        lost_seconds: that the sample took until it failed, and the search for it; None = unknown.
    """

    reason: Annotated[FailureReason, BeforeValidator(_reason)]
    message: Annotated[str, AfterValidator(_message)] = ""
    sample: int | None = Field(default=None, ge=0, le=MAX_SAMPLE)
    traceback: Annotated[str, AfterValidator(_traceback)] = ""
    retry: Annotated[Retry, BeforeValidator(_retry)] = Retry.USEFUL
    lost_seconds: float | None = Field(default=None, ge=0)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def exit_code(self) -> int:
        """The exit code of a worker that ends for this reason."""
        return int(self.reason.exit)

    def of(self, shard: Shard, attempt: int, run: str = "") -> FailureRecord:
        """The record of a shard's attempt that failed so.

        Args:
            shard: the shard.
            attempt: number of the attempt, from 0.
            run: UID of the GenerationRun that asked for it; empty for a local run.
        """
        return FailureRecord(
            generator=shard[0],
            shard=shard[1],
            attempt=attempt,
            run=run,
            reason=self.reason,
            message=self.message,
            sample=self.sample,
            traceback=self.traceback,
            retry=self.retry,
            lost_seconds=self.lost_seconds,
        )


class FailureRecord(Failure):
    """One failed attempt of one shard.

    Attributes:
        run: UID of the GenerationRun that asked for it; empty for a local run.
    """

    api_version: Literal["vrdata.dev/v1alpha1"] = API_VERSION
    kind: Literal["ShardFailure"] = "ShardFailure"
    generator: str
    shard: int
    attempt: int
    run: str = ""

    @property
    def key(self) -> Shard:
        """The shard."""
        return Shard(self.generator, self.shard)

    @classmethod
    def read(cls, body: bytes, shard: Shard, attempt: int) -> Self:
        """A stored record.

        Args:
            body: its JSON, of this version or an earlier one.
            shard: the shard that its key names; the key wins over the record.
            attempt: the attempt that its key names.

        Raises:
            ValueError: not a record.
        """
        identity = {"generator": shard[0], "shard": shard[1], "attempt": attempt}
        return cls.model_validate(_OBJECT.validate_json(body) | identity)


class DamageRecord(Model, extra="ignore"):
    """A committed shard whose data finalisation found damaged.

    Attributes:
        what: the object, and what is wrong with it.
    """

    api_version: Literal["vrdata.dev/v1alpha1"] = API_VERSION
    kind: Literal["ShardDamage"] = "ShardDamage"
    generator: str
    shard: int
    what: str


class DifferenceRecord(Model, extra="ignore"):
    """An attempt that generated other bytes than the stored ones.

    Attributes:
        object: key of the data object.
    """

    api_version: Literal["vrdata.dev/v1alpha1"] = API_VERSION
    kind: Literal["ShardDifference"] = "ShardDifference"
    generator: str
    shard: int
    attempt: int
    object: str
