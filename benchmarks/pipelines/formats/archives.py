"""Zip archives with the same bytes at every call."""

from __future__ import annotations

import zipfile


def add_member(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Add a compressed file without its time."""
    archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
