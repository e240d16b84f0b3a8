"""Detect the generators in a folder by their entry: a script, `generator.py` or `converter.py`."""

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
CONVERTER_ENTRY = Path("converter.py")

Kind = Literal["repository", "api", "converter", "pipeline"]
_ENTRIES: dict[Kind, Path] = {
    "repository": REPOSITORY_ENTRY,
    "api": API_ENTRY,
    "converter": CONVERTER_ENTRY,
    "pipeline": REPOSITORY_ENTRY,
}


@dataclass(frozen=True, slots=True)
class GeneratorFolder:
    """The folder of one generator, and its kind; `script`: of a pipeline."""

    root: Path
    kind: Kind
    script: str = ""

    @property
    def entry(self) -> Path:
        """The file that generates samples."""
        return self.root / (self.script or _ENTRIES[self.kind])


def find_generators(folder: Path) -> tuple[GeneratorFolder, ...]:
    """The generators in `folder` and its sub-folders down to MAX_DEPTH, sorted by path.

    The sub-folders of a generator are not searched.

    Raises:
        NotFoundError: the folder does not exist.
        InvalidInputError: it contains no generator, or too many folders to search.
    """
    if not folder.is_dir():
        raise NotFoundError(
            f"{folder} is not a folder", fix="name the folder or URL of a generator"
        )
    found: list[GeneratorFolder] = []
    level = [folder]
    seen = 0
    for _ in range(MAX_DEPTH + 1):
        deeper: list[Path] = []
        for candidate in level:
            kind = kind_of(candidate)
            if kind is not None:
                found.append(GeneratorFolder(candidate, kind))
            else:
                deeper += _sub_folders(candidate)
        seen += len(deeper)
        if seen > MAX_FOLDERS:
            raise InvalidInputError(
                f"{folder} has too many sub-folders to search",
                fix="name the folder of the generator",
            )
        level = deeper
    if not found:
        raise InvalidInputError(
            f"{folder} contains no generator",
            why=f"it has no {REPOSITORY_ENTRY}, and no {API_ENTRY} or {CONVERTER_ENTRY} that "
            f"imports vrdata_generators, down to {MAX_DEPTH} levels of sub-folders",
            fix="name another folder, or create a generator with `vrdata generators new NAME`",
        )
    return tuple(sorted(found, key=lambda one: one.root))


def kind_of(folder: Path) -> Kind | None:
    """The kind of generator in a folder, or None."""
    if (folder / REPOSITORY_ENTRY).is_file():
        return "repository"
    for kind in ("api", "converter"):
        entry = folder / _ENTRIES[kind]
        if entry.is_file() and _uses_api(entry):
            return kind
    return None


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
