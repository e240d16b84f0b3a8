"""Names of a sample's files: valid, distinct for every reader, and not parsed by any. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator

from vrdata_child.sample.invalid import SampleInvalidError

REQUIRED = ("first_frame.png", "prompt.txt")
METADATA = "metadata.json"
ROWS = "rows.arrow"
"""The rows of a converter's item; they replace the files of a sample."""

COLUMNS = "columns.arrow"
"""Rows without a row, in the folder of a template: the columns that its converter declares."""

KNOWN = "known"  # in the folder of a block: its known sample has the same bytes again
WELL_KNOWN = (*REQUIRED, METADATA, "final_frame.png")
_IMAGES = "bmp gif jpeg jpg pbm pgm png pnm ppm tif tiff webp"
IMAGES = frozenset(_IMAGES.split())
"""Image file endings that readers decode with Pillow."""

SAFE_DOMAIN = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}"
"""The names of domains, as a regular expression."""

_MAX_DOMAIN = 100
_NOT_IN_DOMAINS = re.compile(r"[^A-Za-z0-9_.-]+")
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}(\.[A-Za-z0-9_-]{1,16}){1,3}")
_JSON = frozenset({"jsn", "json"})
# Endings that WebDataset or Hugging Face `datasets` parse, unpickle, decompress or open as an
# image; a reader then fails, or does not return the bytes.
_VALUES = "cls cls2 id index inx pickle pkl pyd pth cbor mp msg npy npz tb ten"
_COMPRESSED = "bz2 gz lz4 xz zst"
_OTHER_IMAGES = (
    "apng blp bufr bw cur dcx dds dib emf eps fit fits flc fli ftc ftu gbr grib h5 hdf icb icns"
    " ico iim im j2c j2k jfif jp2 jpc jpe jpf jpx mpeg mpg msp pcd pcx ps psd pxr ras rgb rgba sgi"
    " tga vda vst wmf xbm xpm"
)
_PARSED = frozenset(f"{_VALUES} {_COMPRESSED} {_OTHER_IMAGES}".split())


def required(*, rows: bool) -> tuple[str, ...]:
    """The files that a generator writes for a sample, or for the rows of an item."""
    return (ROWS,) if rows else REQUIRED


def ending(name: str) -> str:
    """What follows the last dot of a file name, in lower case."""
    return name.rpartition(".")[2].lower()


def stored_name(name: str) -> str:
    """The name under which a file is stored, with unchanged bytes.

    A file that readers would parse because of its ending gets another one: JSON other than
    metadata.json is read as text, everything else as bytes.
    """
    last = ending(name)
    if last in _JSON and name != METADATA:
        return f"{name}.txt"
    return f"{name}.bin" if last in _PARSED else name


def domain_of(text: str) -> str:
    """A text as a domain: other characters become `_`; "" if none is left."""
    if re.fullmatch(SAFE_DOMAIN, text):
        return text
    return _NOT_IN_DOMAINS.sub("_", text).strip("_.-")[:_MAX_DOMAIN].rstrip("_.-")


def metadata_of(names: Iterable[str]) -> str:
    """The stored file that is a sample's metadata, "" if there is none or it is not certain.

    It is metadata.json, otherwise the only file like question_metadata.json.
    """
    found = [name for name in names if name.removesuffix(".txt").lower().endswith(METADATA)]
    return METADATA if METADATA in found else found[0] if len(found) == 1 else ""


def check_names(names: Iterable[str], *, rows: bool = False) -> None:
    """Check the names of a sample's files.

    Args:
        names: of the files.
        rows: they are the rows of an item; otherwise no file may have their name.

    Raises:
        SampleInvalidError: a name is not allowed, or a reader cannot tell two of them apart.
    """
    given = sorted(names)
    for name in given:
        if name.lower() == ROWS and not rows:
            why = f"only a converter with a schema writes {ROWS}; choose another name"
            raise SampleInvalidError("UnsafeFile", why)
        if not _SAFE_NAME.fullmatch(name):
            raise SampleInvalidError("UnsafeFile", f"{name!r} is not a valid file name")
    # metadata.json is always stored, and the others have a meaning in this spelling only.
    seen = {known.lower(): known for known in WELL_KNOWN}
    originals: dict[str, str] = {}
    for name, stored in _stored(given):
        known = seen.setdefault(stored.lower(), stored)
        if known != stored:
            raise _collision(name, known)
        if stored in originals:
            raise SampleInvalidError(
                "UnsafeFile", f"{originals[stored]!r} and {name!r} are both stored as {stored!r}"
            )
        originals[stored] = name


def _stored(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        yield name, name if name.lower() == METADATA else stored_name(name)


def _collision(name: str, known: str) -> SampleInvalidError:
    return SampleInvalidError(
        "UnsafeFile",
        f"the names {name!r} and {known!r} differ only in upper and lower case,"
        " which some readers and file systems ignore; rename one",
    )


def digest_of(files: Iterable[tuple[str, str]]) -> str:
    """One digest of a sample's files, each given as name and sha256."""
    lines = "".join(f"{name} {sha256}\n" for name, sha256 in sorted(files))
    return hashlib.sha256(lines.encode()).hexdigest()
