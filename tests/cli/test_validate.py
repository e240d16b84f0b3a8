"""`vrdata validate` refuses what `vrdata plan` and `vrdata run` refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from vrdata.cli.main import app
from vrdata_worker.image.catalogues import builtin_catalogue


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a repository generator without a seed, as the default home."""
    entry = builtin_catalogue().generators[0].model_dump(by_alias=True, mode="json")
    unseeded = entry | {"name": "O-unseeded", "seeded": False, "class": "O"}
    document = {"apiVersion": "vrdata.dev/v1alpha1", "kind": "GeneratorCatalogue"}
    folder = tmp_path / "home"
    folder.mkdir()
    known = builtin_catalogue().model_dump(by_alias=True, mode="json")
    (folder / "catalogue.json").write_text(json.dumps(known | {"generators": [unseeded]}))
    monkeypatch.setenv("VRDATA_GENERATORS", str(folder))
    monkeypatch.setenv("NO_COLOR", "1")
    assert document
    return folder


def vrdata(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def write(folder: Path, **spec: Any) -> Path:
    document = {
        "apiVersion": "vrdata.dev/v1alpha1",
        "kind": "GenerationRun",
        "metadata": {"name": "demo"},
        "spec": {"generators": [{"name": "O-maze"}], "samples": 2} | spec,
    }
    path = folder / "run.yaml"
    path.write_text(json.dumps(document))
    return path


REFUSED = {
    "an unknown field": ({"seeed": 1}, "seeed"),
    "no samples": ({"samples": 0}, "samples"),
    "deduplication": ({"dedup": {"enabled": True}}, "replacing duplicates"),
    "args of a first-party generator": (
        {"generators": [{"name": "O-maze", "args": ["--x"]}]},
        "args are set",
    ),
    "a generator without a seed": ({"generators": [{"name": "O-unseeded"}]}, "not reproducible"),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("option", [True, False])
def test_validate_refuses_as_plan_does(
    tmp_path: Path, home: Path, what: str, *, option: bool
) -> None:
    spec, words = REFUSED[what]
    run = write(tmp_path, **spec)
    more = ("--generators", home) if option else ()
    planned = vrdata("plan", run, "--out", tmp_path / "out", *more)
    validated = vrdata("validate", run, *more)
    assert planned.exit_code == validated.exit_code == 3
    assert words in planned.stderr
    assert (
        planned.stderr.removeprefix("error: ")
        in f"{validated.stderr}"[
            validated.stderr.index(planned.stderr.removeprefix("error: ")[:20]) :
        ]
    )


@pytest.mark.parametrize("name", ["O-elsewhere", "G-x*"])
def test_a_generator_that_this_machine_lacks_is_noted_without_a_catalogue_and_refused_with_one(
    tmp_path: Path, home: Path, name: str
) -> None:
    run = write(tmp_path, generators=[{"name": name}, {"name": "O-maze"}])
    noted = vrdata("validate", run)
    assert noted.exit_code == 0
    assert f"not checked: {name} is not on this machine" in noted.stderr
    refused = vrdata("validate", run, "--generators", home)
    assert refused.exit_code == vrdata("plan", run, "--generators", home).exit_code == 3
    assert "the catalogue does not have" in refused.stderr


def test_a_converter_that_this_machine_lacks_is_noted_once_by_its_own_name(tmp_path: Path) -> None:
    entry = {"converter": "M-elsewhere", "source": {"url": "set.parquet"}}
    run = write(tmp_path, generators=[entry | {"name": "one"}, entry | {"name": "two"}])
    noted = vrdata("validate", run).stderr
    assert noted.count("not checked: M-elsewhere is not on this machine") == 1
    assert noted.count("not checked") == 1


def test_a_plan_in_a_pipe_has_whole_names(tmp_path: Path) -> None:
    run = write(tmp_path, generators=[{"name": "*"}])
    ran = vrdata("plan", run, "--out", tmp_path / ("long" * 30), "--generators", tmp_path / "home")
    assert ran.exit_code == 3  # the generator without a seed
    run = write(tmp_path, generators=[{"name": "*"}], allowNondeterministic=True)
    ran = vrdata("plan", run, "--out", tmp_path / ("long" * 30))
    assert str(tmp_path / ("long" * 30)) in ran.stdout
    for entry in builtin_catalogue().generators:
        assert (entry.name in ran.stdout) == (entry.generator_class != "M")  # globs match no M
    assert "…" not in ran.stdout
