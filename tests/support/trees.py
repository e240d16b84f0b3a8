"""Write and read whole folders as `{relative path: bytes}`."""

from __future__ import annotations

from pathlib import Path


def write_tree(folder: Path, files: dict[str, bytes]) -> Path:
    """Write the files; returns the folder."""
    for name, body in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    return folder


def read_tree(folder: Path) -> dict[str, bytes]:
    """All files below the folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
