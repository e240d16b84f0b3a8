"""metadata.json has the same fields in every sample; what the generator wrote is lossless text."""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import Any

import pytest

from support.generators.samples import write_sample
from vrdata.dataset.verify.sample.metadata import metadata_problem
from vrdata_child.hermetic.folders import find_samples
from vrdata_child.sample.finish import finish_sample
from vrdata_child.sample.metadata import normalise_metadata

IDENTITY: dict[str, Any] = {
    "task_id": "maze_00000013",
    "generator": "O-maze",
    "domain": "maze",
    "generation": {"seed": 7, "block": 1, "position": 3},
}


def normalised(text: str | bytes) -> dict[str, Any]:
    """The written metadata.json; `vrdata verify` finds no problem in it."""
    body, param_hash = normalise_metadata(
        text if isinstance(text, bytes) else text.encode(),
        generator="O-maze",
        domain="maze",
        sample_id="maze_00000013",
        seed=7,
        block=1,
        position=3,
        paths=("/scratch/block-7",),
    )
    assert metadata_problem(body, IDENTITY) == ""
    found: dict[str, Any] = json.loads(body)
    assert found["param_hash"] == param_hash
    return found


def test_every_sample_has_the_same_fields_whatever_the_generator_writes() -> None:
    plain = normalised("{}")
    other = normalised('{"answer": null, "param_hash": 5, "generator": ["x"], "task_id": "maze_3"}')
    assert plain.keys() == other.keys()
    assert {name: plain[name] for name in IDENTITY} == IDENTITY
    assert (plain["param_hash"], plain["generator_metadata"]) == ("", "{}")
    assert [type(value) for value in plain.values()] == [type(value) for value in other.values()]


def test_what_the_generator_wrote_is_kept_without_its_time_and_the_private_folder() -> None:
    found = normalised(
        '{"z": [], "a": {}, "timestamp": "now", "domain": "own", "task_id": "maze_3",'
        ' "param_hash": "/scratch/block-7/x"}'
    )
    assert found["generator_metadata"] == (
        '{"a": {}, "domain": "own", "param_hash": "./x", "task_id": "maze_3", "z": []}'
    )
    assert found["param_hash"] == "./x"


@pytest.mark.parametrize(
    "number",
    [
        "18446744073709551616",
        "1" + "0" * 60,
        "-0",
        "-0.0",
        "1.0",
        "0.1000000000000000055511151231257827021181583404541015625",
        "3.141592653589793",
        "1e-400",
        "1E5",
    ],
)
def test_a_number_keeps_its_digits_and_its_sign(number: str) -> None:
    found = normalised(f'{{"deep": [{{"x": {number}}}, null, true, "é\\u2028\\u0000"]}}')
    assert found["generator_metadata"] == (
        f'{{"deep": [{{"x": {number}}}, null, true, "é\u2028\\u0000"]}}'
    )


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_dropped(encoding: str) -> None:
    assert normalised('{"é": 1}'.encode(encoding))["generator_metadata"] == '{"é": 1}'


def test_big_endian_text_with_a_mark_is_read() -> None:
    body = codecs.BOM_UTF16_BE + '{"é": 1}'.encode("utf-16-be")
    assert normalised(body)["generator_metadata"] == '{"é": 1}'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": 1, "a": 2}', "the name 'a' twice"),
        ('{"deep": [{"b": 1, "b": 1}]}', "the name 'b' twice"),
        ('{"a": "\\ud800"}', "half of a surrogate pair"),
        ('{"\\udfff": 1}', "half of a surrogate pair"),
        ('{"a": ' + "9" * 4301 + "}", "more than 4300 digits"),
        ('{"a": 1e400}', "infinite number"),
        ('{"a": ' + "[" * 101 + "]" * 101 + "}", "nested too deep"),
        ("[1]", "not a JSON object"),
        ("", "not JSON"),
        (b'{"a": "\xff"}', "not UTF-8"),
        ('{"a": "' + "\\u0000" * 3_000_000 + '"}', "larger than"),
    ],
)
def test_metadata_that_a_reader_would_refuse_or_change_is_refused(
    text: str | bytes, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        normalised(text)


def test_a_hundred_levels_are_kept_whatever_the_depth_of_the_caller() -> None:
    text = '{"a": ' + "[" * 99 + "]" * 99 + "}"

    def call(depth: int) -> str:
        return call(depth - 1) if depth else str(normalised(text)["generator_metadata"])

    assert call(0) == call(300) == text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"walls": 3}, "walls is not a field"),
        ({"param_hash": 5}, "param_hash is not a string"),
        ({"generation": IDENTITY["generation"] | {"retry": 1}}, "generation is"),
        ({"generator_metadata": {}}, "generator_metadata is not a string"),
        ({"generator_metadata": "[]"}, "not a JSON object"),
        ({"generator_metadata": '{"a": NaN}'}, "NaN"),
        ({"generator_metadata": '{"a": 1, "a": 2}'}, "same name twice"),
    ],
)
def test_verify_finds_metadata_of_another_shape(change: dict[str, Any], message: str) -> None:
    body = json.dumps(normalised("{}") | change).encode()
    assert message in metadata_problem(body, IDENTITY)


def test_metadata_of_another_tool_may_have_any_fields() -> None:
    assert metadata_problem(b'{"walls": 3}', None) == ""
    assert metadata_problem(b'{"walls": 3, "walls": 4}', None)


@pytest.mark.parametrize(
    ("files", "own"),
    [
        ({"question_metadata.json": '{"answer": 1}'}, '{"answer": 1}'),
        ({"Scene-Metadata.json": '{"answer": 1, "timestamp": "now"}'}, '{"answer": 1}'),
        ({"question_metadata.json": '{"answer": 1}', "metadata.json": "{}"}, "{}"),
        ({"a_metadata.json": '{"answer": 1}', "b_metadata.json": "{}"}, "{}"),
        ({"question_metadata.json": "[1]"}, "{}"),
        ({"question_metadata.json": '{"answer": NaN}'}, "{}"),
        ({"layout.json": '{"answer": 1}'}, "{}"),
    ],
)
def test_the_metadata_of_a_sample_can_have_another_name(
    tmp_path: Path, files: dict[str, str], own: str
) -> None:
    block = write_sample(tmp_path, "maze")
    (found,) = find_samples(tmp_path / "out")
    for name, text in files.items():
        (found.path / name).write_text(text)
    done = Path(finish_sample(found, 0, block)["folder"])
    assert json.loads((done / "metadata.json").read_text())["generator_metadata"] == own
    for name, text in files.items():
        if name != "metadata.json":
            assert (done / f"{name}.txt").read_text() == text


def test_a_parameter_hash_is_read_from_metadata_of_another_name(tmp_path: Path) -> None:
    block = write_sample(tmp_path, "maze")
    (found,) = find_samples(tmp_path / "out")
    (found.path / "question_metadata.json").write_text('{"param_hash": "abc"}')
    assert finish_sample(found, 0, block)["paramHash"] == "abc"
