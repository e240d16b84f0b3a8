"""The CRDs as documents: structural, described, small, and with the models' own rules."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from vrdata.api.profile import GenerationProfileSpec
from vrdata.api.run import GenerationRunSpec
from vrdata.api.status import GenerationRunStatus
from vrdata.crd.resources import profile_definition, run_definition
from vrdata.crd.rules import MUTABLE, PROFILE_RULES, RUN_RULES
from vrdata.crd.schema import UnknownSchemaError, aliases, nodes, structural
from vrdata.model import Model

DEFINITIONS = {"run": run_definition(), "profile": profile_definition()}


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = copy.deepcopy(
        DEFINITIONS[name]["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    )
    return found


@pytest.mark.parametrize("name", DEFINITIONS)
def test_every_node_is_structural(name: str) -> None:
    for path, node in nodes(schema(name)).items():
        assert node["type"] in {"object", "array", "string", "integer", "boolean"}, path
        assert not node.keys() & {"$ref", "anyOf", "oneOf", "allOf", "title", "const"}, path


@pytest.mark.parametrize("name", DEFINITIONS)
def test_every_field_is_described(name: str) -> None:
    lacking = [
        path
        for path, node in nodes(schema(name)).items()
        if not node.get("description") and not path.endswith("[]") and path != ".metadata"
    ]
    assert lacking == []


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_definition_is_small_enough_for_any_client(name: str) -> None:
    assert len(yaml.safe_dump(DEFINITIONS[name])) < 250_000


@pytest.mark.parametrize("name", DEFINITIONS)
def test_every_text_list_and_map_has_a_bound(name: str) -> None:
    for path, node in nodes(schema(name)["properties"]["spec"]).items():
        if node["type"] == "string" and "enum" not in node:
            assert "maxLength" in node, path
        if node["type"] == "array":
            assert "maxItems" in node, path
        if "additionalProperties" in node:
            assert "maxProperties" in node, path


def test_every_field_that_decides_content_is_immutable() -> None:
    held = {
        rule.message.partition(" ")[0] for rule in RUN_RULES if "cannot be changed" in rule.message
    }
    assert held == set(aliases(GenerationRunSpec)) - MUTABLE


@pytest.mark.parametrize(("name", "rules"), [("run", RUN_RULES), ("profile", PROFILE_RULES)])
def test_every_rule_stands_at_its_place(name: str, rules: tuple[Any, ...]) -> None:
    found = nodes(schema(name))
    for rule in rules:
        said = [one["message"] for one in found[rule.path]["x-kubernetes-validations"]]
        assert rule.message in said


@pytest.mark.parametrize(
    ("model", "name"), [(GenerationRunSpec, "run"), (GenerationProfileSpec, "profile")]
)
def test_defaults_are_the_models_own(model: type[Model], name: str) -> None:
    """What the API server fills in gives the same object as what the model fills in."""
    example: dict[str, Any] = (
        {"samples": 1, "generators": [{"name": "O-maze"}], "output": {}, "failurePolicy": {}}
        if name == "run"
        else {"classes": {"O": {}, "G": {"gpu": {}}, "M": {}}, "storage": {}, "limits": {}}
    )
    filled = copy.deepcopy(example)
    _fill(schema(name)["properties"]["spec"], filled)
    assert model.model_validate(filled) == model.model_validate(example)
    assert filled != example


def test_a_status_has_no_defaults() -> None:
    made = structural(GenerationRunStatus, defaults=False)
    assert [path for path, node in nodes(made).items() if "default" in node] == []


def test_what_the_converter_does_not_know_is_an_error() -> None:
    class Odd(Model):
        value: int | str

    with pytest.raises(UnknownSchemaError):
        structural(Odd, defaults=True)


def test_the_columns_are_those_that_users_know() -> None:
    version = DEFINITIONS["run"]["spec"]["versions"][0]
    shown = [one["name"] for one in version["additionalPrinterColumns"] if not one["priority"]]
    assert shown == ["Phase", "Progress", "Failed", "Rate", "ETA", "Age"]
    paths = set(nodes(schema("run")))
    for column in version["additionalPrinterColumns"]:
        assert column["jsonPath"] in paths | {".metadata.creationTimestamp"}, column


def _fill(node: dict[str, Any], value: dict[str, Any]) -> None:
    for name, field in node.get("properties", {}).items():
        if "default" in field:
            value.setdefault(name, field["default"])
        if isinstance(value.get(name), dict):
            _fill(field, value[name])
