"""What a line calls, read from the generator's own source."""

import ast

import pytest

from vrdata_generators.adapter.profile.source import Call, Source


def call_of(text: str, of: str) -> Call:
    """The call whose expression is `of`, in a file with this text."""
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    (node,) = (node for node in nodes if ast.unparse(node) == of)
    span = (node.lineno, node.end_lineno or 0, node.col_offset, node.end_col_offset or 0)
    return Source(text.encode()).call_at(span)


@pytest.mark.parametrize(
    ("head", "expression", "library", "text"),
    [
        ("import cv2", "cv2.resize(a, (1, 2))", "cv2", "cv2.resize"),
        ("import numpy as np", "np.linalg.norm(a)", "numpy", "np.linalg.norm"),
        ("from scipy.ndimage import zoom as z", "z(a)", "scipy", "z"),
        ("import os", "a.astype(int)", "numpy", "a.astype"),
        ("import cairo", "context.stroke()", "cairo", "context.stroke"),
        ("import av", "stream.encode(frame)", "av", "stream.encode"),
        ("import os", "text.encode()", "", "text.encode"),
        ("from .draw import line", "line(1)", "", "line"),
        ("import cv2", "f(1)(2)[3].save()", "", "f(…)(…)[…].save"),
        ("import os", "(a + b).save()", "", "(…).save"),
    ],
)
def test_a_call_has_its_text_and_its_library(
    head: str, expression: str, library: str, text: str
) -> None:
    call = call_of(f"{head}\nx = 1\ny = {expression}\n", expression)
    assert (call.text, call.library) == (text, library)


def test_a_long_call_is_shortened_at_its_beginning() -> None:
    text = call_of(f"{'a' * 90}.save(1)\n", f"{'a' * 90}.save(1)").text
    assert len(text) == 48
    assert text.startswith("…a")
    assert text.endswith("a.save")


@pytest.mark.parametrize(
    "body",
    [b"", b"def", b"\0", b"(" * 10_000, b"-" * 50_000 + b"1", b"a" + b".a" * 50_000, b"\xff"],
)
def test_a_file_that_is_no_usual_python_has_no_calls(body: bytes) -> None:
    assert Source(body).call_at((1, 1, 0, 1)) == Call()
