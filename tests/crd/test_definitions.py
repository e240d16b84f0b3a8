"""The CRDs as documents: structural, described, small, and with the models' own rules."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel

from vrdata.api.profile import GenerationProfile, GenerationProfileSpec
from vrdata.api.run import GenerationRun, GenerationRunSpec
from vrdata.api.status import GenerationRunStatus
from vrdata.crd.resources import profile_definition, run_definition
from vrdata.crd.rules import PROFILE_RULES, RUN_RULES, Rule
from vrdata.crd.schema import UnknownSchemaError, aliases, nodes, structural
from vrdata.model import Model

# Each rule between fields of the models, and where the API server checks it.
CHECKED_BY = {
    "GenerationRunSpec._names_are_unique": [
        ("run", ".spec.generators", "'x-kubernetes-list-map-keys': ['name']")
    ],
    "GenerationRunSpec._every_generator_has_samples": [("run", ".spec", "has(one.samples)")],
    "GeneratorSelection._converter_has_source": [("run", ".spec.generators[]", "has(self.source)")],
    "GeneratorSelection._source_or_sources": [("run", ".spec.generators[]", "!has(self.sources)")],
    "GeneratorSelection._places_are_unique": [
        ("run", ".spec.generators[].sources", "'x-kubernetes-list-map-keys': ['place']")
    ],
    "GenerationRunSpec._indexes_have_eight_digits": [("run", ".spec", "one.start")],
    "Storage._one": [("profile", ".spec.storage", "self.persistentVolumeClaim")],
    "ClassResources._ceiling": [
        ("profile", ".spec.classes.O", "compareTo(quantity"),
        ("profile", ".spec.classes.M", "compareTo(quantity"),
    ],
    "DynamicResources._ceiling": [("profile", ".spec.classes.G", "compareTo(quantity")],
}
DEFINITIONS = {"run": run_definition(), "profile": profile_definition()}


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = copy.deepcopy(
        DEFINITIONS[name]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    )
    return found


@pytest.mark.parametrize("name", DEFINITIONS)
def test_every_node_is_structural(name: str) -> None:
    for path, node in nodes(schema(name)).items():
        if "x-kubernetes-int-or-string" in node:
            assert "type" not in node, path
        else:
            assert node["type"] in {"object", "array", "string", "integer", "boolean"}, path
        assert not node.keys() & {"$ref", "anyOf", "oneOf", "allOf", "title", "const"}, path


@pytest.mark.parametrize("name", DEFINITIONS)
def test_every_field_is_described(name: str) -> None:
    lacking = [
        path
        for path, node in nodes(schema(name)).items()
        # Kubernetes describes metadata itself.
        if not node.get("description") and not path.endswith(("[]", "{}")) and path != ".metadata"
    ]
    assert lacking == []


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_definition_is_small_enough_for_any_client(name: str) -> None:
    assert len(yaml.safe_dump(DEFINITIONS[name])) < 250_000


@pytest.mark.parametrize("name", DEFINITIONS)
def test_every_string_list_and_map_has_a_maximum_size(name: str) -> None:
    for path, node in nodes(schema(name)).items():
        kind = node.get("type", "string")
        if kind == "string" and "enum" not in node and path not in {".apiVersion", ".kind"}:
            assert "maxLength" in node, path
        if kind == "array":
            assert "maxItems" in node, path
        if "additionalProperties" in node:
            assert "maxProperties" in node, path


@pytest.mark.parametrize("name", DEFINITIONS)
def test_every_pattern_is_one_of_go(name: str) -> None:
    """RE2 refuses repetitions above 1000, lookarounds and back-references."""
    for path, node in nodes(schema(name)).items():
        pattern = node.get("pattern", "")
        assert not re.search(r"\(\?|\\[1-9Z]", pattern), (path, pattern)
        counts = re.findall(r"\{(\d+)(?:,(\d*))?\}", pattern)
        assert all(int(one) <= 1000 for pair in counts for one in pair if one), (path, pattern)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_every_list_has_a_list_type(name: str) -> None:
    for path, node in nodes(schema(name)).items():
        if node.get("type") == "array":
            assert node.get("x-kubernetes-list-type") in {"atomic", "map", "set"}, path


def test_a_run_cannot_set_an_image_or_a_service_account() -> None:
    paths = " ".join(nodes(schema("run")["properties"]["spec"])).lower()
    assert not {word for word in ("image", "account", "secret", "command") if word in paths}


def test_every_field_that_decides_content_is_immutable() -> None:
    held = {rule.field.removeprefix(".") for rule in RUN_RULES if rule.transition}
    free = {"parallelism", "suspend", "activeDeadlineSeconds", "ttlSecondsAfterFinished"}
    assert held == set(aliases(GenerationRunSpec)) - free


@pytest.mark.parametrize(("name", "rules"), [("run", RUN_RULES), ("profile", PROFILE_RULES)])
def test_every_rule_is_at_its_field(name: str, rules: tuple[Rule, ...]) -> None:
    found = nodes(schema(name))
    for rule in rules:
        assert rule.validation() in found[rule.path]["x-kubernetes-validations"]
        assert not rule.field or rule.path + rule.field in found


def test_every_rule_between_fields_of_the_models_is_in_the_crds() -> None:
    """A new validator of a model fails this test until the API server checks its rule, too."""
    assert {*validators(GenerationRun), *validators(GenerationProfile)} == set(CHECKED_BY)
    for kind, path, words in (place for places in CHECKED_BY.values() for place in places):
        node = nodes(schema(kind))[path]
        assert words in str({key: node[key] for key in node if key.startswith("x-")}), path


@pytest.mark.parametrize(
    ("model", "name", "least"),
    [
        (
            GenerationRunSpec,
            "run",
            {"samples": 1, "generators": [{"name": "O-maze"}], "failurePolicy": {}},
        ),
        (
            GenerationProfileSpec,
            "profile",
            {"classes": {"G": {"gpu": {}, "tolerations": [{"key": "gpu"}]}}},
        ),
    ],
)
def test_defaults_equal_those_of_the_models(
    model: type[Model], name: str, least: dict[str, Any]
) -> None:
    """The API server sets the same defaults as the model, except for empty values."""
    filled = copy.deepcopy(least)
    _fill(schema(name)["properties"]["spec"], filled)
    made = model.model_validate(least)
    assert model.model_validate(filled) == made
    assert filled == _without_empty(made.to_dict())


def test_a_status_has_no_defaults() -> None:
    made = structural(GenerationRunStatus, defaults=False)
    assert [path for path, node in nodes(made).items() if "default" in node] == []


def test_an_unsupported_schema_is_an_error() -> None:
    class Odd(Model):
        value: int | str

    with pytest.raises(UnknownSchemaError):
        structural(Odd, defaults=True)


def test_the_printed_columns_never_change() -> None:
    version = DEFINITIONS["run"]["spec"]["versions"][0]
    shown = [one["name"] for one in version["additionalPrinterColumns"] if not one["priority"]]
    assert shown == ["Phase", "Progress", "Failed", "Rate", "ETA", "Age"]
    paths = set(nodes(schema("run")))
    for column in version["additionalPrinterColumns"]:
        assert column["jsonPath"] in paths | {".metadata.creationTimestamp"}, column


def validators(model: type[BaseModel]) -> Iterator[str]:
    """Validators between fields, of a model and its nested models: `Class.method`."""
    for name in model.__pydantic_decorators__.model_validators:
        yield f"{model.__name__}.{name}"
    for field in model.model_fields.values():
        for inner in _models_in(field.annotation):
            yield from validators(inner)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def _fill(node: dict[str, Any], value: dict[str, Any]) -> None:
    """The object with the defaults that the API server sets."""
    for name, field in node.get("properties", {}).items():
        if "default" in field:
            value.setdefault(name, copy.deepcopy(field["default"]))
        if isinstance(value.get(name), dict):
            _fill(field, value[name])
        if isinstance(value.get(name), list):
            for entry in value[name]:
                if isinstance(entry, dict):
                    _fill(field["items"], entry)


def _without_empty(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_empty(one) for one in value]
    if isinstance(value, dict):
        inner = {name: _without_empty(one) for name, one in value.items()}
        return {name: one for name, one in inner.items() if one not in ("", [], {}, None)}
    return value


@pytest.mark.parametrize("name", ["run", "profile"])
def test_no_pattern_repeats_more_often_than_the_api_server_allows(name: str) -> None:
    """Go's regular expressions count to 1000 (regexp/syntax); the API server refuses the CRD."""
    patterns = [node.get("pattern", "") for node in nodes(schema(name)).values()]
    counts = [int(one) for text in patterns for one in re.findall(r"{(?:\d*,)?(\d+)}", text)]
    assert any(patterns)
    assert max(counts, default=0) <= 1000
