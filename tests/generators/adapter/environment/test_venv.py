"""Environments, and the errors of a failed installation."""

import subprocess
import sys
from pathlib import Path

import pytest

from vrdata.errors import ExitCode, InvalidInputError, VrdataError
from vrdata_generators.adapter.environment import venv
from vrdata_generators.adapter.environment.requirements import RequirementSet
from vrdata_generators.adapter.environment.venv import VenvBuilder, install_error


def requirement_set(*lines: str) -> RequirementSet:
    return RequirementSet(lines, {})


@pytest.mark.parametrize(
    ("stderr", "named"),
    [
        (
            (
                "ERROR: Could not find a version that satisfies the requirement numpy==1.26.4 "
                "(from versions: 2.1.0)\nERROR: No matching distribution found for numpy==1.26.4\n"
            ),
            "numpy==1.26.4",
        ),
        (
            (
                "ERROR: Cannot install numpy==1.26.4 and scipy==1.17.0 because these "
                "package versions have conflicting dependencies.\n"
            ),
            "numpy==1.26.4 and scipy==1.17.0",
        ),
        ("ERROR: Could not build wheels for chess, which is required\n", "chess"),
    ],
)
def test_the_requirement_that_cannot_be_installed_is_named(stderr: str, named: str) -> None:
    error = install_error(stderr)
    assert isinstance(error, InvalidInputError)
    assert f"requirement {named} cannot" in error.what
    assert "requirements.txt" in error.fix


def test_another_failure_is_not_attributed_to_the_generator() -> None:
    error = install_error("line\n" * 50 + "ConnectionError: no route\n")
    assert error.exit_code == ExitCode.FAILED
    assert "no route" in error.why
    assert len(error.why.splitlines()) <= 8


def test_a_failed_environment_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(command: list[str]) -> subprocess.CompletedProcess[str]:
        if "venv" in command:
            Path(command[-1]).mkdir()
            return subprocess.CompletedProcess(command, 0, "", "")
        return subprocess.CompletedProcess(command, 1, "", "No matching distribution found for x")

    monkeypatch.setattr(venv, "_run", fail)
    with pytest.raises(InvalidInputError, match="requirement x"):
        VenvBuilder(tmp_path).build(requirement_set("x"))
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_an_installer_that_does_not_exit_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(venv, "INSTALL_SECONDS", 0.2)
    with pytest.raises(VrdataError, match="took longer"):
        venv._run([sys.executable, "-c", "import signal; signal.pause()"])


@pytest.mark.slow
@pytest.mark.smoke
def test_an_environment_has_exactly_its_requirements_and_is_built_once(tmp_path: Path) -> None:
    wanted = requirement_set("packaging==24.2")
    made = VenvBuilder(tmp_path).build(wanted)
    assert made.versions == ("packaging==24.2",)
    shown = subprocess.run(
        [str(made.python), "-c", "import packaging, sys; print(packaging.__version__, sys.prefix)"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert shown == ["24.2", str(tmp_path / wanted.key)]
    before = (tmp_path / wanted.key / "pyvenv.cfg").stat().st_mtime_ns
    assert VenvBuilder(tmp_path).build(wanted) == made
    assert (tmp_path / wanted.key / "pyvenv.cfg").stat().st_mtime_ns == before


@pytest.mark.slow
def test_a_pin_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"packaging==0\.0\.1"):
        VenvBuilder(tmp_path).build(requirement_set("packaging==0.0.1"))
