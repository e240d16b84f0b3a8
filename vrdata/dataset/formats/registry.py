"""All output formats, by name."""

from __future__ import annotations

from vrdata.dataset.formats.base import Format
from vrdata.dataset.formats.files import FilesFormat
from vrdata.dataset.formats.parquet.format import ParquetFormat
from vrdata.dataset.formats.targz import TarGzFormat
from vrdata.dataset.formats.webdataset import WebDatasetFormat
from vrdata.model import OutputFormat

FORMATS: tuple[Format, ...] = (
    WebDatasetFormat(),
    TarGzFormat(),
    FilesFormat(),
    ParquetFormat(),
)
_BY_NAME = {each.name: each for each in FORMATS}


def format_of(name: OutputFormat) -> Format:
    """The format with this name."""
    return _BY_NAME[name]
