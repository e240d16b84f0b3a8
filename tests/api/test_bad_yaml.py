"""Text that is no usable YAML, or not the one document that was asked for."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.plans.runfiles import PROFILE, RUN, profile_problems, run_problems
from vrdata.api.reading.yaml_nodes import MAX_BYTES, MAX_DEPTH, YamlError, parse_documents

# What is added to the spec; line and column; words.
SYNTAX = [
    ("\tseed: 1\n", 9, 1, "indent with spaces, not with tabs"),
    ("  output: {format: tar\n", 10, 1, "check indentation, colons and quotes"),
    ("  profile: 'open\n", 10, 1, "check indentation, colons and quotes"),
    ("   seed: 1\n", 9, 4, "not YAML"),
    ("  seed: 1\n  seed: 2\n", 10, 3, "field seed is written twice; keep one of them"),
    ("  output: {format: tar, format: tar}\n", 9, 25, "field format is written twice"),
    ("  seed: *other\n", 9, 9, "aliases (*name) are not allowed; write the value out"),
    ("  seed: !!python/object:os.system 1\n", 9, 9, "the tag !!python/object:os.system is not"),
    ("  seed: !secret 3\n", 9, 9, "the tag !secret is not allowed here; remove it"),
    ("  output: !!set {a}\n", 9, 11, "the tag !!set is not allowed here"),
    ("  queueName: !!binary aGk=\n", 9, 14, "the tag !!binary is not allowed here"),
    ("  output: !!map 3\n", 9, 11, "the tag !!map is not allowed here"),
    ("  seed: !!int abc\n", 9, 9, "abc is not a whole number; fix the value"),
    ("  seed: !!float abc\n", 9, 9, "abc is not a number"),
    ("  suspend: !!bool maybe\n", 9, 12, "maybe is not true or false"),
    ("  seed: " + "9" * 5000 + "\n", 9, 9, "999... is not a whole number"),
    ("  ? [a, b]\n  : 1\n", 9, 5, "the name of a field must be text; write it as name: value"),
    ("  {a: b}: 1\n", 9, 3, "the name of a field must be text"),
    ("  queueName: a\0b\n", 9, 15, "the character #x0000 is not allowed; remove it"),
    ('  queueName: "\\0"\n', 9, 14, "the text contains an invalid Unicode character"),
    ('  queueName: "\\ud800"\n', 9, 14, "the text contains an invalid Unicode character"),
    ("  output: " + "[" * 30 + "]" * 30 + "\n", 9, 30, f"nested deeper than {MAX_DEPTH} levels"),
]


@pytest.mark.parametrize(("added", "line", "column", "words"), SYNTAX)
def test_unusable_yaml_is_refused_at_its_place(
    tmp_path: Path, added: str, line: int, column: int, words: str
) -> None:
    (problem,) = run_problems(tmp_path, RUN + added)
    assert words in problem.message
    assert (problem.line, problem.column) == (line, column)


@pytest.mark.parametrize("text", ["[" * 100_000, "a: " * 50, "{a: " * 5_000, "- " * 5_000])
def test_deep_nesting_ends_with_an_error_and_not_with_the_stack(tmp_path: Path, text: str) -> None:
    (problem,) = run_problems(tmp_path, text)
    assert problem.line == 1


# The whole text; line and column; words.
DOCUMENTS = [
    ("", 1, 1, "the file is empty; it must contain a GenerationRun"),
    ("# nothing\n", 1, 1, "the file is empty"),
    ("---\n---\n", 1, 1, "the file is empty"),
    ("hello\n", 1, 1, "must be a GenerationRun, a mapping of fields"),
    ("- a\n", 1, 1, "must be a GenerationRun, a mapping of fields"),
    (RUN + "---\n- a\n", 10, 1, "must be a GenerationRun, a mapping of fields"),
    (RUN + "---\n" + RUN, 10, 1, "a second GenerationRun; a file can have only one"),
    ("metadata: {}\n", 1, 1, "kind is missing; write kind: GenerationRun"),
    ("a: 1\nkind: 7\n", 2, 1, "kind: 7 is not a GenerationRun"),
    ("kind: [a]\n", 1, 1, "is not a GenerationRun"),
    ("kind: GenerationRuns\n", 1, 1, "did you mean GenerationRun?"),
    ("kind: Job\n", 1, 1, "kind: 'Job' is not a GenerationRun"),
    (
        RUN.replace("v1alpha1", "v9"),
        1,
        1,
        "'vrdata.dev/v9' is not known; write vrdata.dev/v1alpha1",
    ),
    (RUN.partition("\n")[2], 1, 1, "apiVersion: None is not known"),
    (PROFILE, 2, 1, "kind: 'GenerationProfile' is not a GenerationRun"),
]


@pytest.mark.parametrize(("text", "line", "column", "words"), DOCUMENTS)
def test_a_file_without_exactly_one_run_is_refused(
    tmp_path: Path, text: str, line: int, column: int, words: str
) -> None:
    (problem,) = run_problems(tmp_path, text)
    assert words in problem.message
    assert (problem.line, problem.column) == (line, column)


def test_a_run_is_not_taken_for_a_profile(tmp_path: Path) -> None:
    (problem,) = profile_problems(tmp_path, RUN)
    assert "is not a GenerationProfile" in problem.message


def test_bytes_that_are_not_utf8_are_refused(tmp_path: Path) -> None:
    (problem,) = run_problems(tmp_path, RUN + "  queueName: \ud800\n")
    assert "not UTF-8 text" in problem.message
    assert "save it as UTF-8" in problem.message


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    (problem,) = run_problems(tmp_path, RUN + "#" * (MAX_BYTES + 1))
    assert "a run file is a few kilobytes" in problem.message


def test_positions_are_those_of_the_text() -> None:
    (document,) = parse_documents("a: 1\nb:\n  - c: 2\n  - 3\n")
    assert document.value == {"a": 1, "b": [{"c": 2}, 3]}
    places = {
        (): (1, 1),
        ("a",): (1, 1),
        ("b",): (2, 1),
        ("b", 0): (3, 5),
        ("b", 0, "c"): (3, 5),
        ("b", 1): (4, 5),
    }
    assert document.positions == places
    assert document.position(("b", 0, "missing", "deeper")) == (3, 5)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abcé -", min_size=1), inner),
    max_leaves=8,
)


@given(value=JSON_VALUES.filter(lambda value: value is not None))
def test_json_is_read_as_it_was_written(value: object) -> None:
    (document,) = parse_documents(json.dumps(value))
    assert document.value == value


PIECES = [
    "a",
    ": ",
    "- ",
    "\n",
    "  ",
    "[",
    "]",
    "{",
    "}",
    "'",
    '"',
    "&x ",
    "*x",
    "!!int ",
    "|",
    "9",
]


@given(text=st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_text_gives_documents_or_one_error_with_a_place(text: str) -> None:
    with contextlib.suppress(YamlError):
        parse_documents(text)
