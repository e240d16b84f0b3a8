"""Read `dataloader_ckpt.pkl` of the former class, without running code of the file."""

from __future__ import annotations

import io
import pickle
import pickletools
from pathlib import Path
from typing import Any

from vrdata.errors import InvalidInputError, NotFoundError

LARGEST = 1 << 20  # bytes; a checkpoint has about 30 000
INDEX = "dataloader_index"
_KEYS = frozenset({INDEX, "rng_state", "torch_rng_state"})
# The names in the state of NumPy's generator: an array of integers.
_ALLOWED = frozenset(
    {
        ("numpy", "dtype"),
        ("numpy", "ndarray"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy.core.numeric", "_frombuffer"),
        ("numpy._core.numeric", "_frombuffer"),
        ("_codecs", "encode"),
    }
)


def read_pickled_checkpoint(path: str | Path) -> int:
    """The number of batches that were done when the file was written.

    The former class stored the index of the last batch, from 0. The state of its random generators
    is not restored: it is that of the middle of an epoch, whose order cannot be computed from it.

    Raises:
        NotFoundError: there is no such file.
        InvalidInputError: the file is not such a checkpoint, or names other Python objects.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise NotFoundError(f"{path}: no such checkpoint") from error
    if len(content) > LARGEST:
        raise InvalidInputError(f"{path}: not a checkpoint: it is larger than {LARGEST} bytes")
    try:
        _check_sizes(content)
        state = _Restricted(io.BytesIO(content)).load()
    except Exception as error:  # a pickle can raise anything
        why = str(error) or type(error).__name__
        raise InvalidInputError(f"{path}: not a checkpoint that can be read", why=why) from error
    index = state.get(INDEX) if isinstance(state, dict) and state.keys() <= _KEYS else None
    if type(index) is not int or index < 0:
        raise InvalidInputError(f"{path}: not a checkpoint: it has no {INDEX}")
    return index + 1


class _Ignored:
    """Stands for an object of the file that is not needed."""

    def __init__(self, *_: object) -> None:
        """Take any arguments."""

    def __setstate__(self, _: object) -> None:
        """Take any state."""


class _Restricted(pickle.Unpickler):
    """Calls nothing that the file names."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is refused")
        return _Ignored


def _check_sizes(content: bytes) -> None:
    """Refuse a file of a few bytes that makes the unpickler allocate gigabytes.

    Raises:
        ValueError: a value is longer than the file, or a number of a remembered object is absurd.
    """
    for operation, argument, _ in pickletools.genops(content):  # compares lengths with the file
        if operation.name in {"PUT", "LONG_BINPUT"} and int(argument or 0) > len(content):
            raise ValueError(f"it remembers an object under the number {argument}")
