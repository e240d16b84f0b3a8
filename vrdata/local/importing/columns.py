"""Check the columns of tables before an import converts their rows."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from vrdata.errors import InvalidInputError
from vrdata.local.run import Prepared
from vrdata.sources.opening import open_planned
from vrdata.sources.parts import stored_parts
from vrdata.sources.port import Part, Source
from vrdata.sources.staged import changed
from vrdata.sources.tables.formats import compression
from vrdata_generators.columns import chosen_columns

MAX_BYTES = 16 * 2**20  # of a table that cannot be read in part


def check_columns(prepared: Prepared, options: Mapping[str, str]) -> None:
    """Refuse a table without the columns that the import reads, with one small request.

    Columns of JSON Lines and Arrow files are checked row by row, when they are converted.

    Args:
        prepared: the run; a run that has committed a shard has passed this check.
        options: FIELD=COLUMN of the converter.

    Raises:
        InvalidInputError: a column is missing; the error lists those that exist.
        SourceChangedError, SourceAccessError, SourceUnavailableError: a table cannot be read.
    """
    if prepared.committed:
        return
    for planned in prepared.plan.generators:
        if planned.source is None:
            continue
        part = next(stored_parts(prepared.store, planned.name, planned.start, planned.stop))
        names = _columns(open_planned(planned.source), part)
        try:
            if names:
                chosen_columns(names, options)
        except ValueError as error:
            raise InvalidInputError(
                f"{planned.name}: {part.files[0].name} cannot be imported",
                why=str(error),
                fix="name the columns with --map FIELD=COLUMN, such as --map first=picture",
            ) from None


def _columns(source: Source, part: Part) -> list[str]:
    """The names of a table's columns, from its footer or header; [] = they are not known."""
    file = part.files[0]
    readable = part.format in {"parquet", "csv"} and not compression(file.name)
    if not readable or (not file.ranges and file.size > MAX_BYTES):
        return []
    if file.ranges:
        place = file.ranges[-1] if part.format == "parquet" else file.ranges[0]
        file = replace(file, ranges=(place,), digest="")
    some = replace(part, files=(file,))
    with tempfile.TemporaryDirectory(prefix="vrdata-columns-") as folder:
        source.stage(some, Path(folder))
        path = Path(folder) / file.name
        import pyarrow as pa  # noqa: PLC0415 - heavy

        try:
            return _names_in(path, part.format)
        except (pa.ArrowException, UnicodeDecodeError, csv.Error) as error:
            # It was a table when it was pinned.
            raise changed(part.files[0], str(error)) from None


def _names_in(path: Path, table_format: str) -> list[str]:
    if table_format == "csv":
        return next(csv.reader(io.StringIO(path.read_text("utf-8-sig"))), [])
    from vrdata.parquet import open_parquet  # noqa: PLC0415 - pulls in pyarrow

    with open_parquet(path) as table:
        return list(table.schema_arrow.names)
