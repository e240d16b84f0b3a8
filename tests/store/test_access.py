"""`vrdata doctor --store`: one line for each kind of request, with the fix, without secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from support.memorystore import MemoryStore
from support.services.s3server import SECRET_KEY, S3Server
from support.services.weak_s3 import WeakS3
from vrdata.cli.main import app
from vrdata.store.access import examine_access
from vrdata.store.port import StorageError

ALL = ["identity", "list", "write", "read", "delete", "store"]


@pytest.fixture(autouse=True)
def no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check of the sandbox takes a second, and is tested elsewhere."""
    monkeypatch.setattr("vrdata.local.doctor._sandbox", lambda: ("ok", ""))


def doctor(url: str, *arguments: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(app, ["doctor", "--store", url, "-o", "json", *arguments])


def of_store(ran: Result) -> dict[str, dict[str, Any]]:
    """The checks of the store by name, in order."""
    return {one["check"]: one for one in json.loads(ran.stdout) if one["check"] in ALL}


def states(ran: Result) -> dict[str, str]:
    return {check: one["state"] for check, one in of_store(ran).items()}


@pytest.mark.slow
@pytest.mark.s3
def test_a_bucket_that_can_be_used_has_only_good_lines(s3: S3Server) -> None:
    bucket = s3.make_bucket("doctor-good")
    ran = doctor(f"s3://{bucket}/datasets")
    assert states(ran) == dict.fromkeys(ALL, "ok")
    identity = of_store(ran)["identity"]["detail"]
    assert identity == "testaccess, access key …cess from the environment"
    assert SECRET_KEY not in ran.output
    assert not any((s3.folder / bucket).rglob("access"))


@pytest.mark.slow
@pytest.mark.s3
def test_the_first_check_that_fails_for_all_requests_ends_them(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = doctor("s3://missing/x")
    assert states(ran) == {"identity": "ok", "list": "failed"}
    assert "vrdata bucket create s3://missing" in of_store(ran)["list"]["detail"]
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-PLANTED")
    ran = doctor("s3://missing/x")
    assert "secret key does not match" in of_store(ran)["list"]["detail"]
    assert "PLANTED" not in ran.output
    assert ran.exit_code == 1


def test_missing_credentials_are_one_line(weak_s3: WeakS3, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    ran = doctor("s3://bucket/x", "--endpoint", weak_s3.endpoint)
    assert states(ran) == {"identity": "failed"}
    assert "fix: set AWS_ACCESS_KEY_ID" in of_store(ran)["identity"]["detail"]
    assert weak_s3.requests == []


@pytest.mark.parametrize(
    ("request_kind", "check", "state", "permission"),
    [
        ("LIST 2", "list", "failed", "s3:ListBucket"),
        ("PUT", "write", "failed", "s3:PutObject"),
        ("GET", "read", "failed", "s3:GetObject"),
        ("DELETE", "delete", "warning", "s3:DeleteObject"),
    ],
)
def test_a_permission_that_is_missing_is_named_and_the_others_are_checked(
    weak_s3: WeakS3, request_kind: str, check: str, state: str, permission: str
) -> None:
    weak_s3.behaviour.create_only = True
    weak_s3.objects["/bucket/x/mine"] = b"mine"
    weak_s3.behaviour.refused_requests = {request_kind: (403, "AccessDenied")}
    ran = doctor("s3://bucket/x", "--endpoint", weak_s3.endpoint)
    found = of_store(ran)
    assert found[check]["state"] == state
    assert f"fix: allow {permission}" in found[check]["detail"]
    others = {name: one for name, one in states(ran).items() if name not in {check, "store"}}
    assert set(others.values()) == {"ok"}
    assert ran.exit_code == (1 if state == "failed" else 0)
    left = [path for path in weak_s3.objects if path != "/bucket/x/mine"]
    assert bool(left) == (check == "delete")


def test_a_server_that_overwrites_is_a_warning(weak_s3: WeakS3) -> None:
    ran = doctor("s3://bucket/x", "--endpoint", weak_s3.endpoint)
    found = of_store(ran)["write"]
    assert found["state"] == "warning"
    assert "overwrites existing objects; fix:" in found["detail"]


def test_a_server_without_create_only_writes_is_a_warning(weak_s3: WeakS3) -> None:
    weak_s3.behaviour.refused_headers = {"if-none-match": (501, "NotImplemented")}
    found = of_store(doctor("s3://bucket/x", "--endpoint", weak_s3.endpoint))["write"]
    assert found["state"] == "warning"
    assert "refuses If-None-Match (501 NotImplemented)" in found["detail"]


def test_an_empty_place_that_cannot_be_written_has_nothing_to_read(weak_s3: WeakS3) -> None:
    weak_s3.read_only = True
    ran = doctor("s3://bucket/x", "--endpoint", weak_s3.endpoint)
    assert states(ran) == {"identity": "ok", "list": "ok", "write": "failed"}


def test_the_object_is_deleted_after_an_error() -> None:
    class Failing(MemoryStore):
        def get(self, key: str) -> bytes:
            raise StorageError(f"cannot read {key}")

    store = Failing()
    checks = {one.check: one.state for one in examine_access(store)}
    assert checks == {"list": "ok", "write": "ok", "read": "failed"}
    assert not store.objects
