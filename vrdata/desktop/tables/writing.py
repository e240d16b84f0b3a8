"""Write the folder of a `DatasetDict`: Arrow files and their descriptions, all or nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from vrdata.bounded.closing import Closing
from vrdata.desktop.tables.features import features_of, with_features
from vrdata.errors import OutputConflictError
from vrdata.model import canonical_json

BATCH_ROWS = 10_000
BATCH_BYTES = 8 * 2**20
FILE_BYTES = 500 * 10**6
DICT_FILE = "dataset_dict.json"
INFO_FILE = "dataset_info.json"
STATE_FILE = "state.json"


class SplitWriter(Closing):
    """The rows of one split; a batch of them is in memory.

    Args:
        folder: of the split; created.
        schema: of its rows.

    Attributes:
        rows: number of rows added.
    """

    def __init__(self, folder: Path, schema: pa.Schema, *, file_bytes: int = FILE_BYTES) -> None:
        folder.mkdir()
        self.rows = 0
        self._folder = folder
        self._schema = with_features(schema)
        self._file_bytes = file_bytes
        self._batch: list[Sequence[Any]] = []
        self._size = 0
        self._files = 0
        self._sink: pa.OSFile | None = None
        self._stream: pa.RecordBatchStreamWriter | None = None

    def close(self) -> None:
        """See `Closing.close`."""
        for one in (self._stream, self._sink):
            if one is not None:
                one.close()
        self._stream = self._sink = None

    def add(self, row: Sequence[Any], size: int) -> None:
        """Add a row: its values in the order of the columns, and about how many bytes they have.

        Raises:
            OSError: it cannot be written.
        """
        self._batch.append(row)
        self.rows += 1
        self._size += size
        if len(self._batch) >= BATCH_ROWS or self._size >= BATCH_BYTES:
            self._flush()

    def add_batch(self, batch: pa.RecordBatch) -> None:
        """Add rows with the columns of the schema. Raises OSError."""
        self._flush()
        self._write(batch.cast(self._schema))
        self.rows += batch.num_rows

    def end(self) -> None:
        """Write what is left, without a description. Raises OSError."""
        self._flush()
        if self._files == 0:
            self._open()
        self.close()

    def take(self, part: Path) -> None:
        """Move the rows of an ended writer to this one, and remove its folder. Raises OSError."""
        self._flush()
        options = pa.ipc.IpcReadOptions(use_threads=False)
        for path in sorted(part.glob("*.part")):
            with (
                pa.OSFile(str(path), "rb") as file,
                pa.ipc.open_stream(file, options=options) as stream,
            ):
                for batch in stream:
                    self._write(batch)
                    self.rows += batch.num_rows
        shutil.rmtree(part)

    def finish(self, description: str) -> None:
        """Write what is left, and the description of the split. Raises OSError."""
        self.end()
        names = [f"data-{n:05d}-of-{self._files:05d}.arrow" for n in range(self._files)]
        digest = hashlib.sha256()
        for number, name in enumerate(names):
            path = self._part(number).rename(self._folder / name)
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        info = {
            "citation": "",
            "description": description,
            "features": features_of(self._schema),
            "homepage": "",
            "license": "",
        }
        state: dict[str, Any] = {
            "_data_files": [{"filename": name} for name in names],
            "_fingerprint": digest.hexdigest()[:16],
            "_format_columns": None,
            "_format_kwargs": {},
            "_format_type": None,
            "_output_all_columns": False,
            "_split": self._folder.name,
        }
        _write_json(self._folder / INFO_FILE, info)
        _write_json(self._folder / STATE_FILE, state)

    def _part(self, number: int) -> Path:
        return self._folder / f"{number:05d}.part"

    def _open(self) -> pa.RecordBatchStreamWriter:
        if self._stream is None:
            self._sink = pa.OSFile(str(self._part(self._files)), "wb")
            self._stream = pa.ipc.new_stream(self._sink, self._schema)
            self._files += 1
        return self._stream

    def _flush(self) -> None:
        if not self._batch:
            return
        columns = [
            pa.array(values, type=field.type)
            for values, field in zip(zip(*self._batch, strict=True), self._schema, strict=True)
        ]
        self._write(pa.RecordBatch.from_arrays(columns, schema=self._schema))
        self._batch, self._size = [], 0

    def _write(self, batch: pa.RecordBatch) -> None:
        self._open().write_batch(batch)
        if self._sink is not None and self._sink.tell() >= self._file_bytes:
            self.close()


class DatasetWriter(Closing):
    """A new dataset; its folder appears when it is complete.

    Args:
        output: the folder.
        schema: of the rows of all splits.
        overwrite: replace an existing dataset.

    Raises:
        OutputConflictError: the folder exists and may not be replaced.
        OSError: it cannot be written.
    """

    def __init__(self, output: Path, schema: pa.Schema, *, overwrite: bool) -> None:
        _check_output(output, overwrite=overwrite)
        self._output = output
        self._schema = schema
        output.parent.mkdir(parents=True, exist_ok=True)
        self._draft = Path(tempfile.mkdtemp(prefix=f".{output.name}-", dir=output.parent))
        self._draft.chmod(0o755)
        self._parts = self._draft / "parts"
        self._splits: dict[str, SplitWriter] = {}

    def close(self) -> None:
        """See `Closing.close`; an unfinished dataset is removed."""
        for split in self._splits.values():
            split.close()
        shutil.rmtree(self._draft, ignore_errors=True)

    def split(self, name: str) -> SplitWriter:
        """The writer of a split, created at its first use."""
        if name not in self._splits:
            self._splits[name] = SplitWriter(self._draft / name, self._schema)
        return self._splits[name]

    def part(self, number: int) -> Path:
        """A place for rows that are taken later; its folder exists."""
        self._parts.mkdir(exist_ok=True)
        return self._parts / f"{number:06d}"

    def rows(self) -> dict[str, int]:
        """The number of rows of each split."""
        return {name: split.rows for name, split in self._splits.items()}

    def note(self, name: str, lines: Sequence[Mapping[str, Any]]) -> None:
        """Write a file of JSON lines beside the splits."""
        with (self._draft / name).open("wb") as file:
            file.writelines(canonical_json(line) + b"\n" for line in lines)

    def finish(self, provenance: Mapping[str, Any]) -> None:
        """Write the descriptions, and make the dataset appear.

        Args:
            provenance: JSON values; `info.description` of every split.

        Raises:
            OSError: it cannot be written.
        """
        shutil.rmtree(self._parts, ignore_errors=True)
        for split in self._splits.values():
            split.finish(canonical_json(provenance).decode())
        _write_json(self._draft / DICT_FILE, {"splits": list(self._splits)})
        if self._output.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{self._output.name}-", dir=self._output.parent))
            self._output.rename(old / "old")
            self._draft.rename(self._output)
            shutil.rmtree(old)
        else:
            self._draft.rename(self._output)


def _check_output(output: Path, *, overwrite: bool) -> None:
    if not output.exists() or (output.is_dir() and not any(output.iterdir())):
        return
    if overwrite and (output / DICT_FILE).is_file():
        return
    raise OutputConflictError(
        f"{output} already exists",
        why="it is not a dataset" if overwrite else "nothing is overwritten by default",
        fix="name another folder"
        + ("" if overwrite else ", or replace the dataset with --overwrite"),
    )


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
