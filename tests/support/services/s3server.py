"""A real S3 server (versitygw) for tests, on a free port and in its own folder."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.polling import wait_until
from support.tools import missing

ACCESS_KEY = "testaccess"
SECRET_KEY = "testsecret-PLANTED"  # noqa: S105 - the test server's own
START_ATTEMPTS = 3  # another process may take the free port first


def versitygw() -> str:
    """Path of the server's binary. Without one the test is skipped, or fails: see `missing`."""
    cached = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "vrdata/bin/versitygw"
    places = (os.environ.get("VRDATA_VERSITYGW"), shutil.which("versitygw"), str(cached))
    found = next((path for path in places if path and os.access(path, os.X_OK)), None)
    if found is None:
        missing("versitygw is not installed: run hack/install-test-tools, or set VRDATA_VERSITYGW")
    return found


@dataclass(frozen=True)
class S3Server:
    """A running server.

    Attributes:
        endpoint: its URL.
        folder: where the posix backend keeps the buckets' files.
    """

    endpoint: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Variables that make boto3 use this server and ignore the user's own settings."""
        return {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "127.0.0.1",
        }

    def use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Set the variables in this process until the test ends."""
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_REGION"):
            monkeypatch.delenv(name, raising=False)
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)

    def make_bucket(self, name: str) -> str:
        """Create a bucket; returns its name."""
        import boto3
        from botocore.config import Config

        boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(s3={"addressing_style": "path"}),
        ).create_bucket(Bucket=name)
        return name


@contextmanager
def running_s3_server(folder: Path, *, versions: bool = False) -> Iterator[S3Server]:
    """Start a server that stores its buckets below `folder`; stop it at the end.

    Args:
        folder: must not exist or be empty.
        versions: buckets can keep versions of objects.
    """
    binary = versitygw()
    data, kept = folder / "buckets", folder / "versions"
    data.mkdir(parents=True)
    kept.mkdir()
    options = ["--versioning-dir", str(kept)] if versions else []
    for _ in range(START_ATTEMPTS):
        port = free_port()
        with (folder / "versitygw.log").open("ab") as log:
            process = subprocess.Popen(
                [binary, "--port", f"127.0.0.1:{port}", "posix", *options, str(data)],
                env=os.environ | {"ROOT_ACCESS_KEY": ACCESS_KEY, "ROOT_SECRET_KEY": SECRET_KEY},
                stdout=log,
                stderr=log,
            )
        endpoint = f"http://127.0.0.1:{port}"
        try:
            wait_until(
                lambda e=endpoint, p=process: _answers(e) or p.poll() is not None,
                "versitygw answers",
                30,
            )
            if process.poll() is None:
                yield S3Server(endpoint, data)
                return
        finally:
            process.terminate()
            process.wait(10)
    pytest.fail(f"versitygw does not start: {(folder / 'versitygw.log').read_text()[-2000:]}")


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """One server for all tests of this process; each test creates its own bucket."""
    with running_s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def s3(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """The running server, with this process's AWS variables pointing to it."""
    s3_server.use(monkeypatch)
    return s3_server


def free_port() -> int:
    """A port of the loopback address that no process listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(endpoint: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(endpoint, timeout=5).close()
    except urllib.error.HTTPError as error:  # it answers, although it refuses
        error.close()
        return True
    except OSError:
        return False
    return True
