"""The operator as a process on a real API server: definitions and runs are deleted under it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from support.cluster.api import ApiServer
from support.cluster.places import REPOSITORY
from support.lives import profile_object, run_object
from support.polling import wait_until
from support.services.s3server import free_port

pytestmark = pytest.mark.cluster

SYSTEM = "vrdata-serving"
DEFINITION = "generationruns.vrdata.dev"


@pytest.fixture(scope="module")
def health_port(server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """An operator serves runs; the port of its probes."""
    server.kubectl("create", "ns", SYSTEM)
    port, log = free_port(), tmp_path_factory.mktemp("operator") / "log"
    variables = {
        "KUBECONFIG": str(server.kubeconfig),
        "VRDATA_NAMESPACE": SYSTEM,
        "VRDATA_METRICS_PORT": str(free_port()),
        "VRDATA_HEALTH_PORT": str(port),
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "vrdata_operator"],
            env=os.environ | variables,
            stdout=output,
            stderr=output,
        )
    try:
        wait_until(lambda: probe(port, "readyz")[0] == 200, "the operator is ready", 60)
        yield port
        server.kubectl("delete", "generationrun", "--all", "-n", SYSTEM)  # with their finalizers
        assert process.poll() is None, log.read_text()
    finally:
        process.kill()
        process.wait()
        sys.stderr.write(log.read_text())


def probe(port: int, path: str) -> tuple[int, str]:
    """Status and text of a probe; 0 without an answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def reason(server: ApiServer, name: str) -> str:
    """status.reason of a run; empty until the operator has seen it."""
    found = server.kubectl("get", "generationrun", name, "-n", SYSTEM, "-o", "json")
    if found.returncode:
        return ""
    return str(json.loads(found.stdout).get("status", {}).get("reason", ""))


def create(server: ApiServer, name: str, profile: str = "none") -> None:
    accepted, message = server.apply(run_object(name, SYSTEM, profile=profile))
    assert accepted, message


def test_a_definition_that_is_created_again_is_served_and_the_probes_tell_the_truth(
    server: ApiServer, health_port: int
) -> None:
    create(server, "before")
    wait_until(lambda: reason(server, "before") == "UnknownProfile", "the run is served", 30)
    assert server.kubectl("delete", "crd", DEFINITION).returncode == 0
    wait_until(lambda: DEFINITION in probe(health_port, "readyz")[1], "the cause is named", 30)
    assert probe(health_port, "readyz")[0] == 503
    assert probe(health_port, "healthz")[0] == 200
    begun = time.monotonic()
    applied = server.kubectl("apply", "-f", REPOSITORY / "crds")
    assert applied.returncode == 0, applied.stderr
    wait_until(lambda: server.apply(run_object("after", SYSTEM, profile="none"))[0], "a run", 30)
    wait_until(lambda: reason(server, "after") == "UnknownProfile", "the new run is served", 30)
    assert time.monotonic() - begun < 30
    wait_until(lambda: probe(health_port, "readyz") == (200, "ok\n"), "the operator is ready", 30)


def test_a_definition_that_is_replaced_at_once_is_served(
    server: ApiServer, health_port: int
) -> None:
    server.kubectl("replace", "--force", "-f", REPOSITORY / "crds")
    wait_until(lambda: server.apply(run_object("new", SYSTEM, profile="none"))[0], "a run", 30)
    wait_until(lambda: reason(server, "new") == "UnknownProfile", "the new run is served", 30)
    wait_until(lambda: probe(health_port, "readyz")[0] == 200, "the operator is ready", 30)


@pytest.fixture
def silent_store() -> Iterator[str]:
    """The URL of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_run_is_deleted_while_its_store_does_not_answer(
    server: ApiServer, health_port: int, silent_store: str
) -> None:
    assert probe(health_port, "readyz")[0] == 200
    profile = profile_object("silent", storage={"url": "s3://bucket/x", "endpoint": silent_store})
    profile["metadata"]["namespace"] = SYSTEM
    assert server.apply(profile)[0]
    for name in ("waits", "other"):
        create(server, name, "silent")
    wait_until(lambda: "vrdata.dev/operator" in finalizers(server, "waits"), "a finalizer", 30)
    time.sleep(1)  # the turn has begun and waits for the store
    for name in ("waits", "other"):
        begun = time.monotonic()
        assert server.kubectl("delete", "generationrun", name, "-n", SYSTEM).returncode == 0
        assert time.monotonic() - begun < 5  # kopf's own delay is 10 s


def finalizers(server: ApiServer, name: str) -> list[str]:
    found = server.kubectl("get", "generationrun", name, "-n", SYSTEM, "-o", "json")
    return list(json.loads(found.stdout)["metadata"].get("finalizers", ()))
