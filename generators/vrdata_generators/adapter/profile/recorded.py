"""What a sampler in a block has recorded; the generator can have written anything there. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from vrdata.errors import InvalidInputError
from vrdata.text import printable_line

MAX_BYTES = 32 * 2**20
_MAX_TEXT = 300
_MAX_NAMES = 100_000
_MAX_STACKS = 4000
_MAX_FRAMES = 80
_MAX_SECONDS = 10.0**6

Number = Annotated[int, Field(ge=0, lt=2**31)]
Nanoseconds = Annotated[int, Field(ge=0, le=10**15)]
Seconds = Annotated[float, Field(ge=0, le=_MAX_SECONDS)]
Text = Annotated[str, Field(max_length=_MAX_TEXT)]
_Place = Annotated[list[Number], Field(min_length=6, max_length=6)]
_Stack = tuple[Nanoseconds, Annotated[list[_Place], Field(max_length=_MAX_FRAMES)]]


class _Fields(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, alias_generator=to_camel
    )


class _Sampled(_Fields):
    cpu_seconds: Seconds = 0.0
    other_seconds: Seconds = 0.0
    samples: Number = 0
    names: Annotated[list[Text], Field(max_length=_MAX_NAMES)] = []
    stacks: Annotated[list[_Stack], Field(max_length=_MAX_STACKS)] = []

    @model_validator(mode="after")
    def _named(self) -> Self:
        known = len(self.names)
        if any(max(place[:2]) >= known for _, stack in self.stacks for place in stack):
            raise ValueError("a name is missing")
        return self


class _File(_Fields):
    start: _Sampled
    block: _Sampled


@dataclass(frozen=True, slots=True)
class Frame:
    """A function on a stack and the expression that it runs; all texts are printable.

    Attributes:
        span: first and last line, first and last column of the expression (Python's numbers).
    """

    file: str
    function: str
    line: int
    span: tuple[int, int, int, int] = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Stack:
    """CPU seconds of a stack; its innermost frame is the first."""

    seconds: float
    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was sampled.

    Attributes:
        cpu_seconds: of the process.
        other_seconds: of the processes that it started and that have ended.
        samples: how often its stacks were read.
    """

    cpu_seconds: float
    other_seconds: float
    samples: int
    stacks: tuple[Stack, ...]


def read(body: bytes) -> tuple[Recorded, Recorded]:
    """The start of a process, and a block, as its file has them.

    Raises:
        InvalidInputError: vrdata's own code did not write this file.
    """
    try:
        found = _File.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise InvalidInputError(
            "the block has no valid profile",
            why=printable_line(first["msg"], "?"),
            fix="the generator must not end or replace its own process, or use SIGPROF",
        ) from None
    return _recorded(found.start), _recorded(found.block)


def _recorded(found: _Sampled) -> Recorded:
    names = [printable_line(name, "?") for name in found.names]
    frames: dict[tuple[int, ...], Frame] = {}

    def frame(place: list[int]) -> Frame:
        key = tuple(place)
        if key not in frames:
            file, function, line, last, column, end = place
            frames[key] = Frame(names[file], names[function], line, (line, last, column, end))
        return frames[key]

    stacks = tuple(Stack(used / 1e9, tuple(map(frame, stack))) for used, stack in found.stacks)
    return Recorded(found.cpu_seconds, found.other_seconds, found.samples, stacks)
