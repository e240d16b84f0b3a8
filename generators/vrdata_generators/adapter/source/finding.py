"""Find the generators in a folder: `examples/generate.py`, or `generator.py` of our own API."""

from __future__ import annotations

import ast
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vrdata.errors import InvalidInputError, NotFoundError

MAX_DEPTH = 3
MAX_FOLDERS = 10_000
REPOSITORY_ENTRY = Path("examples") / "generate.py"
API_ENTRY = Path("generator.py")

Kind = Literal["repository", "api"]


@dataclass(frozen=True, slots=True)
class Found:
    """One generator's folder, and how it is run."""

    root: Path
    kind: Kind

    @property
    def entry(self) -> Path:
        """The script that makes samples."""
        return self.root / (REPOSITORY_ENTRY if self.kind == "repository" else API_ENTRY)


def find_generators(folder: Path) -> tuple[Found, ...]:
    """The generators at `folder`, or in its sub-folders down to MAX_DEPTH, sorted by path.

    A generator's own sub-folders are not searched.

    Raises:
        NotFoundError: there is no such folder.
        InvalidInputError: it holds no generator, or too many folders to search.
    """
    if not folder.is_dir():
        raise NotFoundError(f"{folder} is not a folder", fix="name a generator's folder or URL")
    found: list[Found] = []
    level = [folder]
    seen = 0
    for _ in range(MAX_DEPTH + 1):
        deeper: list[Path] = []
        for candidate in level:
            kind = kind_of(candidate)
            if kind is not None:
                found.append(Found(candidate, kind))
            else:
                deeper += _sub_folders(candidate)
        seen += len(deeper)
        if seen > MAX_FOLDERS:
            raise InvalidInputError(
                f"{folder} holds too many folders to search", fix="name the generator's own folder"
            )
        level = deeper
    if not found:
        raise InvalidInputError(
            f"{folder} holds no generator",
            why=f"there is no {REPOSITORY_ENTRY}, and no {API_ENTRY} that imports "
            f"vrdata_generators, down to {MAX_DEPTH} folders deep",
            fix="name the folder that holds one, or make one: `vrdata generators new NAME`",
        )
    return tuple(sorted(found, key=lambda one: one.root))


def kind_of(folder: Path) -> Kind | None:
    """What kind of generator a folder is, or None."""
    if (folder / REPOSITORY_ENTRY).is_file():
        return "repository"
    entry = folder / API_ENTRY
    return "api" if entry.is_file() and _uses_api(entry) else None


def _sub_folders(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        return [
            Path(entry.path)
            for entry in entries
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith((".", "__"))
        ]


def _uses_api(script: Path) -> bool:
    try:
        tree = ast.parse(script.read_bytes())
    except (SyntaxError, ValueError):
        return False
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        if any(name.partition(".")[0] == "vrdata_generators" for name in names):
            return True
    return False
