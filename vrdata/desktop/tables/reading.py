"""Read the folder of a `Dataset` or `DatasetDict`, also one that `datasets` wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from vrdata.desktop.tables.writing import DICT_FILE, INFO_FILE, STATE_FILE
from vrdata.errors import InvalidInputError, NotFoundError

ONLY_SPLIT = "train"
"""The name of the split of a folder that has only one and does not name it."""


@dataclass(frozen=True)
class Split:
    """One split of a stored dataset.

    Attributes:
        name: such as `train`.
        files: its Arrow files, in order.
        schema: of its rows.
        description: what its `dataset_info.json` says.
    """

    name: str
    files: tuple[Path, ...]
    schema: pa.Schema
    description: str

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows, a batch at a time.

        Raises:
            InvalidInputError: a file is damaged.
        """
        for path in self.files:
            with _stream(path) as stream:
                if not stream.schema.equals(self.schema):
                    raise _damaged(path, ValueError(f"its columns differ from {self.files[0]}"))
                while (batch := _next(stream, path)) is not None:
                    yield batch


def open_splits(folder: Path, columns: pa.Schema) -> tuple[Split, ...]:
    """The splits of a dataset.

    Args:
        folder: as `save_to_disk` wrote it.
        columns: that each split must have; other columns are allowed.

    Raises:
        NotFoundError: there is no dataset.
        InvalidInputError: it is damaged, or a column is missing.
    """
    if (folder / DICT_FILE).is_file():
        names = [str(name) for name in _list(folder / DICT_FILE, "splits")]
        for name in names:
            _check_name(folder / DICT_FILE, name)
        if len({*names}) < len(names):
            raise InvalidInputError(
                f"{folder / DICT_FILE} names a split twice", fix="write the dataset again"
            )
        splits = [_split(folder / name, name) for name in names]
        if not splits:
            raise InvalidInputError(f"{folder} has no splits", fix="write the dataset again")
    elif (folder / STATE_FILE).is_file():
        name = str(_json(folder / STATE_FILE).get("_split") or ONLY_SPLIT)
        _check_name(folder / STATE_FILE, name)
        splits = [_split(folder, name)]
    else:
        raise NotFoundError(
            f"there is no dataset in {folder}",
            why=f"it has neither {DICT_FILE} nor {STATE_FILE}",
            fix="name the --output_dir of the previous stage",
        )
    for split in splits:
        _check_columns(folder, split, columns)
    return tuple(splits)


def _check_name(path: Path, name: str) -> None:
    """Refuse a name of a split that is no name of a folder: the next stage creates one of it."""
    if Path(name).name != name or name in {"", ".."} or "\0" in name:
        raise InvalidInputError(
            f"{path} names the split {name!r}",
            why="a split is a folder in the dataset",
            fix="write the dataset again",
        )


def _split(folder: Path, name: str) -> Split:
    listed = _list(folder / STATE_FILE, "_data_files")
    named = [str(one.get("filename", "")) if isinstance(one, dict) else "" for one in listed]
    names = [Path(one).name for one in named]
    files = tuple(folder / one for one in names)
    if not files:
        raise InvalidInputError(f"{folder} has no data files", fix="write the dataset again")
    with _stream(files[0]) as stream:
        schema = stream.schema
    try:
        str(schema)
    except UnicodeDecodeError as error:  # the name of a column
        raise _damaged(files[0], error) from error
    info = _json(folder / INFO_FILE) if (folder / INFO_FILE).is_file() else {}
    return Split(name, files, schema, str(info.get("description") or ""))


def _check_columns(folder: Path, split: Split, columns: pa.Schema) -> None:
    for field in columns:
        at = split.schema.get_field_index(field.name)
        if at < 0 or split.schema.field(at).type != field.type:
            found = "missing" if at < 0 else f"of type {split.schema.field(at).type}"
            raise InvalidInputError(
                f"split {split.name} of {folder} cannot be used",
                why=f"its column {field.name} ({field.type}) is {found}",
                fix="name the --output_dir of the previous stage of `vrdata desktop`",
            )


def _stream(path: Path) -> pa.RecordBatchStreamReader:
    try:
        # In this thread, from a file that Python does not own: see vrdata/parquet.py.
        options = pa.ipc.IpcReadOptions(use_threads=False)
        return pa.ipc.open_stream(pa.OSFile(str(path), "rb"), options=options)
    except FileNotFoundError:
        raise InvalidInputError(f"{path} is missing", fix="write the dataset again") from None
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise _damaged(path, error) from error


def _next(stream: pa.RecordBatchStreamReader, path: Path) -> pa.RecordBatch | None:
    try:
        batch = stream.read_next_batch()
        batch.validate(full=True)  # damaged offsets would end the process
    except StopIteration:
        return None
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error
    return batch


def _damaged(path: Path, error: Exception) -> InvalidInputError:
    return InvalidInputError(
        f"{path} is damaged", why=str(error).partition("\n")[0], fix="write the dataset again"
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text())
    except FileNotFoundError:
        raise InvalidInputError(f"{path} is missing", fix="write the dataset again") from None
    except (ValueError, RecursionError) as error:
        raise _damaged(path, error) from error
    return value if isinstance(value, dict) else {}


def _list(path: Path, name: str) -> list[Any]:
    value = _json(path).get(name)
    return value if isinstance(value, list) else []
