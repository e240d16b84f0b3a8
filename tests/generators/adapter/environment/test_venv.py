"""Environments, and the errors of a failed installation."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from vrdata.errors import ExitCode, InvalidInputError, VrdataError
from vrdata_generators.adapter.environment import venv
from vrdata_generators.adapter.environment.installed import (
    install_error,
)
from vrdata_generators.adapter.environment.pip import run
from vrdata_generators.adapter.environment.pip.run import run_limited
from vrdata_generators.adapter.environment.requirements import RequirementSet
from vrdata_generators.adapter.environment.venv import VenvBuilder, _arguments


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
        ("ERROR: Could not build wheels for chess, which is required\n", "chess"),
    ],
)
def test_the_requirement_that_cannot_be_installed_is_named(stderr: str, named: str) -> None:
    error = install_error("", stderr, requirement_set())
    assert isinstance(error, InvalidInputError)
    assert f"requirement {named} cannot" in error.what
    assert "requirements.txt" in error.fix


def test_a_conflict_is_shown_with_the_message_of_pip_and_the_lines() -> None:
    wanted = RequirementSet(
        ("numpy==1.26.4", "scipy==1.17.0"),
        {},
        origins={
            "numpy": ("numpy==1.26.4 (requirements.txt, line 3)",),
            "scipy": ("scipy==1.17.0 (deps/more.txt, line 1)",),
        },
    )
    error = install_error(
        "INFO: pip is looking at multiple versions\n\nThe conflict is caused by:\n"
        "    The user requested numpy==1.26.4\n    scipy 1.17.0 depends on numpy>=2\n\nTo fix\n",
        "ERROR: Cannot install numpy==1.26.4 and scipy==1.17.0 because these package versions "
        "have conflicting dependencies.\n",
        wanted,
    )
    assert isinstance(error, InvalidInputError)
    assert "requirements conflict" in error.what
    assert "scipy 1.17.0 depends on numpy>=2" in error.why
    assert "numpy==1.26.4 (requirements.txt, line 3)" in error.why
    assert "scipy==1.17.0 (deps/more.txt, line 1)" in error.why


def test_another_failure_is_not_attributed_to_the_generator() -> None:
    error = install_error("", "line\n" * 50 + "ConnectionError: no route\n", requirement_set())
    assert error.exit_code == ExitCode.FAILED
    assert "no route" in error.why
    assert len(error.why.splitlines()) <= 8


def test_the_error_of_a_failed_build_is_shown() -> None:
    stderr = (
        "  x Preparing metadata did not run successfully.\n  ╰─> [2 lines of output]\n"
        "      ValueError: no compiler\n      [end of output]\n  note: it is not a problem of pip\n"
        "error: metadata-generation-failed\n" + "hint\n" * 8
    )
    why = install_error("", stderr, requirement_set()).why
    assert why.splitlines()[-1].strip() == "ValueError: no compiler"


def test_a_failed_environment_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FailingPip:
        def run(self, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
            return subprocess.CompletedProcess(
                list(arguments), 1, "", "No matching distribution found for x"
            )

    @contextmanager
    def failing_pip(_python: Path) -> Iterator[FailingPip]:
        yield FailingPip()

    def create(command: list[str], _env: object) -> subprocess.CompletedProcess[str]:
        Path(command[-1]).mkdir()
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(venv, "run_limited", create)
    monkeypatch.setattr(venv, "pip_for", failing_pip)
    with pytest.raises(InvalidInputError, match="requirement x"):
        VenvBuilder(tmp_path).build(requirement_set("x"))
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_an_installer_that_does_not_exit_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "INSTALL_SECONDS", 0.2)
    with pytest.raises(VrdataError, match="took longer"):
        run_limited([sys.executable, "-c", "import signal; signal.pause()"], {})


HASHES = {  # of the wheel packaging-24.2-py3-none-any.whl
    "packaging": frozenset(
        {"sha256:09abb1bccd265c01f4a3aa3f7a7db064b36514d2cba19a2f694fe6150451a759"}
    )
}


@pytest.mark.slow
@pytest.mark.smoke
def test_an_environment_has_exactly_its_requirements_and_is_built_once(tmp_path: Path) -> None:
    wanted = RequirementSet(
        ("packaging", "packaging>=24"), {}, constraints=("packaging==24.2",), hashes=HASHES
    )
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


@pytest.mark.slow
def test_lines_that_conflict_are_refused_with_the_message_of_pip(tmp_path: Path) -> None:
    wanted = RequirementSet(
        ("packaging==24.1", "packaging==24.2"),
        {},
        origins={"packaging": ("packaging==24.1 (requirements.txt, line 1)",)},
    )
    with pytest.raises(InvalidInputError, match="requirements conflict") as caught:
        VenvBuilder(tmp_path).build(wanted)
    assert "The user requested packaging==24.2" in caught.value.why
    assert "packaging==24.1 (requirements.txt, line 1)" in caught.value.why


@pytest.mark.parametrize(("name", "named"), [("Pygame<2.1", True), ("pymunk==1.0", False)])
def test_a_missing_wheel_of_a_library_that_is_not_built_is_explained(
    name: str, named: bool
) -> None:
    error = install_error(
        "", f"ERROR: No matching distribution found for {name}", requirement_set()
    )
    assert ("installed from wheels only" in str(error)) is named


def test_pip_chooses_the_versions_that_it_would_choose_by_itself(tmp_path: Path) -> None:
    assert "--prefer-binary" not in _arguments(tmp_path, requirement_set(), tmp_path / "report")
