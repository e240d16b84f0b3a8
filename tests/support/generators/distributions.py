"""Write wheels and source archives for a test, into a folder that pip can use as its index."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

# A build backend without requirements: the module has what the code saw while it built the wheel.
BACKEND = """import json, os, zipfile
{look}
def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "{name}-{version}-py3-none-any.whl"
    di = "{name}-{version}.dist-info/"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as file:
        file.writestr("{name}.py", "SEEN = " + repr(look()))
        file.writestr(di + "METADATA", {head!r})
        file.writestr(di + "WHEEL", {tags!r})
        file.writestr(di + "RECORD", "")
    return name
"""
TAGS = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
PROJECT = """[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""


def write_wheel(
    folder: Path,
    name: str,
    version: str,
    files: Mapping[str, str] | None = None,
    requires: Sequence[str] = (),
) -> Path:
    """Write a wheel with these files; `{info}` in a name is its dist-info folder."""
    path, info = folder / f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {one}\n" for one in requires)
    with zipfile.ZipFile(path, "w") as file:
        for place, text in (files or {}).items():
            file.writestr(place.format(info=info), text)
        head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}"
        file.writestr(f"{info}/METADATA", head)
        file.writestr(f"{info}/WHEEL", TAGS)
        file.writestr(f"{info}/RECORD", "")
    return path


def write_source(folder: Path, name: str, version: str, look: str) -> Path:
    """Write a source archive without a wheel.

    Args:
        look: Python code that defines `look()`; its result is `SEEN` in the module `name`.
    """
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    backend = BACKEND.format(look=look, name=name, version=version, head=head, tags=TAGS)
    path = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for file, text in (
            ("PKG-INFO", head),
            ("pyproject.toml", PROJECT),
            ("backend.py", backend),
        ):
            data = text.encode()
            member = tarfile.TarInfo(f"{name}-{version}/{file}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path
