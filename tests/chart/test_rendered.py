"""The chart's objects, for all example values and all Kubernetes versions that it allows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.kube.chart import CHART, NEWEST, VALUES, of_kind, permissions_of, pods, rendered, run
from support.kube.kube_schemas import CLIENT_GO, problems
from vrdata_operator.admin.rbac import FOR_PROFILES, FOR_RUNS

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
@pytest.mark.parametrize("version", CLIENT_GO)
def test_every_object_has_only_fields_of_this_kubernetes_version(
    helm: Path, values: Path, version: str
) -> None:
    found = [one for obj in rendered(helm, values, version) for one in problems(version, obj)]
    assert found == []


def test_the_schema_check_detects_a_wrong_field(helm: Path) -> None:
    deployment = of_kind(rendered(helm, VALUES[0]), "Deployment")[0]
    deployment["spec"]["template"]["spec"]["containers"][0]["imagePulPolicy"] = "Always"
    deployment["spec"]["replicas"] = "one"
    assert len(problems(NEWEST, deployment)) == 2


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_helm_lint_passes(helm: Path, values: Path) -> None:
    done = run(helm, "lint", CHART, "--strict", "-f", values, "--kube-version", NEWEST)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_every_object_names_its_namespace_and_carries_the_labels(helm: Path, values: Path) -> None:
    for obj in chart_objects(helm, values):
        assert obj["metadata"]["labels"]["app.kubernetes.io/part-of"] == "vrdata", obj["metadata"]
        if not obj["kind"].startswith(("Cluster", "CustomResource")):
            assert obj["metadata"]["namespace"]


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_every_pod_is_restricted(helm: Path, values: Path) -> None:
    """The Pod Security Standard `restricted`, and a read-only root file system."""
    objects = rendered(helm, values)
    specs = list(pods(objects))
    # Of the operator, of the doctor and, if the chart creates roles, of the uninstall hook.
    assert len(specs) == 2 + bool(of_kind(objects, "Job"))
    for spec in specs:
        assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & set(spec)
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] != 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        kinds = {kind for volume in spec["volumes"] for kind in set(volume) - {"name"}}
        assert kinds <= {"configMap", "emptyDir", "persistentVolumeClaim"}
        for container in spec["containers"]:
            assert not any("hostPort" in port for port in container.get("ports", []))
            assert container["resources"]["requests"]
            assert container["resources"]["limits"]["memory"]
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_an_operator_that_starts_slowly_is_not_killed_for_minutes(helm: Path) -> None:
    (deployment,) = of_kind(rendered(helm, VALUES[0]), "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    start, live = container["startupProbe"], container["livenessProbe"]
    assert start["httpGet"] == live["httpGet"]
    assert start["periodSeconds"] * start["failureThreshold"] >= 300


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_no_name_appears_twice_in_a_pod(helm: Path, values: Path) -> None:
    """The server-side apply of Helm 4 rejects lists with duplicate names."""
    for spec in pods(rendered(helm, values)):
        lists = [spec["volumes"]]
        for container in spec["containers"]:
            lists += [container["env"], container.get("ports", [])]
        for one in lists:
            names = [item["name"] for item in one]
            assert len(set(names)) == len(names)


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_no_role_reads_secrets_or_has_wildcards(helm: Path, values: Path) -> None:
    objects = rendered(helm, values)
    for role in of_kind(objects, "Role") + of_kind(objects, "ClusterRole"):
        for rule in role["rules"]:
            assert "secrets" not in rule["resources"]
            assert "*" not in [*rule["verbs"], *rule["resources"], *rule["apiGroups"]]


def test_the_doctor_checks_exactly_the_permissions_that_the_chart_grants(helm: Path) -> None:
    roles = operators(of_kind(rendered(helm, CHART / "ci" / "namespaced-values.yaml"), "Role"))
    profiles = [role for role in roles if role["metadata"]["name"].endswith("-profiles")]
    assert permissions_of(profiles) == FOR_PROFILES
    for role in roles:
        if role not in profiles:
            assert permissions_of([role]) == FOR_RUNS
    everywhere = of_kind(rendered(helm, CHART / "ci" / "s3-secret-values.yaml"), "ClusterRole")
    assert permissions_of(operators(everywhere)) == FOR_RUNS


def chart_objects(helm: Path, values: Path) -> list[dict[str, Any]]:
    """Without extraObjects."""
    return [one for one in rendered(helm, values) if one["metadata"]["name"] != "more"]


def operators(objects: list[dict[str, Any]], component: str = "operator") -> list[dict[str, Any]]:
    """The objects of one component, by default of the operator."""
    return [
        one
        for one in objects
        if one["metadata"]["labels"].get("app.kubernetes.io/component") == component
    ]


@pytest.mark.parametrize("values", ["namespaced-values.yaml", "s3-secret-values.yaml"])
def test_the_uninstall_hook_may_only_stop_the_operator_and_remove_finalizers(
    helm: Path, values: str
) -> None:
    objects = rendered(helm, CHART / "ci" / values)
    roles = operators(of_kind(objects, "Role") + of_kind(objects, "ClusterRole"), "removal")
    assert permissions_of(roles) == {
        ("apps", "deployments/scale", "get"),
        ("apps", "deployments/scale", "patch"),
        ("", "pods", "list"),
        *(("vrdata.dev", "generationruns", verb) for verb in ("get", "list", "patch")),
    }
    scales = [rule for role in roles for rule in role["rules"] if rule["apiGroups"] == ["apps"]]
    assert all(rule["resourceNames"] == ["vrdata"] for rule in scales)


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_the_uninstall_hook_exists_only_during_uninstallation(helm: Path, values: Path) -> None:
    for one in operators(chart_objects(helm, values), "removal"):
        assert one["metadata"]["annotations"]["helm.sh/hook"] == "pre-delete"


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_workers_get_no_token(helm: Path, values: Path) -> None:
    for account in of_kind(rendered(helm, values), "ServiceAccount"):
        if account["metadata"]["labels"]["app.kubernetes.io/component"] == "worker":
            assert account["automountServiceAccountToken"] is False


def test_namespaced_mode_has_no_cluster_role_for_the_operator(helm: Path) -> None:
    objects = rendered(helm, CHART / "ci" / "namespaced-values.yaml")
    assert of_kind(objects, "ClusterRole") == []
    assert of_kind(objects, "ClusterRoleBinding") == []
    spaces = {role["metadata"]["namespace"] for role in of_kind(objects, "Role")}
    assert spaces == {"team-a", "team-b", "vrdata-system"}
