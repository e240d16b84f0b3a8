"""Check the packets of a generator's processes (docs/child-protocol.md). Pure."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from vrdata.text import head, printable_line
from vrdata_child.sample.invalid import SampleInvalidError
from vrdata_child.sample.names import (
    METADATA,
    ROWS,
    SAFE_DOMAIN,
    check_names,
    required,
    stored_name,
)

MAX_FILES = 65  # including metadata.json
MAX_BYTES = 2**30  # of a sample
MAX_COUNT = 2**53 - 1
MAX_SIDE = 2**16
MAX_ITEM = 300  # characters
_MAX_WHY = 300

Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Hashes = Annotated[dict[str, Hash], Field(max_length=MAX_FILES)]
Name = Annotated[str, Field(max_length=200)]
Process = Annotated[int, Field(ge=2, le=2**31 - 1)]
Signal = Annotated[int, Field(ge=1, le=64)]


class MalformedPacketError(ValueError):
    """A packet that vrdata's own code does not send; the text says why."""


class _Fields(BaseModel):
    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        alias_generator=to_camel,
    )


class _Raised(_Fields):
    reason: Name
    message: str
    traceback: str = ""


class _File(_Fields):
    name: Name
    size: Annotated[int, Field(ge=0, le=MAX_BYTES)]
    sha256: Hash


class _Video(_Fields):
    name: Name
    frames: Annotated[int, Field(ge=1, le=MAX_COUNT)]
    fps: Annotated[float, Field(ge=0)]
    width: Annotated[int, Field(ge=1, le=MAX_SIDE)]
    height: Annotated[int, Field(ge=1, le=MAX_SIDE)]
    encoder: Annotated[str, Field(max_length=2000)]


class _Beside(_Fields):
    files: Count
    examples: Annotated[list[str], Field(max_length=10)]


class _Closed(_Fields, extra="allow"):
    event: Literal["closed"]
    pid: Process


class _Refused(_Fields, extra="allow"):
    event: Literal["refused"]
    what: str
    program: str
    count: Count


class _Signalled(_Fields):
    event: Literal["signalled"]
    pid: Process | None
    signal: Signal


class _Ready(_Fields):
    event: Literal["ready"]


class _Broken(_Fields):
    event: Literal["broken"]
    error: _Raised


class _Started(_Fields):
    event: Literal["started"]
    block: Count
    pid: Process


class _Exit(_Fields):
    event: Literal["exit"]
    block: Count
    code: Annotated[int, Field(ge=0, le=255)] | None
    signal: Signal | None
    peak_memory_bytes: Count
    cpu_seconds: Annotated[float, Field(ge=0)]


class _Failed(_Raised):
    event: Literal["invalid"]
    block: Count
    position: Count


class _End(_Fields):
    event: Literal["end"]
    block: Count
    error: _Raised | None
    reported: Count
    failed: Annotated[list[Count], Field(min_length=2, max_length=2)] | None
    streamed: bool
    sequential: bool
    dependent: bool = False
    beside: _Beside

    @field_validator("failed")
    @classmethod
    def _in_order(cls, failed: list[int] | None) -> list[int] | None:
        if failed and failed[0] > failed[1]:
            raise ValueError("the first is after the last")
        return failed


class _Sample(_Fields):
    event: Literal["sample"]
    block: Count
    position: Count
    folder: str
    id: str
    domain: Annotated[str, Field(pattern=f"^{SAFE_DOMAIN}$")]
    files: Annotated[list[_File], Field(max_length=MAX_FILES)]
    video: _Video | None
    content: Hash | Literal[""]
    param_hash: str
    item: Annotated[str, Field(max_length=MAX_ITEM)] = ""
    notes: Annotated[list[str], Field(max_length=1000)]
    frames: Hashes
    own: Hashes

    @field_validator("files")
    @classmethod
    def _can_be_stored(cls, files: list[_File]) -> list[_File]:
        names = [file.name for file in files]
        if len(set(names)) < len(names):
            raise ValueError("two files have the same name")
        rows = ROWS in names
        needed = (*required(rows=rows), METADATA)
        if not set(needed) <= set(names):
            raise ValueError(f"one of {', '.join(needed)} is missing")
        try:
            check_names(names, rows=rows)
        except SampleInvalidError as error:
            raise ValueError(error.message) from None
        if other := [name for name in names if stored_name(name) != name]:
            raise ValueError(f"{other[0]} is not the name of a stored file")
        if sum(file.size for file in files) > MAX_BYTES:
            raise ValueError(f"the files have more than {MAX_BYTES} bytes")
        return files

    @property
    def rows(self) -> bool:
        """Whether it is the rows of an item."""
        return any(file.name == ROWS for file in self.files)

    @model_validator(mode="after")
    def _names_its_files(self) -> Self:
        used = {*self.frames, *self.own, *({self.video.name} if self.video else ())}
        if used - {file.name for file in self.files}:
            raise ValueError("a video is not one of its files")
        return self


_PACKET: TypeAdapter[_Fields] = TypeAdapter(
    Annotated[
        (_Closed | _Refused | _Signalled | _Ready | _Broken)
        | (_Started | _Exit | _Failed | _End | _Sample),
        Field(discriminator="event"),
    ]
)


def parse(body: bytes, *, rows: bool = False) -> dict[str, Any]:
    """The fields of a packet, each of the right type and within its limits.

    Args:
        body: the packet.
        rows: the sender is a converter that gives rows, and no samples.

    Raises:
        MalformedPacketError: it does not follow docs/child-protocol.md.
    """
    try:
        packet = _PACKET.validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        why = f"{place}: {first['msg']}" if place else first["msg"]
        raise MalformedPacketError(head(printable_line(why), _MAX_WHY)) from None
    if isinstance(packet, _Sample) and packet.rows != rows:
        raise MalformedPacketError(
            "a sample instead of rows" if rows else "rows instead of a sample"
        )
    return packet.model_dump(by_alias=True)
