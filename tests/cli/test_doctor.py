"""`vrdata doctor` says in one line each what a machine has, and what it lacks."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from support.cli import vrdata
from support.services.old_kernel import LANDLOCK, LISTENER
from vrdata.cli.main import app


def doctor(*arguments: object) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(app, ["doctor", *map(str, arguments)])


def named(lines: list[str]) -> list[str]:
    """The names of the checks."""
    return [line[8:].partition(":")[0] for line in lines]


def test_each_check_has_one_line_and_the_exit_code_is_0(tmp_path: Path) -> None:
    ran = doctor("--store", tmp_path / "new", "--scratch", tmp_path / "scratch")
    lines = ran.stdout.splitlines()
    assert named(lines) == ["python", "sandbox", "machine", "scratch", "store"]
    assert all(line.startswith(("ok      ", "warning ")) for line in lines), lines
    assert ran.exit_code == 0
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_used_fails_its_check_only(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    where = tmp_path / "file" / "x"
    ran = doctor("--store", f"file://{where}", "--scratch", where)
    failed = [line for line in ran.stdout.splitlines() if line.startswith("FAILED")]
    assert named(failed) == ["scratch", "store"]
    assert all(str(where) in line for line in failed)
    assert (ran.exit_code, ran.stderr) == (1, "")


def test_an_invalid_store_fails_its_check() -> None:
    ran = doctor("--store", "ftp://host/x")
    assert ran.stdout.splitlines()[-1].startswith("FAILED  store: ftp: is not a supported kind")
    assert ran.exit_code == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lacks", "why", "fix"),
    [
        ((LANDLOCK,), "has no Landlock", "Linux 5.13"),
        ((LISTENER,), "seccomp", "allow seccomp"),
    ],
    ids=["Landlock", "listener"],
)
def test_a_kernel_that_cannot_sandbox_is_a_warning_with_reason_and_fix(
    lacks: tuple[str, ...], why: str, fix: str
) -> None:
    ran = vrdata("doctor", "-o", "json", without=lacks)
    (found,) = (one for one in ran.json if one["check"] == "sandbox")
    assert found["state"] == "warning"
    assert all(text in found["detail"] for text in ("hermetic level python", why, fix))
    assert ran.code == 0
