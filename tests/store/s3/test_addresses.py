"""Servers at another address: redirects, the bucket in the host name, and clocks."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest

from support.objects import keys, put
from support.services.weak_s3 import Behaviour, WeakS3
from vrdata.errors import VrdataError
from vrdata.store.opening import open_store
from vrdata.store.port import StorageError


@pytest.mark.parametrize(
    ("status", "location", "fix"),
    [
        (301, "https://s3.example.org/bucket/a", "--endpoint https://s3.example.org"),
        (307, "http://other.example.org:9000/a", "--endpoint http://other.example.org:9000"),
        (308, "/elsewhere", "--region"),
    ],
)
def test_a_redirect_is_reported_with_its_target(
    weak_s3: WeakS3, status: int, location: str, fix: str
) -> None:
    weak_s3.behaviour = Behaviour(redirect=(status, location))
    store = open_store("s3://bucket", endpoint=weak_s3.endpoint)
    for request in (
        lambda: put(store, "a"),
        lambda: store.head("a"),
        lambda: store.get("a"),
        lambda: keys(store),
    ):
        with pytest.raises(StorageError) as caught:
            request()
        assert fix in caught.value.fix


@pytest.fixture
def every_host_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names below `s3.test` are this machine; other names do not resolve."""
    real = socket.getaddrinfo

    def resolve(host: str, *arguments: Any, **named: Any) -> Any:
        if host.endswith("s3.test"):
            host = "127.0.0.1"
        elif host.startswith("bucket."):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.mark.usefixtures("every_host_is_here")
def test_the_bucket_moves_into_the_host_name_for_a_server_that_wants_it(weak_s3: WeakS3) -> None:
    weak_s3.behaviour = Behaviour(virtual_only=True)
    store = open_store("s3://bucket", endpoint=weak_s3.endpoint.replace("127.0.0.1", "s3.test"))
    assert put(store, "a", b"body")
    assert store.get("a") == b"body"
    assert keys(store) == ["a"]
    assert list(weak_s3.objects) == ["/bucket/a"]


@pytest.mark.usefixtures("every_host_is_here")
def test_the_bucket_moves_into_the_path_if_its_host_name_is_unknown(
    weak_s3: WeakS3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("[default]\ns3 =\n  addressing_style = virtual\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    configured = botocore.session.Session()
    one = boto3.session.Session("any", "any", botocore_session=configured)
    monkeypatch.setattr("boto3.Session", lambda **_: one)
    store = open_store("s3://bucket", endpoint=weak_s3.endpoint.replace("127.0.0.1", "localhost"))
    assert put(store, "a", b"body")
    assert list(weak_s3.objects) == ["/bucket/a"]


def test_a_wrong_clock_is_reported_with_the_difference(weak_s3: WeakS3) -> None:
    weak_s3.refusals = [(403, "RequestTimeTooSkewed")]
    with pytest.raises(
        VrdataError, match=r"clock is wrong: .* s (ahead of|behind) the server's"
    ) as e:
        put(open_store("s3://bucket", endpoint=weak_s3.endpoint), "a")
    assert "timedatectl" in e.value.fix
