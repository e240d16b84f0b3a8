"""Catalogue entries of the first-party generators, as plain values."""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from importlib import util
from pathlib import Path
from typing import Any

from vrdata_generators.builtin.modules import MODULES

# CPU seconds, peak bytes and bytes of one sample: benchmarks/measure_builtin.py prints them.
MEASURED: dict[str, tuple[float, int, int]] = {
    "O-maze": (0.19, 98_000_000, 49_000),
    "O-sliding-tiles": (0.26, 74_000_000, 106_000),
    "O-sudoku-step": (0.19, 95_000_000, 95_000),
    "G-bouncing-balls": (0.22, 72_000_000, 187_000),
    "G-pendulum": (0.15, 73_000_000, 96_000),
    "G-occlusion": (0.18, 71_000_000, 65_000),
}


def builtin_entries() -> list[dict[str, Any]]:
    """One entry for each generator, with the field names of the catalogue file."""
    return [_entry(name, module) for name, module in sorted(MODULES.items())]


def _entry(name: str, module: str) -> dict[str, Any]:
    seconds, memory, size = MEASURED[name]
    return {
        "name": name,
        "class": name[0],
        "kind": "builtin",
        "digest": f"sha256:{_digest(module)}",
        "mode": "stream",
        "flags": {"samples": "", "output": "", "seed": ""},
        "blockSize": 10,
        "acceleration": {"enabled": False, "reason": "uses the fast encoders directly"},
        "measured": {
            "secondsPerSample": seconds,
            "peakMemoryBytes": memory,
            "bytesPerSample": size,
        },
        "license": "Apache-2.0",
    }


def _digest(module: str) -> str:
    """sha256 over the sources that decide a generator's pixels: its own and what it imports."""
    digest = hashlib.sha256()
    for source in sorted(_sources(module, {})):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()


def _sources(module: str, seen: dict[str, Path]) -> list[Path]:
    """Files of a module and of the modules of this package that it imports, without running it."""
    spec = util.find_spec(module)
    if spec is None or spec.origin is None or module in seen:
        return list(seen.values())
    seen[module] = Path(spec.origin)
    for imported in _imports(seen[module]):
        _sources(imported, seen)
    return list(seen.values())


@cache
def _imports(source: Path) -> tuple[str, ...]:
    """Modules of this package that a file imports; several generators share most of them."""
    return tuple(
        node.module
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.ImportFrom)
        and node.module is not None
        and node.module.startswith("vrdata_generators.")
    )
