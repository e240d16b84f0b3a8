"""What the commands of `vrdata desktop` share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from vrdata.cli.common import Output, print_json, stderr, stdout
from vrdata.errors import UsageError
from vrdata.text import count

if TYPE_CHECKING:
    from vrdata.desktop.stages.result import StageResult

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # a path has no second slash any more
PACKAGES = ("mcap", "orjson", "pyarrow", "zstandard", "lz4")

InputOption = Annotated[
    Path,
    typer.Option(
        "--input_dir", "--input-dir", "-i", help="Dataset of the previous stage.",
        show_default=False,
    ),
]  # fmt: skip
OutputDirOption = Annotated[
    Path,
    typer.Option(
        "--output_dir", "--output-dir", "-o", help="Folder to create.", show_default=False
    ),
]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace the dataset in the output folder.")
]
TestPercentOption = Annotated[
    str,
    typer.Option(
        "--test_percent",
        "--test-percent",
        "-p",
        help="Fraction of recordings in the test split, 0 to 1.",
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", help="Seed for the choice of the test split.")]
FormatOption = Annotated[
    Output, typer.Option("--output-format", help="How to print the result: table or json.")
]


def require_folder(path: Path, option: str) -> None:
    """Refuse what is not a folder of this machine.

    Raises:
        UsageError: the path is empty or a URL.
    """
    if not str(path).strip():
        raise UsageError(f"{option} is empty", fix="name a folder")
    if _URL.match(str(path)):
        raise UsageError(
            f"{option} is not a folder of this machine",
            why="datasets.load_from_disk and the next stage read a dataset from a disk",
            fix="name a folder, and copy it with `vrdata upload` or `vrdata download`; or run the "
            "stages as converters (docs/desktop-cluster.md), which read and write buckets",
        )


class ManyValues(TyperCommand):
    """A command of which some options take many values: `--rate mouse=60 screen=20`."""

    options = ("--rate", "-r")

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As usual, with the option repeated before each further value."""
        return super().parse_args(ctx, list(repeated(args, self.options)))


def repeated(args: Sequence[str], options: Sequence[str]) -> Iterator[str]:
    """Arguments in which each value `NAME=VALUE` of some options has its option before it."""
    current, has_value = "", False
    for arg in args:
        if arg.startswith("-"):
            name, attached, _ = arg.partition("=")
            current, has_value = (name, bool(attached)) if name in options else ("", False)
        elif current:
            if has_value and "=" in arg:
                yield current
            has_value = True
        yield arg


def print_result(result: StageResult, output: Output, unit: str) -> None:
    """Print what a stage wrote: its rows by split."""
    if output is Output.JSON:
        print_json({"output": str(result.output)} | result.to_dict())
        return
    rows = ", ".join(f"{name} {count(rows, unit)}" for name, rows in result.rows.items())
    stdout.print(f"{count(result.recordings, 'recording')}: {rows}", markup=False)
    stdout.print(str(result.output), markup=False)


def warn_absent(topics: Sequence[str], source: object) -> None:
    """Name topics without events: they can be misspelled."""
    if topics:
        stderr.print(f"warning: {source} has no events of {', '.join(topics)}", markup=False)
