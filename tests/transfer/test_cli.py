"""`vrdata download` and `vrdata upload` as a user sees them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from support.objects import put
from support.services.s3server import S3Server, free_port
from support.services.weak_s3 import WeakS3
from support.trees import read_tree
from vrdata.cli.storage import transfer
from vrdata.store.opening import open_store
from vrdata.transfer import destination

pytestmark = pytest.mark.usefixtures("plain_terminal")


@pytest.fixture
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")


def vrdata(*arguments: object) -> Result:
    app = typer.Typer()
    transfer.register(app)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_folder_is_uploaded_and_downloaded(place: str, source: Path, tmp_path: Path) -> None:
    up = vrdata("upload", source, place)
    assert up.exit_code == 0, up.output
    assert up.stdout.startswith("uploaded 6 files (10.2 MB), 0 already there, 0 failed")
    down = vrdata("download", place, tmp_path / "back", "--jobs", 2)
    assert down.exit_code == 0, down.output
    assert "downloaded 6 files" in down.stdout
    assert read_tree(tmp_path / "back") == read_tree(source)


def test_the_files_at_the_destination_are_counted(place: str, source: Path, tmp_path: Path) -> None:
    put(open_store(place), "older/file", b"1234")
    for outcome in ("uploaded 6 files", "uploaded 0 files"):
        done = vrdata("upload", source, place)
        assert done.stdout.startswith(outcome)
        assert done.stdout.splitlines()[1].endswith("contains 7 files (10.2 MB)")
    answer = json.loads(vrdata("upload", source, place, "-o", "json").stdout)
    assert answer["destination"]["files"] == 7
    assert answer["destination"]["complete"]
    done = vrdata("download", place, tmp_path / "back")
    assert done.stdout.splitlines()[1] == f"{tmp_path / 'back'} contains 7 files (10.2 MB)"
    assert len(read_tree(tmp_path / "back")) == 7


def test_the_count_ends_soon_after_the_files_of_the_copy(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(destination, "EXTRA_FILES", 2)
    store = open_store(str(tmp_path / "store"))
    for index in range(5):
        put(store, f"older/{index}")
    done = vrdata("upload", source, tmp_path / "store")
    assert "contains more than 8 files" in done.stdout


def test_a_destination_that_cannot_be_listed_is_a_note(source: Path, weak_s3: WeakS3) -> None:
    weak_s3.behaviour.create_only = True
    refused = dict.fromkeys(("LIST", "LIST 2"), (403, "AccessDenied"))
    weak_s3.behaviour.refused_requests = refused
    done = vrdata("upload", source, "s3://bucket/x", "--endpoint", weak_s3.endpoint)
    assert done.exit_code == 0, done.output
    assert "note: these credentials cannot list s3://bucket/x" in done.stderr


def test_an_upload_creates_the_parents_of_its_folder(source: Path, tmp_path: Path) -> None:
    assert vrdata("upload", source, tmp_path / "d/e/f").exit_code == 0
    assert read_tree(tmp_path / "d/e/f") == read_tree(source)


def test_the_json_output_has_the_counts(source: Path, tmp_path: Path) -> None:
    put(open_store(str(tmp_path / "store")), "empty", b"other")
    done = vrdata("upload", source, tmp_path / "store", "-o", "json")
    answer = json.loads(done.stdout)
    assert (answer["transferred"], answer["skipped"], answer["failed"]) == (5, 0, 1)
    assert answer["bytes"] == sum(map(len, read_tree(source).values()))
    assert answer["failures"][0]["key"] == "empty"


def test_a_failed_file_is_named_and_the_exit_code_is_one(source: Path, tmp_path: Path) -> None:
    (source / "link").symlink_to("/etc/passwd")
    done = vrdata("upload", source, tmp_path / "store")
    assert done.exit_code == 1
    assert "failed: link: it is a link" in done.stderr


def test_an_upload_to_a_server_without_create_only_writes_warns_once(
    source: Path, weak_s3: WeakS3
) -> None:
    weak_s3.behaviour.refused_headers = {"if-none-match": (501, "NotImplemented")}
    for outcome in ("uploaded 6 files", "uploaded 0 files (0.0 MB), 6 already there"):
        done = vrdata("upload", source, "s3://bucket/x", "--endpoint", weak_s3.endpoint)
        assert done.exit_code == 0, done.output
        assert done.stdout.startswith(outcome)
        expected = 1 if "uploaded 6" in outcome else 0  # nothing is written again
        assert done.stderr.count("refuses If-None-Match (501 NotImplemented)") == expected


def test_a_download_creates_the_parents_of_its_folder(source: Path, tmp_path: Path) -> None:
    assert vrdata("download", source, tmp_path / "a/b/c").exit_code == 0
    assert read_tree(tmp_path / "a/b/c") == read_tree(source)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["download", "{tmp}/none", "{tmp}/back"], 5, "does not exist"),
        (["upload", "{tmp}/none", "{tmp}/store"], 5, "does not exist"),
        (["download", "gs://x/y", "{tmp}/back"], 2, "s3://bucket/prefix"),
        (["download", "{tmp}/source", "{tmp}/source/index.json/x"], 2, "one folder"),
        (["upload", "{tmp}/source", "{tmp}/source/index.json/x"], 2, "one folder"),
        (["download", "{tmp}/source", "{tmp}/back", "--generator", "O-1"], 2, "not the folder"),
    ],
)
def test_a_usage_error_has_an_exit_code_and_a_fix(
    source: Path, tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    done = vrdata(*(argument.format(tmp=tmp_path) for argument in arguments))
    assert done.exit_code == code, done.output
    assert says in done.stderr
    assert "fix:" in done.stderr
    assert "Traceback" not in done.output


@pytest.mark.slow
@pytest.mark.s3
def test_a_store_that_cannot_be_reached_is_exit_code_seven(
    source: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    endpoint = f"http://127.0.0.1:{free_port()}"
    done = vrdata("upload", source, "s3://bucket/x", "--endpoint", endpoint)
    assert done.exit_code == 7
    assert "--endpoint" in done.stderr


@pytest.mark.slow
@pytest.mark.s3
def test_a_missing_bucket_is_exit_code_five(source: Path, s3: S3Server) -> None:
    done = vrdata("upload", source, "s3://missing/x")
    assert done.exit_code == 5
    assert "the bucket missing does not exist" in done.stderr


def test_progress_goes_to_standard_error(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "PROGRESS_SECONDS", 0.0)
    done = vrdata("upload", source, tmp_path / "store", "-o", "json")
    assert done.stderr.count("MB/s") == 6
    json.loads(done.stdout)
