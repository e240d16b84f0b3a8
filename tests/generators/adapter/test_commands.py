"""The `vrdata generators` commands, from arguments to exit codes."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from support.generators.repositories import RunningInterpreter, write_repository
from vrdata.cli.generators import commands as generators
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


def run(*arguments: str | Path) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    generators.register(app)
    return CliRunner().invoke(app, ["generators", *map(str, arguments)])


def printed(*arguments: str | Path, code: int = 0) -> Any:
    result = run(*arguments)
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


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


def test_the_list_has_the_first_party_generators() -> None:
    own = [entry.name for entry in builtin_catalogue().generators]
    assert [entry["name"] for entry in printed("list", "-o", "json")] == own
    table = run("list")
    assert table.exit_code == 0
    assert all(name in table.stdout for name in own)


def test_table_rows_do_not_wrap_in_a_pipe() -> None:
    lines = run("list").stdout.splitlines()
    assert len(lines) == 1 + len(builtin_catalogue().generators)


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("add",), 2, "name folders"),
        (("add", "x", "--from", "list.txt"), 2, "name folders"),
        (("add", "x", "y", "--name", "z"), 2, "exactly one source"),
        (("add", "x", "--class", "Z"), 2, "not a class"),
        (("add", "--from", "none.txt"), 5, "cannot be read"),
        (("test",), 2, "--all"),
        (("test", "x", "--all"), 2, "--all"),
        (("test", "O-none"), 5, "no generator O-none, and no folder"),
        (("remove", "O-none"), 5, "O-none is not in"),
    ],
)
def test_invalid_arguments_have_their_own_exit_code(
    arguments: tuple[str, ...], code: int, text: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == code
    assert text in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("first", ["# ours\r\n", ""])
def test_a_list_is_decoded_by_its_byte_order_mark(
    tmp_path: Path, encoding: str, first: str
) -> None:
    (tmp_path / "list.txt").write_text(f"{first}./no-such-folder - O-1\r\n", encoding)
    result = run("add", "--from", tmp_path / "list.txt")
    assert result.exit_code == 5
    assert "O-1: error: ./no-such-folder does not exist" in result.stderr


def test_a_list_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_bytes("./gr\u00fcn -\n".encode("latin-1"))
    result = run("add", "--from", tmp_path / "list.txt")
    assert result.exit_code == 3
    assert "save it as UTF-8" in result.stderr


def test_a_password_in_a_url_is_never_shown() -> None:
    for scheme in ("https", "http"):
        result = run("add", f"{scheme}://user:secret@localhost:1/x", "--commit", "0" * 40)
        assert result.exit_code in {1, 2}
        assert "localhost:1/x" in result.stderr
        assert "secret" not in result.output


def test_an_empty_home_writes_an_empty_catalogue() -> None:
    assert printed("catalog")["generators"] == []
    assert printed("requirements", "-o", "json") == []


@pytest.mark.slow
def test_adding_a_list_continues_after_a_failure(tmp_path: Path) -> None:
    write_repository(tmp_path / "O-1_a")
    write_repository(tmp_path / "O-3_c")
    listed = tmp_path / "list.txt"
    listed.write_text(
        f"{tmp_path}/O-1_a -\n{tmp_path}/O-2_gone - # gone\n{tmp_path}/O-3_c - G-3_renamed\n"
    )
    result = run("add", "--from", listed, "--no-proof")
    assert result.exit_code == 4
    assert "2 added, 1 failed" in result.stdout
    assert "O-2_gone" in result.stderr
    names = [entry.name for entry in Home(tmp_path / "home").read().generators]
    assert names == ["G-3_renamed", "O-1_a"]


@pytest.mark.slow
def test_an_added_generator_can_be_listed_tested_exported_and_removed(tmp_path: Path) -> None:
    folder = write_repository(tmp_path / "squares")
    (added,) = printed("add", folder, "--class", "o", "--name", "sq", "--no-proof", "-o", "json")
    assert (added["name"], added["already"], added["entry"]["class"]) == ("sq", False, "O")

    listed = {entry["name"]: entry for entry in printed("list", "-o", "json")}
    assert listed["sq"] == added["entry"]

    (tested,) = printed("test", "sq", "-n", "2", "--json", "--output-dir", tmp_path / "kept")
    assert (tested["passed"], tested["samples"]) == (True, 2)
    assert len(list((tmp_path / "kept/sq").iterdir())) == 2
    again = run("test", "sq", "-n", "1", "--output-dir", tmp_path / "again")
    assert f"sq: 1 sample kept in {tmp_path}/again/sq" in again.stderr

    (view,) = printed("requirements", "-o", "json")
    assert view["generators"] == ["sq"]
    assert any(line.startswith("av==") for line in view["requirements"])

    assert run("catalog", "--output", tmp_path / "out/catalogue.json").exit_code == 0
    written = json.loads((tmp_path / "out/catalogue.json").read_text())
    (entry,) = written["generators"]
    assert (tmp_path / "out" / entry["path"] / "examples/generate.py").is_file()

    assert run("remove", "sq").exit_code == 0
    assert printed("catalog")["generators"] == []


@pytest.mark.slow
def test_a_failed_test_exits_with_1_and_shows_the_output(tmp_path: Path) -> None:
    text = "import argparse\np = argparse.ArgumentParser()\n" + "".join(
        f"p.add_argument('{flag}')\n" for flag in ("--num-samples", "--output", "--seed")
    )
    text += "p.parse_args()\nprint('[red]no ink[/red]')\n"
    folder = write_repository(tmp_path / "O-1_ink", {"examples/generate.py": text})
    result = run("test", folder)
    assert result.exit_code == 1
    assert "FAILED; 0 of 3" in result.stdout
    assert "[red]no ink[/red]" in result.stderr


@pytest.mark.slow
def test_a_failing_import_is_reported_once_with_its_traceback(
    tmp_path: Path,
) -> None:
    (tmp_path / "O-ink").mkdir()
    text = "from vrdata_generators.api import Generator\nraise OSError('\x1b[2Jno ink')\n"
    (tmp_path / "O-ink/generator.py").write_text(text)
    (tested,) = printed("test", tmp_path / "O-ink", "--json", code=1)
    assert tested["problems"] == ["generator O-ink cannot be imported: OSError: [2Jno ink"]
    assert tested["traceback"].rstrip().endswith("OSError: [2Jno ink")
    shown = run("test", tmp_path / "O-ink")
    assert "  OSError: [2Jno ink" in shown.stderr
    assert len(shown.stderr.splitlines()) <= 24
    assert "\x1b" not in shown.output
