"""Catalogue entries of converters: first-party, and of installed packages; none is imported.

A module of this package defines one converter: a class with a literal `name`, such as
`M-some-set` in `some_set.py`, and `MEASURED`, its literal figures.
"""

from __future__ import annotations

import ast
import hashlib
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, entry_points
from importlib.metadata import distribution as find_distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from vrdata_generators.builtin.catalogue import (
    Declaration,
    declarations,
    entry_of,
    sources_digest,
)

GROUP = "vrdata.converters"
"""The entry point group of installed packages; a converter's name is the entry point's."""

# What a converter may import, and what writes its images.
_API = tuple(f"vrdata_generators.{name}" for name in ("api", "columns", "images", "values"))


def converter_entries() -> list[dict[str, Any]]:
    """One entry for each converter, sorted by name, with the field names of the catalogue file.

    Raises:
        ValueError: two have the same name.
    """
    own = {one.name: _first_party(one) for one in declarations("converters")}
    for point in entry_points(group=GROUP):
        entry = _installed(point)
        if point.name in own:
            other = own[point.name].get("source", "vrdata")
            raise ValueError(f"{entry['source']} and {other} have the converter {point.name}")
        own[point.name] = entry
    return [own[name] for name in sorted(own)]


def _first_party(one: Declaration) -> dict[str, Any]:
    entry = entry_of(one, "converter", f"sha256:{sources_digest((one.module, *_API))}")
    source = _file_of(one.module)
    return entry | {"rows": source is not None and declares_rows(source)}


def _installed(point: EntryPoint) -> dict[str, Any]:
    package = point.dist
    source = _file_of(point.module)
    return {
        "name": point.name,
        "class": "M",
        "kind": "converter",
        "digest": f"sha256:{_digest(point, source)}",
        "sequential": True,
        "acceleration": {"enabled": False, "reason": "uses the fast encoders directly"},
        "rows": source is not None and declares_rows(source),
        "license": _licence(package),
        "source": f"{package.name} {package.version}" if package else "",
    }


def _digest(point: EntryPoint, source: Path | None) -> str:
    """sha256 over the package's files, its version and those of what it requires."""
    digest = hashlib.sha256(f"{point.value}\n{sources_digest(_API)}\n".encode())
    for line in sorted(_versions(point.dist)):
        digest.update(f"{line}\n".encode())
    top = _file_of(point.module.partition(".")[0]) or source
    files = [] if top is None else [top]
    if top is not None and top.name == "__init__.py":
        files = [one for one in top.parent.rglob("*") if "__pycache__" not in one.parts]
    for file in sorted(files):
        if file.is_file():
            digest.update(f"{file.name}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _versions(package: Distribution | None, seen: dict[str, str] | None = None) -> list[str]:
    """`name==version` of a distribution and of what it requires, as far as it is installed."""
    from packaging.requirements import Requirement  # noqa: PLC0415 - a base install has none

    found: dict[str, str] = {} if seen is None else seen
    if package is not None and package.name not in found:
        found[package.name] = package.version
        for line in package.requires or ():
            required = Requirement(line)
            if required.marker is None or required.marker.evaluate({"extra": ""}):
                _versions(_distribution(required.name), found)
    return [f"{name}=={version}" for name, version in found.items()]


def _distribution(name: str) -> Distribution | None:
    try:
        return find_distribution(name)
    except PackageNotFoundError:
        return None


def _file_of(module: str) -> Path | None:
    """The file of a module; no package is imported to find it."""
    top, *inner = module.split(".")
    spec = find_spec(top)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent.joinpath(*inner) if inner else Path(spec.origin)
    candidates = (path, path.with_suffix(".py"), path / "__init__.py")
    return next((one for one in candidates if one.is_file()), None)


def _licence(package: Distribution | None) -> str:
    if package is None:
        return ""
    names = ("License-Expression", "License")
    found = (package.metadata[name] for name in names if name in package.metadata)
    return next(found, "").partition("\n")[0][:100]


def declares_rows(source: Path) -> bool:
    """Whether a class in a source file has a `schema`, so that it gives rows."""
    try:
        tree = ast.parse(source.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return False
    statements = [one for node in tree.body if isinstance(node, ast.ClassDef) for one in node.body]
    return any(_sets_schema(statement) for statement in statements)


def _sets_schema(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Assign):
        targets, value = statement.targets, statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        targets, value = [statement.target], statement.value
    else:
        return False
    named = any(isinstance(target, ast.Name) and target.id == "schema" for target in targets)
    return named and not (isinstance(value, ast.Constant) and value.value is None)
