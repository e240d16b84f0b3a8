"""Repositories that cannot be added: each gives one clear error and leaves nothing behind."""

from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner

from support.generators.repositories import RunningInterpreter, write_repository
from vrdata.cli.generators import commands as generators
from vrdata_generators.adapter.environment import venv
from vrdata_generators.adapter.home import Home

CORPUS = sorted((Path(__file__).parents[2] / "bad" / "repositories").glob("*.yaml"))


def load(path: Path) -> Any:
    case = yaml.safe_load(path.read_text())
    marks = [pytest.mark.slow] if case.get("slow") else []
    return pytest.param(case, id=path.stem, marks=marks)


def build(root: Path, case: dict[str, Any]) -> Path:
    (root / "outside.txt").write_text("secret")
    for name, form in case["folders"].items():
        folder = root / "sources" / name
        if form.get("base") == "none":
            folder.mkdir(parents=True)
            for file, text in form["files"].items():
                (folder / file).write_text(text)
        else:
            write_repository(folder, form.get("files"))
        for link, target in form.get("links", {}).items():
            (folder / link).parent.mkdir(parents=True, exist_ok=True)
            (folder / link).symlink_to(target)
    return root / "sources" / case.get("add", next(iter(case["folders"]), ""))


def application() -> typer.Typer:
    app = typer.Typer(pretty_exceptions_enable=False)
    generators.register(app)
    return app


@pytest.mark.parametrize("case", [load(path) for path in CORPUS])
def test_an_invalid_repository_is_refused_with_one_clear_error(
    case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not case.get("installs"):
        monkeypatch.setattr(venv, "VenvBuilder", lambda _folder: RunningInterpreter())
    home = Home(tmp_path / "home")
    command = ["generators", "add", str(build(tmp_path, case)), "--home", str(home.path)]
    result = CliRunner().invoke(application(), [*command, *case.get("arguments", [])])
    assert result.exit_code == case["exit"], result.output
    assert case["what"] in result.stderr
    why, _, fix = result.stderr.partition("  fix: ")
    assert case.get("why", "") in why
    assert case.get("fix", "") in fix
    assert result.stderr.count("error:") == 1
    assert "vrdata_generators/adapter" not in result.stderr
    added = case.get("added", [])
    assert [entry.name for entry in home.read().generators] == added
    kept = [path.name for path in home.repositories.glob("*")]
    assert len(kept) == len(added)
    assert [path for path in home.path.glob(".adding-*") if path.is_dir()] == []
