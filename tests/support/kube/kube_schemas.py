"""Check objects against the fields that a version of Kubernetes knows, strictly.

The schemas are those of client-go for server-side apply. An unknown field or a value of a wrong
type is a problem, as with `kubectl --validate=strict`. CustomResourceDefinitions have no schema
there; `tests/crd` applies them to a real API server.
"""

from __future__ import annotations

import functools
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

CLIENT_GO = {"1.33.0": "v0.33.5", "1.34.0": "v0.34.2", "1.35.0": "v0.35.0", "1.36.0": "v0.36.3"}
_CHECKS = {
    "string": lambda value: isinstance(value, str),
    "numeric": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "untyped": lambda _value: True,
}


def problems(version: str, obj: dict[str, Any]) -> list[str]:
    """The problems of an object; empty for kinds that are not part of Kubernetes."""
    types = _types(CLIENT_GO[version])
    group, _, level = obj["apiVersion"].rpartition("/")
    if "." in group and not group.endswith(".k8s.io"):
        return []
    if obj["kind"] == "CustomResourceDefinition":
        return []
    package = group.partition(".")[0] or "core"
    name = f"io.k8s.api.{package}.{level}.{obj['kind']}"
    if name not in types:
        return [f"{version}: no {obj['apiVersion']} {obj['kind']}"]
    return [f"{version}: {one}" for one in _wrong(types, {"namedType": name}, obj, "")]


def _wrong(types: dict[str, Any], kind: dict[str, Any], value: Any, path: str) -> list[str]:
    if "namedType" in kind:
        kind = types[kind["namedType"]]
    if "scalar" in kind and not isinstance(value, dict | list):
        return (
            []
            if _CHECKS[kind["scalar"]](value)
            else [f"{path}: {value!r} is not a {kind['scalar']}"]
        )
    if "list" in kind and isinstance(value, list):
        inner = kind["list"]["elementType"]
        return [one for item in value for one in _wrong(types, inner, item, f"{path}[]")]
    if "map" in kind and isinstance(value, dict):
        fields = {one["name"]: one["type"] for one in kind["map"].get("fields", [])}
        rest = kind["map"].get("elementType")
        found = []
        for name, item in value.items():
            inner = fields.get(name, rest)
            if inner is None:
                found.append(f"{path}.{name}: unknown field")
            elif item is not None:
                found += _wrong(types, inner, item, f"{path}.{name}")
        return found
    return [f"{path}: unexpected {type(value).__name__}"]


@functools.cache
def _types(version: str) -> dict[str, Any]:
    done = subprocess.run(
        ["go", "mod", "download", "-json", f"k8s.io/client-go@{version}"],
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    folder = Path(json.loads(done.stdout)["Dir"])
    source = (folder / "applyconfigurations" / "internal" / "internal.go").read_text()
    text = re.search(r"schemaYAML = typed\.YAMLObject\(`(.*?)`\)", source, re.DOTALL)
    assert text is not None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return {one["name"]: one for one in yaml.load(text.group(1), Loader=loader)["types"]}  # noqa: S506 - a safe loader
