"""The chart, rendered for every example of values and every version of Kubernetes it allows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.cluster.binaries import MissingToolError, binary
from support.kube_schemas import CLIENT_GO, problems
from vrdata.api.profile import GenerationProfile

pytestmark = pytest.mark.cluster  # helm is built with the cluster's binaries

CHART = Path(__file__).parents[2] / "charts" / "vrdata"
VALUES = sorted((CHART / "ci").glob("*-values.yaml"))
NEWEST = max(CLIENT_GO)


@pytest.fixture(scope="session")
def helm() -> Path:
    try:
        if shutil.which("go") is None:
            raise MissingToolError("Go is not installed")
        return binary("helm")
    except MissingToolError as error:
        if os.environ.get("VRDATA_REQUIRE") == "all":
            pytest.fail(f"no helm: {error}")
        pytest.skip(f"NO CHART TESTS: {error}")


def run(helm: Path, *words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(helm), *map(str, words)], capture_output=True, text=True, check=False, timeout=60
    )


def rendered(helm: Path, values: Path, version: str = NEWEST) -> list[dict[str, Any]]:
    done = run(
        helm,
        *("template", "vrdata", CHART, "-n", "vrdata-system", "-f", values),
        *("--kube-version", version, "--api-versions", "monitoring.coreos.com/v1"),
    )
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def of_kind(objects: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [one for one in objects if one["kind"] == kind]


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
@pytest.mark.parametrize("version", CLIENT_GO)
def test_every_object_has_only_fields_that_this_kubernetes_knows(
    helm: Path, values: Path, version: str
) -> None:
    found = [one for obj in rendered(helm, values, version) for one in problems(version, obj)]
    assert found == []


def test_the_check_would_see_a_wrong_field(helm: Path) -> None:
    deployment = of_kind(rendered(helm, VALUES[0]), "Deployment")[0]
    deployment["spec"]["template"]["spec"]["containers"][0]["imagePulPolicy"] = "Always"
    deployment["spec"]["replicas"] = "one"
    assert len(problems(NEWEST, deployment)) == 2


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_helm_finds_nothing_to_complain_about(helm: Path, values: Path) -> None:
    done = run(helm, "lint", CHART, "--strict", "-f", values, "--kube-version", NEWEST)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_every_object_names_its_namespace_and_carries_the_labels(helm: Path, values: Path) -> None:
    for obj in rendered(helm, values):
        if obj["metadata"]["name"] == "more":
            continue  # of extraObjects
        assert obj["metadata"]["labels"]["app.kubernetes.io/part-of"] == "vrdata", obj["metadata"]
        if not obj["kind"].startswith(("Cluster", "CustomResource")):
            assert obj["metadata"]["namespace"]


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_the_operators_pod_is_restricted(helm: Path, values: Path) -> None:
    spec = of_kind(rendered(helm, values), "Deployment")[0]["spec"]["template"]["spec"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in spec["containers"]:
        rights = container["securityContext"]
        assert rights["allowPrivilegeEscalation"] is False
        assert rights["readOnlyRootFilesystem"] is True
        assert rights["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_no_role_reads_secrets_or_asks_for_everything(helm: Path, values: Path) -> None:
    objects = rendered(helm, values)
    for role in of_kind(objects, "Role") + of_kind(objects, "ClusterRole"):
        for rule in role["rules"]:
            assert "secrets" not in rule["resources"]
            assert "*" not in [*rule["verbs"], *rule["resources"], *rule["apiGroups"]]


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_workers_get_no_token(helm: Path, values: Path) -> None:
    for account in of_kind(rendered(helm, values), "ServiceAccount"):
        if account["metadata"]["labels"]["app.kubernetes.io/component"] == "worker":
            assert account["automountServiceAccountToken"] is False


def test_namespaced_mode_has_no_cluster_role_for_work(helm: Path) -> None:
    objects = rendered(helm, CHART / "ci" / "namespaced-values.yaml")
    assert of_kind(objects, "ClusterRole") == []
    assert of_kind(objects, "ClusterRoleBinding") == []
    spaces = {role["metadata"]["namespace"] for role in of_kind(objects, "Role")}
    assert spaces == {"team-a", "team-b", "vrdata-system"}


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_the_default_profile_is_a_valid_profile(helm: Path, values: Path) -> None:
    for config in of_kind(rendered(helm, values), "ConfigMap"):
        text = config.get("data", {}).get("profiles.yaml")
        if text and text.strip():
            profile = GenerationProfile.model_validate(yaml.safe_load(text))
            assert profile.metadata.name == "default"


def test_the_gpu_switch_asks_for_devices_in_class_g_only(helm: Path) -> None:
    objects = rendered(helm, CHART / "ci" / "gpu-values.yaml")
    text = next(
        one["data"]["profiles.yaml"]
        for one in of_kind(objects, "ConfigMap")
        if "profiles.yaml" in one["data"]
    )
    classes = GenerationProfile.model_validate(yaml.safe_load(text)).spec.classes
    assert classes.G.gpu is not None
    assert (classes.G.gpu.resource, classes.G.gpu.count) == ("nvidia.com/gpu", 2)
    assert classes.O.gpu is None


def test_dashboards_are_whole(helm: Path) -> None:
    objects = rendered(helm, CHART / "ci" / "everything-values.yaml")
    boards = [
        one
        for one in of_kind(objects, "ConfigMap")
        if "grafana_dashboard" in one["metadata"].get("labels", {})
    ]
    assert len(boards) == 2
    for board in boards:
        for text in board["data"].values():
            assert json.loads(text)["panels"]


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("storag.url=s3://x", "storag"),
        ("image.tga=v1", "tga"),
        ("defaultProfile.image=worker:latest", "defaultProfile"),
        ("image.tag=latest", "latest is not a version"),
        ("image.pullPolicy=Sometimes", "pullPolicy"),
        ("storage.url=http://x", "url"),
    ],
)
def test_a_wrong_value_is_refused(helm: Path, setting: str, words: str) -> None:
    done = run(helm, "template", "vrdata", CHART, "--kube-version", NEWEST, "--set", setting)
    assert done.returncode != 0
    assert words in done.stderr


def test_an_old_kubernetes_is_refused(helm: Path) -> None:
    done = run(helm, "template", "vrdata", CHART, "--kube-version", "1.32.0")
    assert done.returncode != 0
    assert "1.33" in done.stderr
