"""What the recipes of tests/bad/stores cannot say: a broken plan in place, a full scratch disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.cli import Ran, vrdata, write_run
from support.services.small_disk import mounted_disk

pytestmark = pytest.mark.slow


def run_to(folder: Path, out: object, *more: object, samples: int = 10, **variables: str) -> Ran:
    """A small run into a place."""
    run = write_run(folder / "run.yaml", {"O-sliding-tiles": samples}, shard_size=10)
    return vrdata("run", run, "--local", "--out", out, "--jobs", 1, *more, **variables)


def expect(ran: Ran, code: int, *words: str) -> None:
    """One error with this exit code and these words, and no traceback."""
    assert ran.code == code, ran.err
    assert ran.err.count("error:") == 1, ran.err
    assert "Traceback" not in ran.err
    assert [word for word in words if word not in ran.err] == [], ran.err


def test_a_plan_that_is_not_one_is_there(tmp_path: Path) -> None:
    plan = tmp_path / "out/default/demo/_vrdata/plan.json"
    plan.parent.mkdir(parents=True)
    plan.write_text("{")
    expect(run_to(tmp_path, tmp_path / "out"), 3, "plan.json")
    assert plan.read_text() == "{"


def test_a_full_scratch_disk_is_named(tmp_path: Path) -> None:
    with mounted_disk(tmp_path / "scratch", "size=200k") as folder:
        ran = run_to(tmp_path, tmp_path / "out", "--scratch", folder)
        assert ran.code in {1, 7}
        assert "No space left" in ran.out + ran.err
        assert not list((tmp_path / "out").rglob("*.tar"))
