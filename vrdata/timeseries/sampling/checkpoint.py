"""Where training goes on: one small JSON file, replaced atomically."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from pydantic import Field, ValidationError

from vrdata.errors import InvalidInputError, NotFoundError
from vrdata.model import Model

VERSION = 1
LARGEST = 64 * 1024  # bytes; a checkpoint has some hundred


class Checkpoint(Model):
    """A position in an epoch, and what its order depends on.

    Attributes:
        version: of this format.
        epoch: number of the epoch, from 0.
        next: how many indices of the epoch's order are done, on all ranks together.
        seed: of the order.
        shuffle: whether the order is a permutation; otherwise it is ascending.
        size: number of samples of the dataset.
        fingerprint: of the data; empty = not compared.
        world_size: ranks that were at work; another number may go on.
        batch_size: samples of one batch of one rank; another number may go on.
        blocks: digest of the blocks that are shuffled; empty = all indices together.
    """

    version: int = Field(default=VERSION, ge=1, le=VERSION)
    epoch: int = Field(ge=0)
    next: int = Field(ge=0)
    seed: int = Field(ge=0)
    shuffle: bool
    size: int = Field(ge=0)
    fingerprint: str = ""
    world_size: int = Field(ge=1)
    batch_size: int = Field(ge=1)
    blocks: str = ""


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Replace a file in one step: a reader, or a crash, finds the old or the new checkpoint.

    Raises:
        OSError: the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(checkpoint.to_json() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        NotFoundError: there is no such file.
        InvalidInputError: the file is not a checkpoint.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise NotFoundError(f"{path}: no such checkpoint") from error
    except OSError as error:
        raise InvalidInputError(f"{path}: cannot be read", why=str(error)) from error
    if len(content) > LARGEST or content.startswith(b"\x80"):
        raise InvalidInputError(
            f"{path}: not a checkpoint of vrdata",
            why="it is a pickle" if content.startswith(b"\x80") else "it is too large",
            fix="read a pickle of the former class with read_pickled_checkpoint",
        )
    try:
        return Checkpoint.model_validate(json.loads(content))
    except (ValidationError, ValueError, RecursionError) as error:
        raise InvalidInputError(
            f"{path}: not a checkpoint of vrdata",
            why=_reason(error),
            fix="remove the file to begin with the first epoch",
        ) from error


def _reason(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error) or type(error).__name__
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'content'}: {first['msg']}"
