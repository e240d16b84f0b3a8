"""The rules for converters: each broken rule is named."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pytest
from PIL import Image

from vrdata_generators.api import Converted, Converter, Item, Options
from vrdata_generators.checks import RuleBrokenError, check_item, check_rows

IMAGE = Image.new("L", (4, 4))
NUMBERS = itertools.count()


class Given(Converter):
    """Yields what the row says."""

    name: ClassVar[str] = "M-given"
    domain: ClassVar[str] = "given"

    def convert(self, item: Item, options: Options) -> Iterator[Any]:
        made = item.row["made"]
        yield from made(options) if callable(made) else made


class Rows(Given):
    """The same, as rows."""

    schema: ClassVar[pa.Schema | None] = pa.schema([("n", pa.int8())])


def item(made: Any) -> Item:
    return Item(0, "t#0", {"t": Path("t")}, {"made": made})


def sample(**change: Any) -> Converted:
    fields: dict[str, Any] = {"first": IMAGE, "prompt": "x"}
    return Converted(**fields | change)


def test_a_sample_has_rgb_images() -> None:
    made = check_item(Given(), item([sample(final=IMAGE)]))
    assert (made.first.mode, made.final.mode) == ("RGB", "RGB")


def test_options_reach_the_converter() -> None:
    made = check_item(Given(), item(lambda options: [sample(prompt=options["p"])]), {"p": "y"})
    assert made.prompt == "y"


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ([], "gives 0 results"),
        ([sample(), sample()], "gives 2 results"),
        ([{}], "gives dict, not a Converted"),
        ([sample(prompt="\u200b")], "the prompt is blank"),
        ([sample(first=b"x")], "an image cannot be read"),
        ([sample(final=b"x")], "an image cannot be read"),
        ([sample(metadata={"a": (1,)})], "a round trip through JSON changes the values"),
        (lambda _: [sample(goal=str(next(NUMBERS)))], "a different sample for the same item"),
        (
            lambda _: [sample(first=Image.new("L", (4, 4), next(NUMBERS)))],
            "a different sample for the same item",
        ),
    ],
)
def test_a_broken_rule_is_named(made: Any, words: str) -> None:
    with pytest.raises(RuleBrokenError) as caught:
        check_item(Given(), item(made))
    assert words in str(caught.value)


def test_the_error_of_the_converter_is_not_hidden() -> None:
    with pytest.raises(ValueError, match="no answer"):
        check_item(Given(), item(lambda _: int("no answer")))


def test_rows_are_those_of_the_schema() -> None:
    assert check_rows(Rows(), item([{"n": 1}, {}])) == [{"n": 1}, {"n": None}]


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ([{"m": 1}], "the schema has no column m"),
        ([{"n": "x"}], "a row does not fit the schema"),
        ([{"n": 300}], "a row does not fit the schema"),
        ([[1]], "a row is not a dict"),
        (lambda _: [{"n": next(NUMBERS) % 100}], "different rows for the same item"),
    ],
)
def test_a_wrong_row_is_refused(made: Any, words: str) -> None:
    with pytest.raises(RuleBrokenError) as caught:
        check_rows(Rows(), item(made))
    assert words in str(caught.value)


def test_a_converter_of_samples_has_no_rows() -> None:
    with pytest.raises(RuleBrokenError, match="no schema"):
        check_rows(Given(), item([]))
