"""Run the script of a pipeline in its working folder."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from vrdata_child import declared
from vrdata_child.pipeline import folders, importing
from vrdata_child.pipeline.calls import Calls
from vrdata_child.pipeline.items import Files, arguments_of
from vrdata_child.pipeline.source import Changes
from vrdata_child.pipeline.walk import ItemOf, Reports, Walk
from vrdata_child.raised import ScriptExitError
from vrdata_child.run.lazy import DependentSamplesError
from vrdata_child.run.leaving import forget_exit_handlers, leave_script

MAIN = "__main__"


def streams(load: Mapping[str, Any]) -> bool:
    """Whether a pipeline reports each sample before it generates the next one."""
    return load["kind"] == "pipeline" and load["pipeline"].get("step") is not None


def slices(load: Mapping[str, Any]) -> bool:
    """Whether it is proven that a pipeline gives the same samples without those before them."""
    return streams(load) and not load["pipeline"].get("whole")


def run_slice(
    load: Mapping[str, Any], request: Mapping[str, Any], out: Path, reports: Reports
) -> None:
    """Walk over all items, and convert those of a block.

    Args:
        load: the `load` packet.
        request: the `block` packet.
        out: the block's output folder.
        reports: receives each sample.

    Raises:
        EnoughSamples: the samples of the block are reported.
        DependentSamplesError: the block would begin in the middle of a walk without slices.
        BaseException: whatever the script raises, except a normal exit.
    """
    if request["position"] and not slices(load):
        raise DependentSamplesError
    step, start = load["pipeline"]["step"], request["start"]
    walk = Walk(
        range(start + request["position"], start + min(request["want"], request["count"])),
        out,
        out.parent / "log.txt",
        frozenset(load["pipeline"].get("files", ())),
        reports,
        _item_of(step.get("item", ""), out.parent),
    )
    changes = Changes(_roots(load, out), step["module"], step["name"])
    try:
        _run(load, request["args"], out, changes, walk.step)
    except Exception:  # also of code that expects a sample after a walk that converts none
        walk.count()
        raise
    walk.end()


def run_whole(load: Mapping[str, Any], args: Sequence[str], out: Path) -> None:
    """Run the script from its start to its end.

    Args:
        load: the `load` packet.
        args: further flags.
        out: the block's output folder.

    Raises:
        BaseException: whatever the script raises, except a normal exit.
    """
    changes = Changes(_roots(load, out))
    if not load.get("watched"):
        _run(load, args, out, changes, lambda original: original)
        return
    calls = Calls(load["root"], out)
    try:
        with calls.watching():
            _run(load, args, out, changes, lambda original: original)
    finally:
        calls.write(out.parent)


def _item_of(expression: str, folder: Path) -> ItemOf:
    """Names the item of a call of the step by the file that an expression of its arguments is."""
    if not expression:
        return lambda _step, _args, _options: ""
    files = Files(folder, Path.cwd())

    def item_of(step: Callable[..., Any], args: tuple[Any, ...], options: Mapping[str, Any]) -> str:
        return files.named(arguments_of(step, args, options)).get(expression, "")

    return item_of


def _roots(load: Mapping[str, Any], out: Path) -> dict[str, str]:
    return folders.moved_roots(out.parent, load["pipeline"].get("roots", ()))


def _run(
    load: Mapping[str, Any],
    args: Sequence[str],
    out: Path,
    changes: Changes,
    step: Callable[[Callable[..., Any]], Callable[..., Any]],
) -> None:
    pipeline, root = load["pipeline"], load["root"]
    folders.settle(out.parent, Path.cwd(), out, changes.roots, pipeline.get("output", ""))
    declared.install(out.parent)
    importing.install(root, changes, step)
    script = Path(root) / pipeline["script"]
    flags = load["flags"]
    sys.argv = [str(script)]
    for flag, value in ((flags.get("samples"), load["samples"]), (flags.get("output"), out)):
        if flag:
            sys.argv += [flag, str(value)]
    sys.argv += args
    sys.path[:0] = [str(script.parent), root]
    forget_exit_handlers()
    try:
        importing.run_main(script, changes)
    except SystemExit as ending:
        if ending.code not in (None, 0):
            raise ScriptExitError.of(ending) from None
    leave_script()
