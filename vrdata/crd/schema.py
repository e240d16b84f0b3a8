"""A pydantic model as a structural OpenAPI v3 schema of Kubernetes. Pure.

Source: Kubernetes documentation, "Specifying a structural schema": no references, no types
inside `anyOf`, a type for every value, `additionalProperties` only for maps.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from vrdata.model import Model

MAX_MAP = 64  # entries of a map of labels: bounds what a CEL rule may cost
MAX_TEXT = 1024  # characters of a text without its own limit
_KEPT = ("description", "enum", "format", "pattern", "minimum", "maximum")
_LENGTHS = ("minLength", "maxLength", "minItems", "maxItems")
_INT_OR_STRING = "x-kubernetes-int-or-string"
_KNOWN = {
    *(*_KEPT, *_LENGTHS, _INT_OR_STRING),
    *("type", "title", "default", "properties", "required", "items"),
}
_SCALARS = frozenset({"string", "integer", "boolean"})
_IGNORED = {"additionalProperties", "const", "$defs"}


class UnknownSchemaError(TypeError):
    """A model uses what the converter does not know; the message names the field."""


def structural(model: type[Model], *, defaults: bool) -> dict[str, Any]:
    """The schema of a model.

    Args:
        model: the type.
        defaults: write the defaults; a status has none.

    Raises:
        UnknownSchemaError: the model's schema has a feature that is not supported.
    """
    source = model.model_json_schema(by_alias=True)
    return _Converter(source.get("$defs", {}), defaults=defaults).convert(source, "")


class _Converter:
    def __init__(self, definitions: dict[str, Any], *, defaults: bool) -> None:
        self._definitions = definitions
        self._defaults = defaults

    def convert(self, source: dict[str, Any], path: str) -> dict[str, Any]:
        """One schema."""
        source = self._resolved(source)
        unknown = source.keys() - _KNOWN - _IGNORED
        if unknown:
            raise UnknownSchemaError(f"{path}: {', '.join(sorted(unknown))}")
        made = {key: source[key] for key in (*_KEPT, *_LENGTHS) if key in source}
        if "const" in source:
            made["enum"] = [source["const"]]
        kind = made["type"] = _type(source, path)
        match kind:
            case "object":
                made |= self._object(source, path)
            case "array":
                made["items"] = self.convert(source["items"], f"{path}[]")
            case "integer":
                made["format"] = "int64"
            case "string" if _INT_OR_STRING in source:
                del made["type"]  # the marker allows both types; minimum applies to the number
                made |= {_INT_OR_STRING: True, "minimum": 0}
            case "string" if "enum" not in made:
                made.setdefault("maxLength", MAX_TEXT)
        return made | (self._default(source, kind) if self._defaults else {})

    def _default(self, source: dict[str, Any], kind: str) -> dict[str, Any]:
        """A block's default is empty: the API server then fills in its fields' defaults."""
        if kind == "object" and "properties" in source and source.get("default") is not None:
            return {"default": {}}
        if kind in _SCALARS and source.get("default") not in (None, ""):
            return {"default": source["default"]}
        return {}

    def _object(self, source: dict[str, Any], path: str) -> dict[str, Any]:
        if "properties" not in source:
            values = self.convert(source["additionalProperties"], f"{path}{{}}")
            return {"additionalProperties": values, "maxProperties": MAX_MAP}
        made: dict[str, Any] = {
            "properties": {
                name: self.convert(field, f"{path}.{name}")
                for name, field in source["properties"].items()
            }
        }
        if source.get("required"):
            made["required"] = sorted(source["required"])
        return made

    def _resolved(self, source: dict[str, Any]) -> dict[str, Any]:
        """Without references and without null; keys next to a reference take precedence."""
        source = dict(source)
        if "anyOf" in source:
            real = [one for one in source.pop("anyOf") if one != {"type": "null"}]
            if len(real) != 1:
                raise UnknownSchemaError(f"a union of {len(real)} types")
            source = real[0] | source
        reference = source.pop("$ref", None)
        if reference is None:
            return source
        found = self._definitions[reference.rpartition("/")[2]]
        return self._resolved(found | source)


def _type(source: dict[str, Any], path: str) -> str:
    kind = source.get("type")
    if kind not in {"object", "array", *_SCALARS}:
        raise UnknownSchemaError(f"{path}: type {kind}")
    return str(kind)


def nodes(schema: dict[str, Any], path: str = "") -> dict[str, dict[str, Any]]:
    """Every schema below one, by path: `.spec.generators[].name`, `.spec.labels{}`."""
    found = {path: schema}
    for name, inner in schema.get("properties", {}).items():
        found |= nodes(inner, f"{path}.{name}")
    if "items" in schema:
        found |= nodes(schema["items"], f"{path}[]")
    if "additionalProperties" in schema:
        found |= nodes(schema["additionalProperties"], f"{path}{{}}")
    return found


def aliases(model: type[BaseModel]) -> list[str]:
    """Field names as users write them."""
    return [field.alias or name for name, field in model.model_fields.items()]
