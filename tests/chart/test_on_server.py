"""A real API server accepts the chart's objects, and its roles are sufficient for the operator."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.cluster.api import ApiServer
from support.cluster.artifacts.binaries import MissingToolError
from support.cluster.parts.control_plane import ControlPlane, start_api_server
from support.cluster.places import CONTEXT
from support.kube.chart import CHART, VALUES, of_kind, rendered
from support.tools import missing
from vrdata_operator.state.names import GROUP

pytestmark = pytest.mark.cluster

SYSTEM = "vrdata-system"
DOCTOR_SECONDS = 120


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """An API server for these tests only, with the namespaces of the example values."""
    try:
        running = start_api_server(tmp_path_factory.mktemp("api"))
    except MissingToolError as error:
        missing(f"no API server can be made here: {error}")
    try:
        for name in (SYSTEM, "team-a", "team-b"):
            assert ApiServer(running.kubeconfig, CONTEXT).kubectl("create", "ns", name).stdout
        yield running
    finally:
        running.processes.stop_all()


@pytest.fixture
def server(plane: ControlPlane) -> Iterator[ApiServer]:
    """The same server; objects of the chart are deleted afterwards."""
    one = ApiServer(plane.kubeconfig, CONTEXT)
    yield one
    kinds = "clusterrole,clusterrolebinding,role,rolebinding,serviceaccount"
    done = one.kubectl("delete", kinds, "-A", "-l", "app.kubernetes.io/part-of=vrdata")
    assert done.returncode == 0, done.stderr


def applied(server: ApiServer, objects: list[dict[str, Any]]) -> None:
    """Apply as Helm 4 does, by server-side apply, which checks every field."""
    known = [one for one in objects if not one["apiVersion"].startswith("monitoring.")]
    listed = {"apiVersion": "v1", "kind": "List", "items": known}
    words = ("apply", "--server-side", "--force-conflicts", "--validate=strict", "-f", "-")
    done = server.kubectl(*words, given=json.dumps(listed))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_the_api_server_accepts_every_object(helm: Path, server: ApiServer, values: Path) -> None:
    # Pods would need a controller and a node, so they are only validated.
    objects = rendered(helm, values, namespace=SYSTEM)
    applied(server, [one for one in objects if one["kind"] not in {"Pod", "Deployment", "Job"}])
    for one in objects:
        if one["kind"] in {"Pod", "Deployment", "Job"}:
            one["spec"].pop("priorityClassName", None)
            accepted, words = server.dry_run(one)
            # An administrator creates the service account of the bare example.
            assert accepted or 'serviceaccount "given" not found' in words, words


def doctor(plane: ControlPlane, folder: Path, watch: str = "") -> dict[str, str]:
    """Run the doctor as the operator's service account; returns its lines by name of check."""
    account = ApiServer(plane.kubeconfig, CONTEXT).kubectl(
        "create", "token", "vrdata", "-n", SYSTEM
    )
    assert account.returncode == 0, account.stderr
    config = yaml.safe_load(plane.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": account.stdout.strip()}
    path = folder / "operator.conf"
    path.write_text(json.dumps(config))
    own = {
        "KUBECONFIG": str(path),
        "VRDATA_NAMESPACE": SYSTEM,
        "VRDATA_WATCH_NAMESPACES": watch,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    done = subprocess.run(
        [sys.executable, "-m", "vrdata_operator.admin.doctor"],
        env=os.environ | own,
        capture_output=True,
        text=True,
        check=False,
        timeout=DOCTOR_SECONDS,
    )
    assert done.returncode == 1, done.stderr  # the storage does not exist
    return {line.split()[1].rstrip(":"): line for line in done.stdout.splitlines()}


def install(helm: Path, server: ApiServer, values: str) -> None:
    """The chart's objects, and its profiles as the operator applies them."""
    objects = rendered(helm, CHART / "ci" / values, namespace=SYSTEM)
    applied(server, [one for one in objects if one["kind"] not in {"Pod", "Deployment", "Job"}])
    ready = server.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
    assert ready.returncode == 0, ready.stderr
    text = of_kind(objects, "ConfigMap")[0]["data"]["profiles.yaml"]
    profile = yaml.safe_load(text)
    profile["metadata"]["namespace"] = SYSTEM
    profile["spec"]["storage"]["endpoint"] = "http://127.0.0.1:1"
    applied(server, [profile])


@pytest.mark.parametrize(
    ("values", "watch"),
    [("s3-secret-values.yaml", ""), ("namespaced-values.yaml", "team-a,team-b")],
)
def test_the_operator_has_every_permission_that_its_doctor_checks(
    helm: Path, plane: ControlPlane, server: ApiServer, tmp_path: Path, values: str, watch: str
) -> None:
    install(helm, server, values)
    lines = doctor(plane, tmp_path, watch)
    assert lines["runs"].startswith("ok ")
    assert lines["permissions"].startswith("ok ")
    assert lines["profile"].startswith("ok ")
    assert lines["store"].startswith("FAILED store:")


def test_the_doctor_detects_a_missing_role(
    helm: Path, plane: ControlPlane, server: ApiServer, tmp_path: Path
) -> None:
    install(helm, server, "s3-secret-values.yaml")
    done = server.kubectl("delete", "clusterrolebinding", f"vrdata-{SYSTEM}")
    assert done.returncode == 0, done.stderr
    lines = doctor(plane, tmp_path)
    assert lines["runs"].startswith("FAILED runs: 403")
    assert "create jobs" in lines["permissions"]
    assert "patch generationruns/status" in lines["permissions"]


def test_namespaced_permissions_apply_to_the_namespace_only(helm: Path, server: ApiServer) -> None:
    install(helm, server, "namespaced-values.yaml")
    account = f"--as=system:serviceaccount:{SYSTEM}:vrdata"
    asked = ("auth", "can-i", "list", f"generationruns.{GROUP}", account)
    for place, answer in (("team-a", "yes"), ("default", "no")):
        said = server.kubectl(*asked, "-n", place)
        assert said.stdout.strip() == answer
