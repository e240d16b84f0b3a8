"""The rows of one recording in a run: those of the commands, whatever the options."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from support.cli import called
from support.desktop.chain import rows_of
from support.desktop.made import session, write_recording
from vrdata.desktop.chain.bins import COLUMNS as OF_EVENTS
from vrdata.desktop.chain.bins import BinOptions, bin_rows
from vrdata.desktop.chain.columns import FACTS, with_facts
from vrdata.desktop.chain.events import event_rows, rates_of
from vrdata.desktop.chain.sequences import COLUMNS as OF_BINS
from vrdata.desktop.chain.sequences import RunOptions, sequence_rows
from vrdata_generators.api import Item
from vrdata_generators.registry import get_converter

CASES: dict[str, tuple[list[dict[str, str]], list[tuple[object, ...]]]] = {
    "defaults": ([{}, {}, {}], [(), (), ()]),
    "all events, short tail": (
        [
            {"rate": "none"},
            {"fps": "30000/1001", "keep_topic": "screen,mouse"},
            {"sequence_length": "7", "overlap_ratio": "0", "tail": "short", "encoder": "json"},
        ],
        [
            ("--rate", "none"),
            ("--fps", "30000/1001", "--keep_topic", "screen", "--keep_topic", "mouse"),
            ("--sequence_length", 7, "--overlap_ratio", 0, "--tail", "short", "--encoder", "json"),
        ],
    ),
    "tokens, window": (
        [
            {"rate": "mouse=30,keyboard=5"},
            {"fps": "5"},
            {
                "encoder": "hierarchical",
                "instruction_from": "window",
                "unique_images": "true",
                "tail": "drop",
                "sequence_length": "4",
            },
        ],
        [
            ("--rate", "mouse=30", "keyboard=5"),
            ("--fps", "5"),
            ("--encoder", "hierarchical", "--instruction_from", "window", "--unique_images",
             "--tail", "drop", "--sequence_length", 4),
        ],
    ),
}  # fmt: skip


def chained(path: Path, options: list[dict[str, str]]) -> list[list[dict[str, Any]]]:
    """The rows of all stages."""
    events = list(event_rows(path, str(path), None, rates_of(options[0])))
    of_events = (tuple(row.get(name) for name in OF_EVENTS) for row in events)
    bins = list(bin_rows(of_events, BinOptions.of(options[1])))
    of_bins = (tuple(row[name] for name in OF_BINS) for row in bins)
    facts = json.loads(bins[-1][FACTS])
    return [events, bins, list(sequence_rows(of_bins, facts, RunOptions.of(options[2])))]


@pytest.mark.parametrize("case", CASES)
def test_the_rows_are_those_of_the_commands(tmp_path: Path, case: str) -> None:
    options, arguments = CASES[case]
    path = write_recording(tmp_path / "recordings/a.mcap", session(seconds=3))
    source: Path = path.parent
    for number, stage in enumerate(("events", "bins", "sequences")):
        given = "-i" if number else "-tr"
        done = called("desktop", stage, given, source, "-o", tmp_path / stage, *arguments[number])
        assert done.code == 0, done.err
        source = tmp_path / stage
        rows = [
            {name: row[name] for name in row if name != FACTS}
            for row in chained(path, options)[number]
        ]
        (table,) = rows_of(source, stage).values()
        assert pa.Table.from_pylist(rows, table.schema).equals(table)


def test_the_last_row_has_the_facts() -> None:
    rows: list[dict[str, Any]] = [{"a": 1}, {"a": 2}, {"a": 3}]
    seen: list[int] = []

    def following() -> Iterator[dict[str, Any]]:
        for row in rows:
            seen.append(row["a"])
            yield row

    found = list(with_facts(following(), lambda: {"rows": len(seen)}))
    assert found == [*rows[:2], {"a": 3, FACTS: '{"rows":3}'}]
    assert list(with_facts([], dict)) == []


NAMED: list[tuple[Callable[[dict[str, str]], object], dict[str, str], str]] = [
    (rates_of, {"rates": "mouse=60"}, "there is no option rates: the options are rate"),
    (rates_of, {"rate": "60"}, "option rate: --rate '60' is not TOPIC=RATE"),
    (BinOptions.of, {"fps": "0"}, "option fps: fps: '0' is not a positive number"),
    (RunOptions.of, {"overlap_ratio": "1"}, "option overlap_ratio: --overlap_ratio 1 never"),
    (RunOptions.of, {"sequence_length": "0"}, "option sequence_length: '0' is not a whole number"),
    (RunOptions.of, {"tail": "cut"}, "option tail: 'cut' is not one of aligned, short, drop"),
    (RunOptions.of, {"unique_images": "1"}, "option unique_images: '1' is neither true nor false"),
    (RunOptions.of, {"encoder": "x"}, "option encoder: 'x' is not one of textual, json"),
]


@pytest.mark.parametrize(("parse", "options", "message"), NAMED)
def test_an_invalid_option_is_named(
    parse: Callable[[dict[str, str]], object], options: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        parse(options)


def test_rows_that_are_not_of_one_recording_in_order_are_refused() -> None:
    options, cut = BinOptions.of({}), RunOptions.of({})
    events = [("a", 5, "mouse", "t", b"{}", None), ("b", 6, "mouse", "t", b"{}", None)]
    with pytest.raises(ValueError, match="several recordings"):
        list(bin_rows(events, options))
    events = [("a", 5, "mouse", "t", b"{}", None), ("a", 4, "mouse", "t", b"{}", None)]
    with pytest.raises(ValueError, match="not in the order of time"):
        list(bin_rows(events, options))
    bins = [("a", 0, 0, None, b"[]"), ("a", 2, 0, None, b"[]")]
    with pytest.raises(ValueError, match="not in order"):
        list(sequence_rows(bins, None, cut))


def test_an_item_without_one_recording_says_what_to_include(tmp_path: Path) -> None:
    converter = get_converter("M-desktop-events")
    item = Item(0, "a.mkv", {"a.mkv": tmp_path / "a.mkv"})
    with pytest.raises(ValueError, match=r'this one has 0: set source.include to \["\*.mcap"\]'):
        list(converter.convert(item, {}))


@pytest.mark.parametrize("stage", ["bins", "sequences"])
def test_an_item_of_another_source_is_refused(tmp_path: Path, stage: str) -> None:
    converter = get_converter(f"M-desktop-{stage}")
    with pytest.raises(ValueError, match="is not an item of a run"):
        list(converter.convert(Item(0, "a.mcap", {"a.mcap": tmp_path / "a.mcap"}), {}))
