"""The `vrdata generators` commands, from arguments to exit codes."""

import json
from pathlib import Path

import pytest

from support.cli import vrdata
from support.generators.commands import printed, run
from support.generators.repositories import RunningInterpreter, write_repository
from vrdata_generators.adapter.environment import venv
from vrdata_generators.adapter.home import Home
from vrdata_worker.image.catalogues import builtin_catalogue


@pytest.fixture(autouse=True)
def running_interpreter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(venv, "VenvBuilder", lambda _folder: RunningInterpreter())
    monkeypatch.setenv("VRDATA_GENERATORS", str(tmp_path / "home"))


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
    assert len(list((tmp_path / "kept/sq").glob("*_task/*"))) == 2
    assert vrdata("verify", tmp_path / "kept/sq").code == 0
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
