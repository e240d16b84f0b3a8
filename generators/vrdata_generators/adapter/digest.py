"""The digest of a generator, over everything in it that can change a byte of its samples."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib import util
from pathlib import Path


def files_digest(root: Path) -> str:
    """Hex sha256 over the sorted relative paths and the contents of all files in `root`."""
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*"), key=lambda path: path.relative_to(root).as_posix()):
        if path.is_file() and "__pycache__" not in path.parts:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            digest.update(f"{path.relative_to(root).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()


def generator_digest(files: str, versions: Iterable[str]) -> str:
    """`sha256:…` over a files digest and the exact versions of an environment.

    Args:
        files: from files_digest.
        versions: `name==version` of every distribution of the environment, in any order.
    """
    lines = "\n".join(sorted(versions))
    return "sha256:" + hashlib.sha256(f"files {files}\n{lines}\n".encode()).hexdigest()


def library_digest() -> str:
    """16 hex digits over the modules of vrdata_generators that a generator may import.

    This excludes the first-party generators in `builtin/`, which no other generator imports.
    """
    spec = util.find_spec("vrdata_generators")
    if spec is None or spec.origin is None:
        raise RuntimeError("package vrdata_generators is not installed")
    digest = hashlib.sha256()
    for path in sorted(Path(spec.origin).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
