"""`vrdata push`: a finished run becomes a dataset of the Hub, or nothing is written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from huggingface_hub import constants
from typer.testing import CliRunner

from support.builders import build_finished_run, build_run, make_plan
from support.services.hub.faults import refused
from support.services.hub.fixture import hub  # noqa: F401 - fixture
from support.services.hub.server import TOKEN, Hub
from vrdata.cli.main import app
from vrdata.model import OutputFormat
from vrdata.store.file.store import FileStore
from vrdata.transfer import push as pushing

# huggingface_hub itself sends bodies in a way that its HTTP library warns about.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

NAME = "lab/mazes"
SAMPLES = {"O-1_maze": 5, "G-2_rooms": 3}
PLAN = make_plan(SAMPLES, output_format="parquet")
DATA = "data/"


@pytest.fixture
def account(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:  # noqa: F811 - fixture
    """A hub on which this user can write."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    return hub


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run that no test changes."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    build_finished_run(FileStore(folder), PLAN)
    return folder


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """The folder of a finished run."""
    return shutil.copytree(finished, tmp_path / "run")


def push(*arguments: object) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(app, ["push", *map(str, arguments)])


def pushed(ran: Result) -> dict[str, Any]:
    assert ran.exit_code == 0, ran.output
    return dict(json.loads(ran.stdout))


def files_of(hub: Hub) -> dict[str, bytes]:  # noqa: F811 - fixture
    """The files of the dataset."""
    repository = hub.repositories[NAME]
    tree = repository.commits[repository.branches["main"]]
    return {path: blob.content for path, blob in tree.items() if path != ".gitattributes"}


def test_the_data_the_facts_and_a_card_are_uploaded(account: Hub, run: Path) -> None:
    answer = pushed(push(run, f"hf://{NAME}", "-o", "json"))
    found = files_of(account)
    data = {path: body for path, body in found.items() if path.startswith(DATA)}
    assert data == {path: (run / path).read_bytes() for path in data}
    assert len(data) == sum(1 for path in (run / DATA).rglob("*") if path.is_file())
    assert found["dataset.json"] == (run / "dataset.json").read_bytes()
    assert set(found) == {*data, "dataset.json", "README.md"}
    assert (answer["uploaded"], answer["skipped"]) == (len(found), 0)
    assert answer["bytes"] == sum(map(len, found.values()))
    assert answer["url"] == f"{account.endpoint}/datasets/{NAME}"
    assert account.repositories[NAME].private


def test_a_second_push_sends_nothing(account: Hub, run: Path) -> None:
    first = pushed(push(run, f"hf://{NAME}", "-o", "json"))
    commits = len(account.repositories[NAME].commits)
    again = pushed(push(run, f"hf://{NAME}", "-o", "json"))
    assert (again["uploaded"], again["skipped"]) == (0, first["uploaded"])
    assert again["commit"] == ""
    assert len(account.repositories[NAME].commits) == commits


def test_an_interrupted_push_continues(
    account: Hub, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing, "COMMIT_FILES", 1)
    account.fail(refused(500), "/commit/", times=None)
    assert push(run, f"hf://{NAME}").exit_code == 7
    account.heal()
    only_first = pushing.HubUpload(NAME)
    key = min(path.relative_to(run).as_posix() for path in (run / DATA).rglob("*.parquet"))
    only_first.add({key: run / key}, "first")
    answer = pushed(push(run, f"hf://{NAME}", "-o", "json"))
    assert answer["skipped"] == 1
    puts = [one for one in account.requests if one.method == "PUT"]
    assert len({one.path for one in puts}) == len(puts)  # no file was sent twice
    assert {*files_of(account)} >= {"dataset.json", "README.md"}


def test_a_dry_run_writes_nothing(account: Hub, run: Path) -> None:
    ran = push(run, f"hf://{NAME}", "--dry-run")
    assert ran.exit_code == 0, ran.output
    assert ran.stdout.startswith("would upload 5 files")
    assert account.repositories == {}
    assert all(one.method in {"GET", "HEAD"} for one in account.requests)


