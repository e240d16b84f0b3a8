"""The writer of a shard: for samples, or for rows with the columns that a converter declares."""

from __future__ import annotations

import hashlib
from pathlib import Path

from vrdata.dataset.formats.base import Format, ShardPlace, ShardWriter, SourceFile
from vrdata.errors import InvalidInputError
from vrdata_child.sample.names import COLUMNS
from vrdata_worker.child.template import GeneratorTemplate
from vrdata_worker.untrusted.folders import tail_of

MAX_BYTES = 2 * 2**20


def open_writer(
    form: Format, template: GeneratorTemplate, scratch: Path, shard: ShardPlace
) -> ShardWriter:
    """Open the writer of a shard.

    Args:
        form: the output format.
        template: of the generator, started.
        scratch: the shard's private folder.
        shard: its place.

    Raises:
        InvalidInputError: the columns of the rows cannot be used, or the format has no rows.
        OSError: a file cannot be written.
    """
    if not template.launch.rows:
        return form.open_writer(scratch, shard)
    body = tail_of(template.folder / COLUMNS, MAX_BYTES + 1)
    if not 0 < len(body) <= MAX_BYTES:
        what = f"the columns of the rows have {len(body)} bytes"
        raise InvalidInputError(what, why=f"at most {MAX_BYTES} are accepted")
    path = scratch / COLUMNS
    path.write_bytes(body)
    columns = SourceFile(COLUMNS, path, len(body), hashlib.sha256(body).hexdigest())
    return form.open_rows_writer(scratch, shard, columns)
