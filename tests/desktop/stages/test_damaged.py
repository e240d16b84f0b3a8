"""Datasets with damaged files, or without values: one error with what to do, no dataset."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from support.cli import called
from support.desktop.made import write_sessions
from support.desktop.sequences import stages
from vrdata.desktop.tables.reading import open_splits
from vrdata.desktop.tables.schemas import BINS, EVENTS, SEQUENCES
from vrdata.desktop.tables.writing import DatasetWriter

Rows = list[dict[str, Any]]
NEXT = {"events": "bins", "bins": "sequences", "sequences": "report"}
STAGES = {"events": EVENTS, "bins": BINS, "sequences": SEQUENCES}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write_sessions(folder / "recordings", ["a.mcap"], seconds=2)
    return stages(folder, "--sequence_length", 4).parent


def unchanged(_: Rows) -> None:
    """The same rows."""


def copied(source: Path, folder: Path, change: Callable[[Rows], None]) -> Path:
    """The split train with changed rows."""
    (split,) = open_splits(source, pa.schema([]))
    rows = pa.Table.from_batches(list(split.batches())).to_pylist()
    change(rows)
    schema = split.schema.remove_metadata()
    with DatasetWriter(folder, schema, overwrite=False) as writer:
        for row in rows:
            writer.split("train").add(tuple(row[name] for name in schema.names), 100)
        writer.finish({})
    return folder


def refused(stage: str, source: Path, out: Path) -> str:
    """The error of the next command, which writes nothing."""
    where = ("report", source) if stage == "sequences" else (NEXT[stage], "-i", source)
    done = called("desktop", *where, "-o", out)
    assert (done.code, "fix:" in done.err, out.exists()) == (3, True, False), done.err
    return done.err


@pytest.mark.parametrize(
    ("stage", "path"),
    [
        *(("events", name) for name in ("file_path", "timestamp_ns", "message_type", "msg")),
        *(("bins", name) for name in ("file_path", "bin_idx", "timestamp_ns", "actions")),
        ("sequences", "metadata"),
        ("sequences", "metadata.file_path"),
        ("sequences", "metadata.start_bin_idx"),
        ("sequences", "metadata.end_timestamp_ns"),
        ("sequences", "image_refs.0"),
        ("sequences", "image_refs.0.path"),
        ("sequences", "image_refs.0.bin_idx"),
        ("sequences", "encoded_events.0"),
    ],
)
def test_a_cell_without_a_value_is_named(made: Path, tmp_path: Path, stage: str, path: str) -> None:
    def change(rows: Rows) -> None:
        # A keyboard or mouse event, as others are not used.
        cell: Any = rows[
            next((at for at, one in enumerate(rows) if one.get("topic") == "mouse"), 0)
        ]
        *before, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
        for part in before:
            cell = cell[part]
        cell[last] = None

    source = copied(made / stage, tmp_path / "changed", change)
    assert path.partition(".")[0] in refused(stage, source, tmp_path / "out")


@pytest.mark.parametrize(
    "actions",
    [
        b'[{"topic": "keyboard", "timestamp_ns": 1, "message_type": "x", "msg": 5}]',
        b'[{"topic": "keyboard", "timestamp_ns": 1, "message_type": null, "msg": "{}"}]',
        b'[{"topic": 1, "timestamp_ns": 1, "message_type": "x", "msg": "{}"}]',
        b"5",
    ],
)
def test_actions_that_are_no_events_are_refused(made: Path, tmp_path: Path, actions: bytes) -> None:
    source = copied(made / "bins", tmp_path / "b", lambda rows: rows[2].update(actions=actions))
    assert "the actions of a bin cannot be read" in refused("bins", source, tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("recordings.jsonl", '{"a":'),
        ("recordings.jsonl", "[]\n"),
        ("recordings.jsonl", '{"file_path": "a", "split": []}\n'),
        ("train/state.json", '{"_data_files": null}'),
        ("train/state.json", '{"_data_files": [5]}'),
        ("train/state.json", '{"_data_files": [{}]}'),
        ("train/state.json", "[" * 100_000),
        ("dataset_dict.json", '{"splits": 5}'),
        ("dataset_dict.json", '{"splits": []}'),
        ("dataset_dict.json", '{"splits": ["train", "train"]}'),
    ],
)
def test_a_damaged_description_is_refused(made: Path, tmp_path: Path, name: str, text: str) -> None:
    source = copied(made / "bins", tmp_path / "b", unchanged)
    (source / name).write_text(text)
    assert str(source) in refused("bins", source, tmp_path / "out")


@pytest.mark.parametrize("stage", ["events", "bins", "sequences"])
def test_a_damaged_table_ends_no_process(made: Path, tmp_path: Path, stage: str) -> None:
    source = copied(made / stage, tmp_path / "changed", unchanged)
    (data,) = (source / "train").glob("*.arrow")
    body, random_ = data.read_bytes(), random.Random(stage)  # noqa: S311
    for _ in range(600):
        wrong = bytearray(body)
        for _ in range(3):
            wrong[random_.randrange(min(len(wrong), 9000))] = random_.randrange(256)
        data.write_bytes(wrong)
        try:
            for split in open_splits(source, STAGES[stage]):
                for batch in split.batches():
                    batch.to_pylist()
        except Exception as error:  # noqa: BLE001 - any other class is a failure
            assert type(error).__name__ == "InvalidInputError"  # noqa: PT017


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", 5, ["a"]])
def test_the_name_of_an_only_split_cannot_lead_out_of_the_dataset(
    made: Path, tmp_path: Path, name: object
) -> None:
    source = copied(made / "bins", tmp_path / "b", unchanged) / "train"
    state = json.loads((source / "state.json").read_text())
    (source / "state.json").write_text(json.dumps(state | {"_split": name}))
    if isinstance(name, str):
        assert "names the split" in refused("bins", source, tmp_path / "out/out")
        assert not (tmp_path / "out/evil").exists()
    else:
        assert called("desktop", "sequences", "-i", source, "-o", tmp_path / "out").code == 0


def test_a_file_with_other_columns_is_named(made: Path, tmp_path: Path) -> None:
    source = copied(made / "bins", tmp_path / "b", unchanged)
    other = copied(made / "events", tmp_path / "e", unchanged)
    (wrong,) = (other / "train").glob("*.arrow")
    (source / "train/x.arrow").write_bytes(wrong.read_bytes())
    state = json.loads((source / "train/state.json").read_text())
    state["_data_files"].append({"filename": "x.arrow"})
    (source / "train/state.json").write_text(json.dumps(state))
    assert f"{source}/train/x.arrow is damaged" in refused("bins", source, tmp_path / "out")


def test_sequences_of_open_world_agents_are_refused_with_what_to_do(tmp_path: Path) -> None:
    meta = {"file_path": "a.mcap", "sequence_idx": 0, "start_bin_idx": 0, "end_bin_idx": 1}
    refs = {"path": ["a.mkv"], "pts": [0], "utc_ns": [0], "timestamp_ns": [0], "bin_idx": [0]}
    row = {"instruction": "x", "encoded_events": ["x"], "image_refs": refs, "metadata": meta}
    schema = pa.Table.from_pylist([row]).schema
    with DatasetWriter(tmp_path / "s", schema, overwrite=False) as writer:
        writer.split("train").add(tuple(row.values()), 100)
        writer.finish({})
    error = refused("sequences", tmp_path / "s", tmp_path / "out")
    assert "its column image_refs" in error
    assert "vrdata desktop" in error
