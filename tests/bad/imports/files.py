"""Files of this machine that are no dataset."""

from __future__ import annotations

import errno
import os
from typing import Any

from bad.imports.places import Case, Place, every, file, link, puzzle_file, table_file
from vrdata.store.file.store import FileStore

PARQUET = puzzle_file()
PAGE = b"<!DOCTYPE html><html><body>Sign in</body></html>"


def flipped(at: int) -> bytes:
    """The table with one byte changed."""
    body = bytearray(PARQUET)
    body[at] ^= 0xFF
    return bytes(body)


def forbid(place: Place) -> None:
    """Refuse to open the table, as for a user who may not read it: root may read all."""
    opened = FileStore._open

    def opening(store: FileStore, key: str) -> Any:
        if key == "puzzles.parquet":
            raise PermissionError(errno.EACCES, "Permission denied", key)
        return opened(store, key)

    place.patch.setattr(FileStore, "_open", opening)


FILES = {
    "missing file": Case("missing.parquet", 5, "unknown dataset missing.parquet"),
    "empty folder": Case("empty", 5, "empty", lambda place: (place.folder / "empty").mkdir()),
    "web page as Parquet": Case("page.parquet", 3, "page.parquet", file("page.parquet", PAGE)),
    "web page as Arrow": Case("page.arrow", 3, "page.arrow", file("page.arrow", PAGE)),
    "empty Parquet file": Case("empty.parquet", 3, "0 bytes", file("empty.parquet", b"")),
    "only the magic number of Parquet": Case(
        "x.parquet", 3, "x.parquet", file("x.parquet", "PAR1")
    ),
    "half a Parquet file": Case(
        "half.parquet", 3, "truncated", file("half.parquet", PARQUET[: len(PARQUET) // 2])
    ),
    "Parquet file without its last byte": Case(
        "cut.parquet", 3, "truncated", file("cut.parquet", PARQUET[:-1])
    ),
    "damaged footer of Parquet": Case(
        "bad.parquet", 3, "bad.parquet", file("bad.parquet", flipped(-40))
    ),
    "footer longer than the file": Case(
        "long.parquet", 3, "longer than the file", file("long.parquet", flipped(-5))
    ),
    "encrypted Parquet": Case(
        "secret.parquet", 3, "encrypted", file("secret.parquet", PARQUET[:-4] + b"PARE")
    ),
    "compressed table in another format": Case(
        "rows.csv.zip", 3, "unsupported compression", file("rows.csv.zip", b"PK")
    ),
    "damaged compressed table": Case(
        "rows.csv.gz", 3, "cannot be decompressed", file("rows.csv.gz", b"\x1f\x8b")
    ),
    "Parquet file without rows": Case(
        "none.parquet", 5, "no rows", file("none.parquet", puzzle_file(0))
    ),
    "CSV without rows": Case("head.csv", 5, "head.csv", file("head.csv", "image,prompt\n")),
    "CSV that is not UTF-8": Case(
        "latin.csv", 3, "not UTF-8", file("latin.csv", "image,prompt\nä,b\n".encode("latin-1"))
    ),
    "CSV with an open quote": Case(
        "quote.csv", 3, "not closed", file("quote.csv", 'image,prompt\n"a,b\n')
    ),
    "CSV with a column twice": Case(
        "twice.csv", 3, "'image' more than once", file("twice.csv", "image,image\na,b\n")
    ),
    "no column of images": Case(
        "text.parquet",
        3,
        "the columns are prompt",
        file("text.parquet", table_file({"prompt": "x"})),
    ),
    "unknown column": Case("puzzles.parquet --map final=solution", 3, "image, solution_image"),
    "unknown column of a CSV file": Case("table.csv --map final=end", 3, "image, prompt"),
    "unknown column with --format": Case(
        "puzzles.parquet --map final=solution --format tar", 3, "image, solution_image"
    ),
    "link to nothing": Case("link.parquet", 5, "link.parquet", link("link.parquet", "gone")),
    "link to itself": Case("link.parquet", 5, "link.parquet", link("link.parquet", "link.parquet")),
    "link out of the folder": Case(
        "pictures",
        3,
        "symbolic link",
        every(file("pictures/a.png", b"x"), link("pictures/b.png", "/etc/hostname")),
    ),
    "pipe as a table": Case(
        "pipe.parquet", 5, "regular file", lambda place: os.mkfifo(place.folder / "pipe.parquet")
    ),
    "pipe in a folder": Case(
        "pictures",
        3,
        "not a regular file",
        every(
            file("pictures/a.png", b"x"), lambda place: os.mkfifo(place.folder / "pictures/b.png")
        ),
    ),
    "tables beside images": Case(
        "mixed",
        3,
        "tables (mixed.csv)",
        every(file("mixed/mixed.csv", "image\na\n"), file("mixed/a.png", b"x")),
    ),
    "file that this user may not read": Case(
        "puzzles.parquet",
        5,
        "Permission denied",
        forbid,
    ),
    "device": Case("/dev/null", 5, "/dev/null"),
}
