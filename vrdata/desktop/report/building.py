"""Write the page about the sequences of a dataset."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from vrdata.dataset.report.publish import MARK, MEDIA, PAGE, Publisher, is_report
from vrdata.dataset.report.render import page_templates, static_files
from vrdata.desktop.cores.choices import EncoderName
from vrdata.desktop.pictures.loading import Pictures
from vrdata.desktop.report.choosing import choose, count_rows
from vrdata.desktop.report.model import Frame, Shown, shown
from vrdata.desktop.report.pictures import PictureFiles
from vrdata.desktop.stages.inputs import provenance_of
from vrdata.desktop.tables.reading import Split, open_splits
from vrdata.desktop.tables.schemas import SEQUENCES
from vrdata.errors import OutputConflictError, UsageError
from vrdata.store.file.store import FileStore

MAX_LIMIT = 500
STYLE = "sequences.css"
_UNFINISHED = MARK + b"\n<p>This report is not finished: run the command again.</p>\n"
_SHARED = ("icon.svg", "report.css")


@dataclass(frozen=True)
class Written:
    """A page.

    Attributes:
        page: the file.
        sequences: number of sequences that it shows.
        rows: number of sequences of each split.
        missing: pictures that could not be loaded.
        causes: why.
    """

    page: Path
    sequences: int
    rows: dict[str, int]
    missing: int
    causes: tuple[str, ...]


def write_report(
    source: Path, output: Path, *, limit: int, media_root: Path | None = None
) -> Written:
    """Write the page; that of an earlier report is replaced.

    Args:
        source: the dataset of stage 3.
        output: a folder: new, empty, or with a report.
        limit: most sequences that are shown.
        media_root: where relative paths of recordings start.

    Raises:
        UsageError: the limit is out of range.
        OutputConflictError: the folder has something else.
        NotFoundError, InvalidInputError: there is no dataset, or it cannot be used.
        OSError: a file cannot be read or written.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise UsageError(f"--limit {limit} is out of range", fix=f"use 1 to {MAX_LIMIT}")
    splits = open_splits(source, SEQUENCES)
    _check_output(output)
    rows = {split.name: count_rows(split) for split in splits}
    publisher = Publisher(FileStore(output.absolute()))
    pictures = PictureFiles(
        Pictures(max_items=0, media_root=media_root, on_missing="skip"),
        lambda name, body: publisher.put(f"{MEDIA}{name}", body),
    )
    encoder = _encoder(splits)
    found: list[tuple[Shown, list[tuple[Frame, str | None]]]] = []
    for one in choose(splits, list(rows.values()), limit):
        if not found and not is_report(output / PAGE):
            publisher.put(PAGE, _UNFINISHED)  # if the command ends early, it can be run again
        sequence = shown(one.split, one.number, one.row, encoder)
        found.append((sequence, list(zip(sequence.frames, pictures.names(sequence), strict=True))))
    for name, body in static_files().items():
        if name in _SHARED:
            publisher.put(name, body)
    publisher.put(STYLE, (files("vrdata.desktop.report") / "static" / STYLE).read_bytes())
    publisher.put(PAGE, _render(found, rows, pictures, encoder))
    publisher.remove_others()
    return Written(output / PAGE, len(found), rows, pictures.missing, tuple(pictures.causes))


def _render(
    found: list[tuple[Shown, list[tuple[Frame, str | None]]]],
    rows: dict[str, int],
    pictures: PictureFiles,
    encoder: str,
) -> bytes:
    environment = page_templates("vrdata.desktop.report")
    page = environment.get_template("sequences.html.j2").render(
        sequences=found,
        rows=rows,
        total=sum(rows.values()),
        missing=pictures.missing,
        causes=pictures.causes,
        encoder=encoder,
        media=MEDIA,
        style=STYLE,
    )
    return page.encode()


def _check_output(output: Path) -> None:
    if not output.exists() or is_report(output / PAGE):
        return
    if not output.is_dir() or any(output.iterdir()):
        raise OutputConflictError(
            f"{output} already exists",
            why="it is not a report",
            fix="name a new or empty folder with --output_dir",
        )


def _encoder(splits: tuple[Split, ...]) -> str:
    """The encoder that the dataset names; the first one, if it names none."""
    said: Any = provenance_of(splits)
    name = said.get("encoder") if isinstance(said, dict) else None
    return str(name) if name in set(EncoderName) else EncoderName.TEXTUAL.value
