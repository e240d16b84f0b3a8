"""Texts of untrusted bytes: capped, encodable, never an error."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.dataset.report.model import Parameter
from vrdata.dataset.report.texts import (
    MAX_METADATA,
    MAX_NAME,
    MAX_PARAMETERS,
    MAX_PROMPT,
    MAX_VALUE,
    cut,
    metadata_texts,
    prompt_text,
    size_text,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def metadata(value: object) -> bytes:
    return json.dumps({"generator_metadata": json.dumps(value)}).encode()


@given(st.binary())
def test_any_bytes_give_a_prompt_that_can_be_encoded_and_is_not_too_long(body: bytes) -> None:
    text = prompt_text(body * 100)
    assert len(text) <= MAX_PROMPT
    text.encode("utf-8")


@given(JSON | st.dictionaries(st.just("parameters"), JSON))
def test_any_metadata_gives_capped_texts(value: object) -> None:
    parameters, shown = metadata_texts(metadata(value))
    assert len(parameters) <= MAX_PARAMETERS
    assert all(len(one.name) <= MAX_NAME and len(one.value) <= MAX_VALUE for one in parameters)
    assert len(shown) <= MAX_METADATA
    shown.encode("utf-8")


@given(st.binary())
def test_metadata_that_is_not_json_is_shown_as_it_is(body: bytes) -> None:
    parameters, shown = metadata_texts(b"{" + body)
    assert parameters == () or json.loads(b"{" + body)
    assert shown.startswith("{")


def test_parameters_are_plain_values_and_short_lists_with_dotted_names() -> None:
    body = metadata(
        {
            "parameters": {
                "size": 5,
                "name": "small",
                "wall": {"colour": [1, 2, 3], "hard": True},
                "grid": [[1, 2], [3, 4]],
                "long": list(range(9)),
            },
            "other": 1,
        }
    )
    parameters, _ = metadata_texts(body)
    assert parameters == (
        Parameter(name="name", value="small"),
        Parameter(name="size", value="5"),
        Parameter(name="wall.colour", value="[1, 2, 3]"),
        Parameter(name="wall.hard", value="true"),
    )


def test_the_generators_own_metadata_is_shown_as_an_object() -> None:
    _, shown = metadata_texts(metadata({"goal": [1, 2]}))
    assert json.loads(shown) == {"generator_metadata": {"goal": [1, 2]}}


@pytest.mark.parametrize("own", ["[" * 100_000, "{", ""])
def test_generator_metadata_that_is_not_json_is_shown_as_it_is(own: str) -> None:
    parameters, shown = metadata_texts(json.dumps({"generator_metadata": own}).encode())
    assert parameters == ()
    assert own[:100] in shown


def test_a_deeply_nested_document_is_no_error() -> None:
    parameters, shown = metadata_texts(b"[" * 100_000)
    assert parameters == ()
    assert len(shown) == MAX_METADATA


def test_a_lone_surrogate_is_replaced() -> None:
    parameters, shown = metadata_texts(metadata({"parameters": {"name": "\ud800"}}))
    assert parameters[0].value == "?"
    shown.encode("utf-8")


def test_cut_marks_what_is_left_out() -> None:
    assert cut("abcdef", 4) == "abc…"
    assert cut("abcd", 4) == "abcd"


def test_sizes_are_written_for_people() -> None:
    sizes = [0, 999, 1000, 3449, 999_949, 999_950, 7_000_000, 12 * 10**9, 5 * 10**12]
    assert [size_text(size) for size in sizes] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "3.4 kB",
        "999.9 kB",
        "1.0 MB",
        "7.0 MB",
        "12.0 GB",
        "5.0 TB",
    ]
