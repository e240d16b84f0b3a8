"""`vrdata generators new`: the files that it writes work unchanged."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Literal

import pytest
import typer
from click.testing import Result
from hypothesis import example, given
from hypothesis import strategies as st
from typer.testing import CliRunner

from support.cli import vrdata, write_run
from vrdata.cli.generators import commands as generators
from vrdata.plan.catalogue import GENERATOR_NAME
from vrdata_generators.api import Converter, Generator
from vrdata_generators.registry import only_converter, only_generator
from vrdata_generators.scaffold import scaffold

FILES = ["README.md", "generator.py", "requirements.txt", "test_generator.py"]
OF_CONVERTER = ["README.md", "converter.py", "requirements.txt", "test_converter.py"]


def run(*arguments: str | Path) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    generators.register(app)
    return CliRunner().invoke(app, ["generators", "new", *map(str, arguments)])


def executed(text: str) -> dict[str, object]:
    namespace: dict[str, object] = {"__name__": "scaffolded"}
    exec(compile(text, "generator.py", "exec"), namespace)  # noqa: S102 - the text under test
    return namespace


def defined(text: str) -> type[Generator]:
    """The generator that a source text defines."""
    return only_generator(executed(text))


def test_the_folder_has_the_name_of_the_generator_and_the_next_steps_are_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("O-slide")
    assert result.exit_code == 0
    assert sorted(path.name for path in (tmp_path / "O-slide").iterdir()) == FILES
    assert "vrdata generators add O-slide --name O-slide\n" in result.stderr
    assert result.stdout == ""


def test_class_m_gives_a_converter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("M-sets")
    assert sorted(path.name for path in (tmp_path / "M-sets").iterdir()) == OF_CONVERTER
    assert "vrdata generators test ./M-sets --source DATA\n" in result.stderr
    made = only_converter(executed((tmp_path / "M-sets/converter.py").read_text()))
    assert (made.name, made.domain) == ("M-sets", "sets")


def test_a_given_class_appears_in_the_code_and_in_the_next_step(tmp_path: Path) -> None:
    result = run("rope", "--class", "g", "--dir", tmp_path / "deep" / "rope")
    assert result.exit_code == 0
    assert result.stderr.rstrip().endswith("--name rope --class G")
    made = defined((tmp_path / "deep/rope/generator.py").read_text())
    assert (made.name, made.domain, made.generator_class) == ("rope", "rope", "G")


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("rope",), 3, "use --class G"),
        (("O-rope", "--class", "Z"), 2, "not a class"),
        (("O-a/b",), 3, "not a generator name"),
        (("../O-a",), 3, "not a generator name"),
        (("O-__",), 3, "contains no letter or digit"),
    ],
)
def test_an_invalid_name_creates_no_files(
    arguments: tuple[str, ...],
    code: int,
    text: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert (result.exit_code, list(tmp_path.iterdir())) == (code, [])
    assert text in result.stderr


@pytest.mark.parametrize("kind", ["file", "folder", "dangling link"])
def test_existing_files_are_not_changed(kind: str, tmp_path: Path) -> None:
    target = tmp_path / "O-a"
    if kind == "file":
        target.write_text("mine")
    elif kind == "folder":
        target.mkdir()
    else:
        target.symlink_to(tmp_path / "nowhere")
    result = run("O-a", "--dir", target)
    assert result.exit_code == 3
    assert "already exists" in result.stderr
    assert list(tmp_path.iterdir()) == [target]
    assert kind != "folder" or list(target.iterdir()) == []


def test_a_full_disk_leaves_no_partial_generator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_text

    def full(path: Path, *arguments: object, **named: object) -> int:
        if path.name == "README.md":
            raise OSError(28, os.strerror(28))
        return write(path, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "write_text", full)
    result = run("O-a", "--dir", tmp_path / "O-a")
    assert result.exit_code == 2
    assert "No space left" in result.stderr
    assert list(tmp_path.iterdir()) == []


@given(name=st.from_regex(GENERATOR_NAME, fullmatch=True), letter=st.sampled_from("OGM"))
@example(name="O-none", letter="O")
@example(name="O-generator", letter="O")
@example(name="G-3d-my_task", letter="G")
@example(name="MyTask", letter="M")
def test_every_valid_name_gives_a_generator_with_that_name(
    name: str, letter: Literal["O", "G", "M"]
) -> None:
    try:
        files = scaffold(name, letter)
    except ValueError:
        assert not any(character.isalnum() for character in name[1:])
        return
    if letter == "M":
        made: type[Generator | Converter] = only_converter(executed(files["converter.py"]))
        ast.parse(files["test_converter.py"])
        assert f"--name {name}\n" in files["README.md"]
    else:
        made = defined(files["generator.py"])
        assert made.generator_class == letter
        ast.parse(files["test_generator.py"])
        assert f"--name {name} --class {letter}" in files["README.md"]
    assert made.name == name
    assert made.domain.replace("_", "").isalnum()


def test_the_new_generator_is_short_enough_to_read_in_one_sitting() -> None:
    assert len(scaffold("O-a", "O")["generator.py"].splitlines()) <= 75


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "mode"), [("O-a", "prepend"), ("O-a", "importlib"), ("M-a", "importlib")]
)
def test_its_own_test_passes(name: str, mode: str, tmp_path: Path) -> None:
    assert run(name, "--dir", tmp_path / name).exit_code == 0
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--import-mode={mode}"],
        cwd=tmp_path / name,
        env={key: value for key, value in os.environ.items() if key != "PYTEST_ADDOPTS"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.smoke
def test_it_can_be_tested_added_and_run_with_an_additional_module(tmp_path: Path) -> None:
    home = {"VRDATA_GENERATORS": str(tmp_path / "home")}
    folder = tmp_path / "rope"
    assert vrdata("generators", "new", "rope", "--class", "G", "--dir", folder).code == 0
    source = (folder / "generator.py").read_text()
    (folder / "sizes.py").write_text('FIELDS = {"easy": 4, "medium": 6, "hard": 9}\n')
    constant = 'FIELDS = {"easy": 5, "medium": 8, "hard": 11}'
    assert constant in source
    imported = source.replace(f"{constant}\n", "").replace(
        "from vrdata_generators.frames", "from sizes import FIELDS\nfrom vrdata_generators.frames"
    )
    (folder / "generator.py").write_text(imported)

    tested = vrdata("generators", "test", folder, "-n", "2", "--json", **home)
    assert (tested.code, tested.json[0]["samples"]) == (0, 2), tested.err
    added = vrdata(
        "generators", "add", folder, "--name", "rope", "--class", "G", "-o", "json", **home
    )
    assert added.code == 0, added.err
    entry = added.json[0]["entry"]
    assert (entry["kind"], entry["class"], entry["mode"]) == ("api", "G", "stream")
    assert entry.get("seeded", True)
    assert "10 with video" in entry["acceleration"]["reason"]

    spec = write_run(tmp_path / "run.yaml", {"rope": 3})
    ran = vrdata("run", spec, "--local", "--out", tmp_path / "out", **home)
    assert ran.code == 0, ran.err
    assert vrdata("verify", tmp_path / "out/default/demo").code == 0
    with tarfile.open(tmp_path / "out/default/demo/shards/rope/rope-000000.tar") as shard:
        names = shard.getnames()
        metadata = [json.load(shard.extractfile(name)) for name in names if "metadata" in name]  # type: ignore[arg-type]
    assert len(names) == 3 * 5
    assert [one["task_id"] for one in metadata] == [f"rope_{index:08d}" for index in range(3)]
    own = [json.loads(one["generator_metadata"]) for one in metadata]
    assert [one["parameters"]["fields"] for one in own] == [4, 6, 9]
    assert all(one["param_hash"] and one["ground_truth"]["end"] > 0 for one in own)


@pytest.mark.slow
def test_a_video_that_differs_the_second_time_is_detected(tmp_path: Path) -> None:
    folder = tmp_path / "O-a"
    assert run("O-a", "--dir", folder).exit_code == 0
    text = (folder / "generator.py").read_text()
    # The device itself: Python's own random sources are seeded in a child.
    chance = "open('/dev/urandom', 'rb').read(1)[0] / 255"
    spoiled = text.replace(
        'frames=Timeline(picture, moving=8 * params["steps"]),',
        f"frames=[picture(0.0), picture({chance}), picture(1.0)],",
    )
    assert chance in spoiled
    (folder / "generator.py").write_text(spoiled)
    added = vrdata(
        "generators", "add", folder, "-o", "json", VRDATA_GENERATORS=str(tmp_path / "home")
    )
    assert added.code == 0, added.err
    assert added.json[0]["entry"]["seeded"] is False
    assert "frames of ground_truth.mp4" in added.err
