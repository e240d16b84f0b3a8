"""An S3 server that pods can reach."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.cluster.artifacts.binaries import MissingToolError
from support.cluster.parts.control_plane import free_port
from support.cluster.parts.processes import Processes
from support.cluster.places import CACHE, HOST
from support.cluster.waiting import wait_for


@dataclass(frozen=True)
class Bucket:
    """A running server with one bucket.

    Attributes:
        endpoint: the server's URL, for pods and for the machine.
        name: of the bucket.
        folder: where the server keeps the objects, as files.
    """

    endpoint: str
    name: str
    access_key: str
    secret_key: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Variables that make boto3 use this server and ignore the user's own settings."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": HOST,
        }


def start_bucket(processes: Processes, folder: Path, name: str = "data") -> Bucket:
    """Start versitygw on the bridge. A folder below its root is a bucket.

    Raises:
        MissingToolError: versitygw is not installed.
    """
    found = (shutil.which("versitygw"), str(CACHE.parent / "bin" / "versitygw"))
    server = next((path for path in found if path and os.access(path, os.X_OK)), None)
    if server is None:
        raise MissingToolError("versitygw is not installed: run hack/install-test-tools")
    (folder / name).mkdir(parents=True)
    port = free_port(HOST)
    bucket = Bucket(
        f"http://{HOST}:{port}", name, "testaccess", secrets.token_hex(12), folder / name
    )
    _start(processes, bucket, server)
    return bucket


@contextmanager
def outage(processes: Processes, bucket: Bucket) -> Iterator[None]:
    """The server is killed, and started again at the end."""
    running = _server(bucket)
    server = _words(running)[0]
    processes.stop(running, signal.SIGKILL)
    try:
        yield
    finally:
        _start(processes, bucket, server)


@contextmanager
def stopped(bucket: Bucket) -> Iterator[None]:
    """The server answers no request until the end, and then answers all of them."""
    running = _server(bucket)
    os.kill(running, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(running, signal.SIGCONT)


def _server(bucket: Bucket) -> int:
    address = bucket.endpoint.removeprefix("http://")
    (running,) = (one for one in _processes() if address in _words(one))
    return running


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _words(process: int) -> list[str]:
    """The command of a process; empty when it has ended."""
    try:
        return Path(f"/proc/{process}/cmdline").read_text(errors="replace").split("\0")
    except OSError:
        return []


def _start(processes: Processes, bucket: Bucket, server: str) -> None:
    keys = {"ROOT_ACCESS_KEY": bucket.access_key, "ROOT_SECRET_KEY": bucket.secret_key}
    address = bucket.endpoint.removeprefix("http://")
    processes.start("s3", [server, "--port", address, "posix", bucket.folder.parent], keys)
    wait_for(lambda: _answers(bucket.endpoint), "the S3 server", 30, lambda: processes.log("s3"))


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
