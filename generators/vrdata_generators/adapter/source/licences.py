"""The SPDX name of a generator's licence, guessed from its licence file."""

from __future__ import annotations

import re
from pathlib import Path

from vrdata.text import decode, printable_line

_MAX_BYTES = 65_536
_FILES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "COPYING")
# The first match wins; each run of white space in the text counts as one space.
_KNOWN = (
    (r"Attribution-NonCommercial-ShareAlike 4\.0", "CC-BY-NC-SA-4.0"),
    (r"Attribution-NonCommercial 4\.0", "CC-BY-NC-4.0"),
    (r"Attribution-ShareAlike 4\.0", "CC-BY-SA-4.0"),
    (r"Attribution 4\.0 International", "CC-BY-4.0"),
    (r"Apache License.{0,20}Version 2\.0", "Apache-2.0"),
    (r"GNU AFFERO GENERAL PUBLIC LICENSE", "AGPL-3.0"),
    (r"GNU LESSER GENERAL PUBLIC LICENSE", "LGPL-3.0"),
    (r"GNU GENERAL PUBLIC LICENSE.{0,20}Version 3", "GPL-3.0"),
    (r"Redistributions in binary form.*Neither the name", "BSD-3-Clause"),
    (r"Redistributions in binary form", "BSD-2-Clause"),
    (r"MIT License|Permission is hereby granted, free of charge", "MIT"),
)


def licence_of(root: Path) -> str:
    """SPDX name of a folder's licence, the file's first line if unknown, or "" without one."""
    for name in _FILES:
        path = root / name
        if path.is_file():
            with path.open("rb") as file:
                return guess(decode(file.read(_MAX_BYTES), "replace"))
    return ""


def guess(text: str) -> str:
    """SPDX name of a licence text, or its first line (at most 80 characters)."""
    flat = re.sub(r"\s+", " ", text)
    for pattern, spdx in _KNOWN:
        if re.search(pattern, flat, re.IGNORECASE):
            return spdx
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first = lines[0][:80] if lines else ""
    return printable_line(first)


def forbids_commercial_use(licence: str) -> bool:
    """True for the Creative Commons licences with NonCommercial terms."""
    return licence.startswith("CC-BY-NC")
