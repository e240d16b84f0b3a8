"""Find the moved folders, the output folder and the step of a pipeline. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import PurePosixPath

from vrdata.plan.pipelines import Step
from vrdata_generators.adapter.pipeline.seen import Function, Made, Seen, in_order

MAX_STEPS = 4  # candidates that are tried
MAX_EXPRESSION = 100  # characters
_SYSTEM = {"bin", "dev", "etc", "lib", "lib32", "lib64", "opt", "proc", "run", "sbin", "sys", "usr"}
_LINKED = "root/"  # in a block's folder: moved folders


def roots_of(seen: Seen) -> tuple[str, ...]:
    """Absolute folders in the code that the script looked for, and that no system has.

    Args:
        seen: of a trial in which no folder was moved.
    """
    found = {
        path.rstrip("/")
        for path in seen.paths
        if _is_folder(path) and any(_below(touched, path.rstrip("/")) for touched in seen.touched)
    }
    return tuple(
        sorted(one for one in found if not any(_below(one, other) for other in found - {one}))
    )


def _is_folder(path: str) -> bool:
    parts = PurePosixPath(path).parts
    plain = not any(ord(letter) < 32 for letter in path) and ".." not in parts
    return plain and len(parts) > 2 and parts[1] not in _SYSTEM and parts[:2] != ("/", "tmp")


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def output_of(seen: Seen) -> str:
    """Where the script writes its samples, if it is not the folder that it gets; "" = it is."""
    folders = [PurePosixPath(made.folder) for made in seen.samples]
    if not folders or any(folder.parts[0] == "out" for folder in folders):
        return ""
    common = folders[0].parent
    while not all(common in folder.parents for folder in folders):
        common = common.parent
    if all(folder.parent == common for folder in folders) and len(common.parts) > 2:
        common = common.parent  # `{domain}_task`; never the working folder itself
    kind, *rest = common.parts
    return "/".join(rest) if kind == "cwd" else f"/{'/'.join(rest)}"


def steps_of(seen: Seen) -> tuple[Step, ...]:
    """Functions that are called once for each sample, by one caller; the best candidate first.

    One that gets a growing index is better, then the one that takes the most time.
    """
    made = [one for one in in_order(seen) if one.names]
    found = sorted(_ranked(seen.functions, made), key=lambda one: one[0], reverse=True)
    steps = (one for _, one in found[:MAX_STEPS])
    return tuple(Step(module=one.module, name=one.name, item=item_of(one)) for one in steps)


def item_of(function: Function) -> str:
    """The first expression of its arguments that is another file or folder in each call, or ""."""
    calls = function.calls
    for expression in calls[0].named:
        found = {call.named.get(expression, "") for call in calls}
        plain = len(expression) <= MAX_EXPRESSION and expression.isprintable()
        if plain and len(found) == len(calls) and "" not in found:
            return expression
    return ""


def _ranked(
    functions: list[Function], made: list[Made]
) -> Iterator[tuple[tuple[bool, float], Function]]:
    for one in functions:
        if _once_each(one, made) and "<" not in one.name:
            yield (_is_indexed(one), sum(call.seconds for call in one.calls)), one


def _once_each(function: Function, made: list[Made]) -> bool:
    """Whether exactly one call begins for each sample before it is made."""
    calls = function.calls
    if len(made) < 2 or len({call.caller for call in calls}) != 1:
        return False
    if any(call.end == 0 for call in calls[:-1]):  # it calls itself, or was left in the middle
        return False
    number = 0
    for this, following in pairwise([*made, None]):
        if this is None or number >= len(calls) or calls[number].begin > this.time:
            return False
        while number < len(calls) and calls[number].begin < this.time:
            number += 1
        if following is not None and number < len(calls) and calls[number].begin > following.time:
            return False
    return len(calls) >= len(made)


def _is_indexed(function: Function) -> bool:
    calls = function.calls
    return any(
        all(
            name in later.numbers and later.numbers[name] >= earlier.numbers[name] + 1
            for earlier, later in pairwise(calls)
        )
        for name in calls[0].numbers
    )
