"""`vrdata generators add`: what is added, replaced, refused and reported."""

import shutil
import subprocess
from pathlib import Path

import pytest

from support.generators.commands import printed, run
from support.generators.repositories import RunningInterpreter, write_repository
from vrdata.plan.catalogue import Acceleration, Measured
from vrdata_generators.adapter import adding
from vrdata_generators.adapter.environment import venv
from vrdata_generators.adapter.home import Home
from vrdata_generators.adapter.proof.assessment import Assessment
from vrdata_worker.image.catalogues import builtin_catalogue


@pytest.fixture(autouse=True)
def running_interpreter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(venv, "VenvBuilder", lambda _folder: RunningInterpreter())
    monkeypatch.setenv("VRDATA_GENERATORS", str(tmp_path / "home"))


def commit(folder: Path) -> str:
    git = ["git", "-C", str(folder), "-c", "user.name=n", "-c", "user.email=e@example.org"]
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "one"]):
        subprocess.run([*git, *command], check=True, capture_output=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return head.stdout.strip()


@pytest.fixture
def no_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """Generators are added without being run."""
    passed = Assessment(
        mode="stream",
        acceleration=Acceleration(enabled=True, reason="equal"),
        deterministic=True,
        domain="square",
        measured=Measured(seconds_per_sample=1, peak_memory_bytes=1, bytes_per_sample=1),
    )
    monkeypatch.setattr(adding, "assess", lambda *_, **__: passed)


@pytest.mark.usefixtures("no_trial")
def test_a_newer_commit_replaces_a_generator(tmp_path: Path) -> None:
    folder = write_repository(tmp_path / "O-1_square")
    first = commit(folder)
    (before,) = printed("add", f"file://{folder}", "--commit", first, "-o", "json")
    (folder / "README").write_text("more")
    second = commit(folder)
    url = ("add", f"file://{folder}", "--commit", second)
    refused = run(*url)
    assert refused.exit_code == 3
    assert "--replace" in refused.stderr
    (after,) = printed(*url, "--replace", "-o", "json")
    assert after["replaced"] == before["entry"]["digest"]
    (entry,) = Home(tmp_path / "home").read().generators
    assert (entry.commit, entry.digest) == (second, after["entry"]["digest"])
    assert (tmp_path / "home" / entry.path / "README").read_text() == "more"
    assert "already added" in run(*url, "--replace").stdout


@pytest.mark.usefixtures("no_trial")
def test_a_failed_replacement_leaves_the_old_generator(tmp_path: Path) -> None:
    folder = write_repository(tmp_path / "O-1_square")
    (before,) = printed("add", folder, "-o", "json")
    (folder / "examples/generate.py").write_text("raise RuntimeError('no ink')\n")
    assert run("add", folder, "--replace").exit_code == 3
    (entry,) = Home(tmp_path / "home").read().generators
    assert entry.to_dict() == before["entry"]
    assert (tmp_path / "home" / entry.path).is_dir()


@pytest.mark.usefixtures("no_trial")
def test_a_name_that_differs_only_in_case_is_taken(tmp_path: Path) -> None:
    run("add", write_repository(tmp_path / "O-1_square"))
    result = run("add", write_repository(tmp_path / "o-1_Square"))
    assert result.exit_code == 3
    assert "another generator has the name O-1_square" in result.stderr
    own = builtin_catalogue().generators[0].name
    result = run("add", tmp_path / "O-1_square", "--name", own.upper())
    assert f"a first-party generator has the name {own}" in result.stderr


def test_an_unreadable_file_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_repository(tmp_path / "O-1_square")

    def deny(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(folder / "LICENSE"))

    monkeypatch.setattr(shutil, "copyfile", deny)
    result = run("add", folder)
    assert result.exit_code == 1
    assert f"error: {folder}/LICENSE cannot be read or written" in result.stderr
    assert "why: Permission denied" in result.stderr


@pytest.mark.usefixtures("no_trial")
def test_a_new_commit_with_the_same_files_is_recorded(tmp_path: Path) -> None:
    folder = write_repository(tmp_path / "O-1_square")
    run("add", folder)
    head = commit(folder)
    url = ("add", f"file://{folder}", "--commit", head)
    kept = run(*url)
    assert f"its commit stays none; to record {head}, use --replace" in kept.stderr
    assert "already added" in kept.stdout
    assert "updated; its files are the same" in run(*url, "--replace").stdout
    assert Home(tmp_path / "home").read().generators[0].commit == head


@pytest.mark.usefixtures("no_trial")
def test_a_folder_with_a_git_lfs_pointer_is_added_with_one_warning(tmp_path: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    folder = write_repository(tmp_path / "O-1_square", {"assets/sprite.png": pointer})
    result = run("add", folder)
    assert result.exit_code == 0
    assert result.stderr.count("Git LFS pointers (assets/sprite.png)") == 1
    assert "`git lfs pull`" in result.stderr


def test_an_asset_that_git_lfs_did_not_fetch_is_the_fix_of_a_failing_help(tmp_path: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    text = "from PIL import Image\nImage.open('assets/sprite.png')\n"
    files = {"assets/sprite.png": pointer, "examples/generate.py": text}
    result = run("add", write_repository(tmp_path / "O-1_square", files))
    assert result.exit_code == 3
    assert "fix: run `git lfs pull` in the folder" in result.stderr


@pytest.mark.usefixtures("no_trial")
def test_every_command_uses_the_named_home(tmp_path: Path) -> None:
    run("add", write_repository(tmp_path / "O-1_square"))
    other = ("--home", tmp_path / "other")
    assert "O-1_square" in run("list").stdout
    assert "O-1_square" not in run("list", *other).stdout
    assert run("test", "O-1_square", *other).exit_code == 5
    assert run("remove", "O-1_square", *other).exit_code == 5
    assert printed("requirements", "-o", "json", *other) == []
    assert printed("catalog", *other)["generators"] == []
    run("add", tmp_path / "O-1_square", *other)
    assert "O-1_square" in run("list", *other).stdout
