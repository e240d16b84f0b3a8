"""The map of an HDF5 file, and what is wrong with one."""

from __future__ import annotations

import pytest
import yaml

from vrdata_generators.episodes.mapping import FRANKA, parse_map

SMALL = {
    "text": {"constant": "Wave"},
    "actions": {"values": "action", "rate": 50},
    "observations": [{"values": "qpos", "times": "t", "unit": "s"}],
}


def test_one_part_needs_no_list() -> None:
    layout = parse_map(yaml.safe_dump(SMALL))
    assert [part.place for part in layout.actions] == ["action"]
    assert layout.camera is None


def test_the_default_map_survives_yaml() -> None:
    assert parse_map(yaml.safe_dump(FRANKA.model_dump(mode="json"))) == FRANKA


def test_names_are_known_if_all_parts_have_them() -> None:
    parts = [{"values": "a", "rate": 1, "names": ["x"]}, {"values": "b", "rate": 1}]
    named = [parts[0], {"values": "b", "rate": 1, "names": ["y", "z"]}]
    layout = parse_map(yaml.safe_dump(SMALL | {"actions": parts, "observations": named}))
    assert layout.names() == {"observations": ["x", "y", "z"]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"text": {}}, "text: text needs a path, an attribute or a constant"),
        ({"text": {"path": "a", "constant": "b"}}, "text: text needs"),
        ({"actions": []}, "actions: .*at least 1 item"),
        ({"actions": {"rate": 5}}, r"actions.0: name either keys or values"),
        ({"actions": {"values": "a"}}, r"actions.0: values need either times or a rate"),
        ({"actions": {"keys": "a", "rate": 5}}, r"actions.0: the keys are the times"),
        ({"actions": {"keys": "a", "unit": "m"}}, r"actions.0.unit: .*'ns', 'us', 'ms' or 's'"),
        ({"episodes": "*/demo"}, "only the last part"),
        ({"colour": 1}, "colour: Extra inputs"),
        ({"cameras": {"wrist": {"keys": "a", "order": "yuv"}}}, "cameras.wrist.order"),
    ],
)
def test_each_problem_is_named_with_its_place(change: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_map(yaml.safe_dump(SMALL | change))


@pytest.mark.parametrize("text", ["", "[1", "- 1", "text: !!python/object:os.system {}"])
def test_what_is_no_map_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="map"):
        parse_map(text)
