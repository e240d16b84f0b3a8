"""One block in its own process: run the generator and report each sample."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from vrdata_child.hermetic import process as hermetic
from vrdata_child.hermetic.folders import SampleFolder
from vrdata_child.limits import allow_more_files
from vrdata_child.pipeline import run as pipeline
from vrdata_child.raised import describe
from vrdata_child.report import Reporter
from vrdata_child.run.journal import Journal, restore_videos
from vrdata_child.run.lazy import DependentSamplesError, EnoughSamples
from vrdata_child.run.repository import run_script
from vrdata_child.run.watch import Watch
from vrdata_child.sample.finish import BlockFacts
from vrdata_child.sampler import sampled_block

COLLECT_SECONDS = 300  # for the finished samples of a killed process
Send = Callable[[dict[str, Any]], None]


def run_block(load: dict[str, Any], request: dict[str, Any], send: Send) -> int:
    """Generate a block as the `load` and `block` packets request; returns the exit code.

    If `position` is not 0, the samples before it are done: the block continues after a
    failed one.
    With a `collect` packet, report what the killed process of the block has finished.
    """
    # Resolved, as a working directory is: only this spelling of the path is removed from content.
    folder = Path(request["dir"]).resolve()
    facts = BlockFacts(
        generator=load["name"],
        block=request["block"],
        seed=request["seed"],
        start=request["start"],
        folder=folder,
        video=load["video"],
        root=load["root"],
        hash_frames=bool(load.get("hashFrames")),
        rows=bool(load.get("rows")),
        items=load.get("items", ""),
    )
    reporter = Reporter(load, request, facts, send)
    error: dict[str, str] | None = None
    try:
        if request["cmd"] == "collect":
            _collect(reporter, folder)
        else:
            out = hermetic.enter_block(facts.seed, folder, load["root"])
            with sampled_block(folder, enabled=bool(load.get("profile"))):
                _generate(load, request, reporter, out)
    except (EnoughSamples, DependentSamplesError):
        pass
    except BaseException as raised:  # noqa: BLE001 - foreign code; its error is sent
        error = describe(raised)
    sys.stdout.flush()
    sys.stderr.flush()
    send({"event": "end", "block": facts.block, "error": error} | reporter.summary())
    return 0 if error is None else 1


def _collect(reporter: Reporter, folder: Path) -> None:
    signal.alarm(COLLECT_SECONDS)
    restore_videos(folder)
    reporter.end_killed()


def _generate(load: dict[str, Any], request: dict[str, Any], reporter: Reporter, out: Path) -> None:
    if pipeline.streams(load):
        _generate_slice(load, request, reporter, out)
        return
    if load["kind"] not in {"repository", "pipeline"}:
        _generate_each(load, request, out, reporter)
        return
    journal = Journal(out.parent)
    journal.remember_videos()
    watch = Watch(out, journal)
    watch.install()
    reporter.follow(journal, watch.pause)

    try:
        _run(load, request, reporter, out, journal)
    except (EnoughSamples, DependentSamplesError):
        raise
    except BaseException as error:
        allow_more_files()
        watch.ended_by(error)
        with watch.pause():
            reporter.end_early()
        raise
    journal.script_ended()
    with watch.pause():
        reporter.end()


def _run(
    load: dict[str, Any], request: dict[str, Any], reporter: Reporter, out: Path, journal: Journal
) -> None:
    if load["kind"] == "pipeline":
        pipeline.run_whole(load, request["args"], out)
        return
    run_script(
        load["root"],
        load["flags"],
        seed=request["seed"],
        count=request["count"],
        out=out,
        args=request["args"],
        stream=reporter if load["mode"] == "stream" else None,
        journal=journal,
    )


def _generate_slice(
    load: dict[str, Any], request: dict[str, Any], reporter: Reporter, out: Path
) -> None:
    try:
        pipeline.run_slice(load, request, out, reporter)
    except (EnoughSamples, DependentSamplesError):
        raise
    except BaseException:
        allow_more_files()
        reporter.end_early()
        raise


def _generate_each(
    load: dict[str, Any], request: dict[str, Any], out: Path, reporter: Reporter
) -> None:
    """Generate samples one by one: if one raises, the others are not affected."""
    make = _maker(load, request, out)
    for position in reporter.positions(min(request["want"], request["count"])):
        try:
            sample = make(position)
        except MemoryError:
            reporter.end_early()
            raise  # the supervisor decides whether a retry gets more
        except (Exception, SystemExit) as error:  # noqa: BLE001 - foreign code; it is sent
            reporter.failed(describe(error))
        else:
            reporter.report(sample)


def _maker(
    load: dict[str, Any], request: dict[str, Any], out: Path
) -> Callable[[int], SampleFolder]:
    """What makes the sample of a position."""
    if load["kind"] == "converter":
        from vrdata_child.run import converter

        found = converter.load(load)
        return converter.Conversion(found, out.parent, out, request["args"]).convert

    from vrdata_child.run import firstparty

    return partial(
        firstparty.generate_sample,
        firstparty.load(load["name"], load["kind"], load["root"]),
        request["seed"],
        out=out,
        hash_frames=bool(load.get("hashFrames")),
    )


def leave(code: int) -> None:
    """End the forked process without the exit handlers of the template."""
    os._exit(code)
