"""docs/run-yaml.md names no value that this release refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from vrdata.api.profile import GenerationProfile
from vrdata.api.run import GenerationRun
from vrdata.plan.expand import check_spec

PAGE = Path(__file__).parents[2] / "docs/run-yaml.md"
PROSE = {"none", "never", "AWS"}  # defaults in words
HEADER: dict[str, Any] = {"apiVersion": "vrdata.dev/v1alpha1", "metadata": {"name": "demo"}}
RUN = HEADER | {"kind": "GenerationRun"}
GENERATOR = {"name": "O-maze", "source": {"url": "data"}}
RUN |= {"spec": {"samples": 1, "generators": [GENERATOR]}}
PLACE = {"place": "raw", "url": "data"}
PIPELINE = RUN | {"spec": {"samples": 1, "generators": [{"name": "M-1", "sources": [PLACE]}]}}
PROFILE = HEADER | {"kind": "GenerationProfile", "spec": {}}


def rows(kind: str) -> list[tuple[str, str, str]]:
    """Field, type and meaning of each row of a kind's table."""
    table = PAGE.read_text().split(f"## {kind}\n")[1].split("\n## ")[0]
    found = re.findall(r"^\| `([^`]+)` \| (.*?) \| (.*) \|$", table, re.MULTILINE)
    assert len(found) > 20
    return found


def values_of(kind: str, text: str) -> Iterator[Any]:
    """Every value that a row names: those of its type, its bounds, its default, its examples."""
    if kind.startswith("`"):
        yield from map(yaml.safe_load, re.findall(r"`([^`]+)`", kind))
    if "true or false" in kind:
        yield from (True, False)
    if bounds := re.search(r", (\d+) to (\d+)", kind):
        yield from map(int, bounds.groups())
    if bounds := re.search(r"at most (\d+) characters", kind):
        named = re.search(r"Examples?: ([^ ]+?)[.,]?( |$)", text)
        if not named or named[1].isalnum():
            yield "a" * int(bounds[1])
    for words in re.findall(r"(?:Default|Example): (.+?)\.(?= |$)", text):
        if (
            "…" not in words
            and words not in PROSE
            and not re.search(r"[a-z']+ [a-z]|^spec\.", words)
        ):
            yield yaml.safe_load(words)
    for listed in re.findall(r"Examples: (.+?)\.(?= |$)", text):
        yield from listed.split(", ")


def with_value(document: Any, path: str, value: Any) -> Any:
    """The document with this value at a path such as `spec.generators[].name`."""
    first, _, rest = path.partition(".")
    name, listed = first.removesuffix("[]"), first.endswith("[]")
    if rest:
        inner = document.get(name) or ([{}] if listed else {})
        if listed:
            new: Any = [with_value(inner[0], rest, value)]
        else:
            new = with_value(inner, rest, value)
    else:
        new = value if isinstance(value, list) or not listed else [value]
    return document | {name: new}


def cases() -> Iterator[Any]:
    for kind in ("GenerationRun", "GenerationProfile"):
        for field, type_text, text in rows(kind):
            for value in values_of(type_text, text):
                yield pytest.param(kind, field, value, id=f"{field}={str(value)[:30]}")


CASES = list(cases())


def test_the_page_names_many_values() -> None:
    named = {case.id for case in CASES}
    assert len(named) > 100
    assert {"spec.output.format=tar", "spec.dedup.enabled=False"} <= named
    assert {"spec.generators[].name=G-*", "spec.classes.O.memory=2Gi"} <= named


@pytest.mark.parametrize(("kind", "field", "value"), CASES)
def test_a_documented_value_is_accepted(kind: str, field: str, value: Any) -> None:
    if kind == "GenerationRun":
        of_pipeline = field.startswith("spec.generators[].sources[]")
        document = with_value(PIPELINE if of_pipeline else RUN, field, value)
        check_spec(GenerationRun.model_validate(document).spec)
    else:
        GenerationProfile.model_validate(with_value(PROFILE, field, value))
