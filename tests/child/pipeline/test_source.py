"""The code of a pipeline is changed when it is compiled."""

from __future__ import annotations

import builtins
from typing import Any

import pytest

from vrdata_child.pipeline.source import STEP, Changes, compiled, moved

ROOTS = {"/home/ubuntu/vbvr/deep": "/b/root/deep", "/home/ubuntu/vbvr": "/b/root/vbvr"}


def run(source: str, changes: Changes, module: str = "src.loop") -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": module}
    exec(compiled(source.encode(), "/repo/loop.py", module, changes), names)  # noqa: S102
    return names


@pytest.mark.parametrize(
    ("path", "now"),
    [
        ("/home/ubuntu/vbvr", "/b/root/vbvr"),
        ("/home/ubuntu/vbvr/raw/a.png", "/b/root/vbvr/raw/a.png"),
        ("/home/ubuntu/vbvr/deep/a", "/b/root/deep/a"),
        ("/home/ubuntu/vbvr2", "/home/ubuntu/vbvr2"),
        ("raw", "raw"),
    ],
)
def test_a_path_below_a_moved_folder_moves_with_it(path: str, now: str) -> None:
    assert moved(path, ROOTS) == now


def test_constants_move_wherever_the_code_has_them() -> None:
    source = (
        'A = "/home/ubuntu/vbvr"\n'
        'def f(x="/home/ubuntu/vbvr/raw"):\n'
        '    return f"/home/ubuntu/vbvr/{x}"\n'
    )
    names = run(source, Changes(ROOTS))
    assert names["A"] == "/b/root/vbvr"
    assert names["f"].__defaults__ == ("/b/root/vbvr/raw",)
    assert names["f"]("y") == "/b/root/vbvr/y"


@pytest.mark.parametrize(
    ("step", "expected"), [("one", (["one"], 2)), ("Two.step", (["step"], 2)), ("other", ([], 0))]
)
def test_only_the_step_is_replaced(
    step: str, expected: tuple[list[str], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced: list[str] = []

    def decorate(original: Any) -> Any:
        replaced.append(original.__name__)
        return lambda *_args: 2

    monkeypatch.setattr(builtins, STEP, decorate, raising=False)
    source = "def one():\n    return 0\nclass Two:\n    def step(self):\n        return 0\n"
    names = run(source, Changes({}, "src.loop", step))
    results = {"one": names["one"], "Two.step": names["Two"]().step, "other": lambda: 0}
    assert (replaced, results[step]()) == expected


def test_the_step_of_another_module_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(builtins, STEP, raising=False)
    names = run("def one():\n    return 0\n", Changes({}, "src.other", "one"))
    assert names["one"]() == 0


def test_line_numbers_of_changed_code_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtins, STEP, lambda original: original, raising=False)
    source = "\n\ndef one():\n    raise KeyError\n"
    names = run(source, Changes({}, "src.loop", "one"))
    with pytest.raises(KeyError) as raised:
        names["one"]()
    assert raised.traceback[-1].lineno == 3
