"""`vrdata desktop stats`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from vrdata.cli.common import Output, handle_errors, print_json, stdout
from vrdata.cli.desktop.common import PACKAGES
from vrdata.cli.desktop.events import report_facts
from vrdata.cli.failures import require
from vrdata.errors import ExitCode
from vrdata.text import count


@handle_errors
def stats_command(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder with recordings, or one .mcap file.")
    ],
    idle: Annotated[
        float, typer.Option("--idle", min=0, help="Pauses longer than this many seconds are idle.")
    ] = 5.0,
    recursive: Annotated[bool, typer.Option("--recursive", help="Also read subfolders.")] = False,
    output: Annotated[
        Output, typer.Option("--output-format", "-o", help="How to print the result.")
    ] = Output.TABLE,
) -> None:
    """Show statistics of recordings: hours, topics, input, idle time, frames, resolutions.

    Exit codes: 0 everything was read, 4 recordings or parts of them were not, 1 nothing was read.
    """
    require(PACKAGES, "vrdata desktop")
    from vrdata.desktop.recordings.folder import find_recordings
    from vrdata.desktop.stages.stats import collect

    paths = find_recordings(folder, recursive=recursive)
    stats = collect(paths, int(idle * 1e9), report_facts)
    if output is Output.JSON:
        print_json(stats.to_dict())
    else:
        stdout.print("\n".join(_lines(stats.to_dict(), idle)), markup=False)
    if stats.recordings == 0:
        raise typer.Exit(int(ExitCode.FAILED))
    if stats.failed or stats.damaged:
        raise typer.Exit(int(ExitCode.PARTIAL))


def _lines(stats: dict[str, Any], idle: float) -> list[str]:
    events = ", ".join(f"{number} {topic}" for topic, number in stats["events"].items())
    lines = [
        f"{count(stats['recordings'], 'recording')}, {stats['hours']:.2f} hours",
        f"events: {events}",
    ]
    if stats["idle_share"] is not None:
        lines += [
            f"input: {stats['inputs_per_minute']:.1f} events per minute",
            f"idle: {100 * stats['idle_share']:.1f} % in pauses longer than {idle:g} s",
            f"screens: {stats['screens']}, {stats['screens_per_second']:.1f} per second",
        ]
    sizes = ", ".join(f"{size} ({number})" for size, number in stats["resolutions"].items())
    lines.append(f"resolutions: {sizes or 'unknown'}")
    for name in ("failed", "damaged"):
        if stats[name]:
            lines.append(f"{name}: {count(stats[name], 'recording')}")
    if stats["missing_media"]:
        lines.append(f"missing: {count(stats['missing_media'], 'media file')}")
    return lines