def test_a_dataset_with_other_data_is_refused(account: Hub, run: Path) -> None:
    for other in ({"data/O-9/O-9-000000.parquet": b"x"}, {"dataset.json": b"{}"}):
        account.create(NAME, other)
        ran = push(run, f"hf://{NAME}")
        assert ran.exit_code == 3
        assert "contains other data" in ran.stderr
        assert files_of(account) == other


def test_a_card_that_was_changed_on_the_hub_is_kept(account: Hub, run: Path) -> None:
    account.create(NAME, {"README.md": b"mine"})
    ran = push(run, f"hf://{NAME}")
    assert ran.exit_code == 0, ran.output
    assert "README.md of the dataset was changed" in ran.stderr
    assert files_of(account)["README.md"] == b"mine"


def test_a_damaged_object_is_not_uploaded(account: Hub, run: Path) -> None:
    path = next(path for path in (run / DATA).rglob("*.parquet"))
    body = path.read_bytes()
    path.write_bytes(body[:-1] + bytes([body[-1] ^ 1]))
    ran = push(run, f"hf://{NAME}")
    assert ran.exit_code == 7
    assert "differs from its commit marker" in ran.stderr
    assert "README.md" not in files_of(account)


@pytest.mark.parametrize(
    ("target", "code", "says"),
    [("mazes", 2, "hf://ORGANISATION/NAME"), ("hf://mazes", 3, "an organisation or user")],
)
def test_a_wrong_target_is_one_error(run: Path, target: str, code: int, says: str) -> None:
    ran = push(run, target)
    assert (ran.exit_code, says in ran.stderr) == (code, True)


def test_a_missing_or_wrong_token_is_one_error(
    account: Hub, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    ran = push(run, f"hf://{NAME}")
    assert (ran.exit_code, "there is no token" in ran.stderr) == (5, True)
    monkeypatch.setenv("HF_TOKEN", "hf_wrongPLANTED")
    ran = push(run, f"hf://{NAME}")
    assert (ran.exit_code, "HF_TOKEN" in ran.stderr) == (5, True)
    assert "PLANTED" not in ran.output


def test_an_organisation_that_is_closed_is_one_error(account: Hub, run: Path) -> None:
    account.closed.add("lab")
    ran = push(run, f"hf://{NAME}")
    assert ran.exit_code == 5
    assert "cannot create hf://lab/mazes" in ran.stderr
    assert "You don't have the rights" in ran.stderr


def test_a_run_that_is_not_finished_is_refused(account: Hub, tmp_path: Path) -> None:
    build_run(FileStore(tmp_path / "half"), PLAN)
    ran = push(tmp_path / "half", f"hf://{NAME}")
    assert (ran.exit_code, "is not finished" in ran.stderr) == (5, True)


@pytest.mark.parametrize("output_format", ["webdataset", "tar", "files"])
def test_every_format_becomes_the_same_parquet_files(
    account: Hub, run: Path, tmp_path: Path, output_format: OutputFormat
) -> None:
    other = FileStore(tmp_path / "other")
    build_finished_run(other, make_plan(SAMPLES, output_format=output_format))
    first = pushed(push(tmp_path / "other", f"hf://{NAME}", "-o", "json"))
    data = {path: body for path, body in files_of(account).items() if path.startswith(DATA)}
    assert data == {path: (run / path).read_bytes() for path in data}
    assert first["uploaded"] == len(data) + 2
    again = pushed(push(tmp_path / "other", f"hf://{NAME}", "-o", "json"))
    assert (again["uploaded"], again["skipped"]) == (0, first["uploaded"])


def test_other_samples_under_the_same_names_are_refused(account: Hub, tmp_path: Path) -> None:
    for seed, code in ((1, 0), (2, 3)):
        plan = make_plan({"O-1_maze": 2}, seed=seed)
        build_finished_run(FileStore(tmp_path / f"{seed}"), plan)
        assert push(tmp_path / f"{seed}", f"hf://{NAME}").exit_code == code
