"""Desktop stages 1 to 3 on two hours of recording, and a filter of the whole table for each bin."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.imports.tree_peaks import tree_peaks
from benchmarks.measure import Goal, Options, Row

SMALL, LARGE, RECORDING = 20_000, 40_000, 1_000_000
EVENTS_PER_SECOND = 139  # a million in two hours
FPS, LENGTH = 10, 32
FASTER = Goal(20.0, at_least=True)
GROWTH = Goal(3.0, at_least=True)
MEMORY = Goal(300.0, at_least=False, unit=" MiB")


def rows(options: Options) -> Iterator[Row]:
    """Measure once: the long recording takes most of a minute, and the ratios are large."""
    del options
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seconds, peaks = _stages(folder, RECORDING)
        small, large = (_filtered(folder, number) for number in (SMALL, LARGE))
    shown = " + ".join(f"{peak:.0f}" for peak in peaks)
    yield Row("desktop.memory", f"largest peak of the stages ({shown} MiB)", MEMORY, (max(peaks),))
    yield Row("desktop.growth", "filter for each bin, twice the events", GROWTH, (large / small,))
    whole = large * (RECORDING / LARGE) ** 2
    yield Row(
        "desktop.faster",
        f"filter for each bin ({large:.1f} s at {LARGE}, so {whole:.0f} s at {RECORDING}) "
        f"/ stages 1 to 3 ({seconds:.1f} s)",
        FASTER,
        (whole / seconds,),
    )


def _stages(folder: Path, events: int) -> tuple[float, list[float]]:
    """Seconds of the three commands together, and the resident peak of each in MiB."""
    from support.cli import command

    _write(folder / "in" / "a.mcap", events)
    steps = (
        ("events", "--train_dir", folder / "in", "--output_dir", folder / "e", "--rate", "none"),
        ("bins", "--input_dir", folder / "e", "--output_dir", folder / "b", "--fps", FPS),
        ("sequences", "--input_dir", folder / "b", "--output_dir", folder / "s"),
    )
    start = time.perf_counter()
    peaks = [sum(tree_peaks(command("desktop", *step))) / 2**20 for step in steps]
    return time.perf_counter() - start, peaks


def _filtered(folder: Path, events: int) -> float:
    """Seconds of reading all messages, filtering them for each bin, and cutting sequences."""
    from mcap.reader import make_reader

    path = folder / f"{events}.mcap"
    _write(path, events)
    start = time.perf_counter()
    with path.open("rb") as file:
        table = [
            {"topic": channel.topic, "time": message.log_time, "msg": message.data}
            for _, channel, message in make_reader(file).iter_messages()
        ]
    bins = _bins_by_filter(table)
    _ = [bins[at : at + LENGTH] for at in range(0, len(bins) - LENGTH + 1, LENGTH // 2)]
    return time.perf_counter() - start


def _bins_by_filter(table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    interval = 10**9 // FPS
    begin, end = table[0]["time"], table[-1]["time"]
    bins = []
    state = None
    while begin <= end:
        own = [row for row in table if begin <= row["time"] < begin + interval]
        state = next((row["msg"] for row in reversed(own) if row["topic"] == "screen"), state)
        bins.append({"state": state, "actions": [row for row in own if row["topic"] != "screen"]})
        begin += interval
    return bins


def _write(path: Path, events: int) -> None:
    from support.desktop.made import Made, screen_fields, write_recording

    draw = random.Random(0)  # noqa: S311 - reproducible
    step = 10**9 // EVENTS_PER_SECOND

    def made() -> Iterator[Made]:
        for number in range(events):
            at = number * step
            if number % 10 == 0:
                fields = screen_fields("0.5.1", at, "a.mkv")
                yield Made("screen", "desktop/ScreenCaptured", at, fields)
            else:
                place = {"x": draw.randrange(1920), "y": draw.randrange(1080)}
                yield Made("mouse", "desktop/MouseEvent", at, {"event_type": "move", **place})

    write_recording(path, made())
