"""Every reason is spelled in one place, used by the code, and documented."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import get_args

import pytest

from vrdata.api.status import ConditionType, Phase
from vrdata_operator.event_reasons import EventReason
from vrdata_operator.reasons import Reason
from vrdata_operator.topics import Topic

ROOT = Path(__file__).parents[2]
CODE = ROOT / "operator" / "vrdata_operator"
PAGE = (ROOT / "docs" / "cluster.md").read_text()
OTHER_WORDS = {
    *get_args(ConditionType),
    *get_args(Phase),
    "Unschedulable",  # the scheduler's reason of a pod's condition
}


def modules() -> list[ast.Module]:
    """All modules of the operator except those that define the reasons."""
    others = (path for path in CODE.rglob("*.py") if not path.stem.endswith("reasons"))
    return [ast.parse(path.read_text()) for path in others]


def used(enum: str) -> set[str]:
    """Names of the members of an enum that the code uses."""
    return {
        node.attr
        for module in modules()
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == enum
    }


def documented(topic: str) -> list[str]:
    """Reasons in the first column of one table of the page."""
    table = re.search(rf"<!-- reasons: {topic} -->\n(.*?)<!-- end -->", PAGE, re.DOTALL)
    assert table is not None, topic
    return re.findall(r"^\| `(\w+)`", table[1], re.MULTILINE)


@pytest.mark.parametrize("enum", [Reason, EventReason])
def test_every_reason_is_given_somewhere(enum: type[Reason | EventReason]) -> None:
    assert {one.name for one in enum} - used(enum.__name__) == set()


def test_no_reason_is_spelled_outside_its_enum() -> None:
    words = {one.value for enum in (Reason, EventReason) for one in enum} - OTHER_WORDS
    constants = {
        node.value
        for module in modules()
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert constants & words == set()


@pytest.mark.parametrize("topic", Topic)
def test_the_page_on_clusters_lists_every_reason_of_a_condition(topic: Topic) -> None:
    assert documented(topic.value) == [one for one in Reason if one.topic is topic]


def test_the_page_on_clusters_lists_every_event() -> None:
    assert documented("events") == list(EventReason)


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_one_word_with_an_explanation(reason: Reason) -> None:
    assert re.fullmatch(r"[A-Z][A-Za-z]{2,63}", reason)
    assert reason.meaning[0].isupper() or reason.meaning.startswith("spec.")
    assert not reason.meaning.endswith(".")
    assert reason.fix or reason.topic is not Topic.BLOCKED


def test_a_message_is_meaning_detail_and_fix() -> None:
    reason = Reason.IMAGE_PULL_FAILED
    assert reason.message("not found").startswith(f"{reason.meaning}: not found. Fix spec.image")
    assert reason.message("is it O-maze?", "ask") == f"{reason.meaning}: is it O-maze? Ask"
    assert Reason.ALL_SAMPLES.message() == "Every sample is committed"
