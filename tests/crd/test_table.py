"""The table of rules is complete, and the models agree with the API server."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from support.kube.crd import TABLE, built
from vrdata.api.profile import GenerationProfile
from vrdata.api.run import GenerationRun
from vrdata.crd.rules import PROFILE_RULES, RUN_RULES, Rule

MODELS = {"run": GenerationRun, "profile": GenerationProfile}


def taken(kind: str, part: dict[str, Any]) -> bool:
    """Whether the model accepts it, as strictly as a file."""
    try:
        MODELS[kind].model_validate_json(json.dumps(built(kind, part)), strict=True)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(("kind", "case"), TABLE)
def test_the_models_decide_as_the_api_server_does(kind: str, case: dict[str, Any]) -> None:
    assert taken(kind, case["accept"])
    assert taken(kind, case["reject"]) == (case.get("models") == "take")


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        pytest.param(kind, rule, id=f"{kind}{rule.path}: {rule.message[:40]}")
        for kind, rules in (("run", RUN_RULES), ("profile", PROFILE_RULES))
        for rule in rules
        if not rule.transition  # tested separately, on a stored object
    ],
)
def test_every_rule_has_a_case(kind: str, rule: Rule) -> None:
    begun = f"{rule.path}{rule.field}".removeprefix(".") + ": Invalid value: "
    words = [case.values[1]["words"] for case in TABLE if case.values[0] == kind]
    assert any(rule.message in one or one.startswith(begun) for one in words)
