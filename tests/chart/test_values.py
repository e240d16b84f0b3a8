"""How the chart renders single values, and which values it rejects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.kube.chart import CHART, NEWEST, VALUES, of_kind, rendered, run
from vrdata.api.profile import GenerationProfile

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_the_default_profile_is_a_valid_profile(helm: Path, values: Path) -> None:
    for config in of_kind(rendered(helm, values), "ConfigMap"):
        text = config.get("data", {}).get("profiles.yaml")
        if text and text.strip():
            profile = GenerationProfile.model_validate(yaml.safe_load(text))
            assert profile.metadata.name == "default"


def test_the_gpu_setting_requests_devices_in_class_g_only(helm: Path) -> None:
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


def test_names_stay_short_in_a_release_with_a_long_name(helm: Path) -> None:
    longest = "r" * 53  # that Helm accepts
    for obj in rendered(helm, CHART / "ci" / "everything-values.yaml", name=longest):
        if not obj["kind"].startswith(("Cluster", "CustomResource")):  # their names may be longer
            assert len(obj["metadata"]["name"]) <= 63
        for label in obj["metadata"].get("labels", {}).values():
            assert len(label) <= 63


def test_releases_in_two_namespaces_share_only_the_crds(helm: Path) -> None:
    values = CHART / "ci" / "s3-secret-values.yaml"

    def names(namespace: str) -> set[tuple[str, str, str]]:
        found = rendered(helm, values, namespace=namespace)
        assert found
        return {
            (one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"])
            for one in found
            if one["kind"] != "CustomResourceDefinition"
        }

    assert names("one") & names("two") == set()


def test_equal_values_render_equal_manifests(helm: Path) -> None:
    words = ("template", "vrdata", CHART, "-f", CHART / "ci" / "everything-values.yaml")
    first, second = (run(helm, *words, "--kube-version", NEWEST).stdout for _ in range(2))
    assert first
    assert first == second


def test_network_policies_exist_only_when_enabled(helm: Path) -> None:
    assert of_kind(rendered(helm, CHART / "ci" / "default-values.yaml"), "NetworkPolicy") == []
    found = of_kind(rendered(helm, CHART / "ci" / "everything-values.yaml"), "NetworkPolicy")
    places = {(one["metadata"]["namespace"], one["metadata"]["name"]) for one in found}
    assert places == {
        ("vrdata-system", "vrdata"),
        ("vrdata-system", "vrdata-worker"),
        ("team-a", "vrdata-worker"),
    }
    egress = next(one for one in found if one["metadata"]["name"] == "vrdata-worker")["spec"]
    assert egress["ingress"] == []
    assert egress["egress"][1:] == [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]


def test_keys_reach_the_operator_by_reference_only(helm: Path) -> None:
    objects = rendered(helm, CHART / "ci" / "s3-secret-values.yaml")
    spec = of_kind(objects, "Deployment")[0]["spec"]["template"]["spec"]
    keys = [one for one in spec["containers"][0]["env"] if one["name"].startswith("AWS_")]
    assert len(keys) == 2
    assert all(set(one["valueFrom"]) == {"secretKeyRef"} for one in keys)
    ambient = rendered(helm, CHART / "ci" / "cloud-identity-values.yaml")
    assert "AWS_" not in str(of_kind(ambient, "Deployment"))
    roles = {
        account["metadata"]["annotations"]["example.com/role"]
        for account in of_kind(ambient, "ServiceAccount")
        if "helm.sh/hook" not in account["metadata"]["annotations"]
    }
    assert roles == {"operator", "worker"}


def test_dashboards_are_installed_unchanged(helm: Path) -> None:
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
        ("storage.endpoint=minio:9000", "endpoint"),
        ("defaultProfile.classes.G.memory=lots", "'lots'"),
        ("defaultProfile.classes.O.sampleTimeoutSeconds=0", "sampleTimeoutSeconds"),
        ("defaultProfile.classes.G.tolerations[0].efect=NoExecute", "efect"),
        ("storage.url=s3://x,storage.persistentVolumeClaim=y", "set only one of them"),
        ("worker.networkPolicy.egressCIDRs={10.0.0.1}", "egressCIDRs"),
        ("worker.networkPolicy.exceptCIDRs={}", "exceptCIDRs"),  # Helm parses it as [""]
    ],
)
def test_an_invalid_value_is_rejected(helm: Path, setting: str, words: str) -> None:
    done = run(helm, "template", "vrdata", CHART, "--kube-version", NEWEST, "--set", setting)
    assert done.returncode != 0
    assert words in done.stderr


def levels(schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """Every map of the values with fixed keys."""
    if schema["type"] == "object" and "properties" in schema:
        yield path
        for name, inner in schema["properties"].items():
            yield from levels(inner, f"{path}{name}.")


def test_every_resource_of_a_class_can_be_set(helm: Path, tmp_path: Path) -> None:
    resources = {
        "cpu": 2,
        "memory": "3Gi",
        "memoryCeiling": "6Gi",
        "ephemeralStorage": "1Gi",
        "gpu": {"count": 1},
        "nodeSelector": {"pool": "gpu"},
        "sampleTimeoutSeconds": 60,
        "tolerations": [{"key": "gpu", "operator": "Exists"}],
        "priorityClassName": "batch",
        "runtimeClassName": "gvisor",
    }
    values = tmp_path / "values.yaml"
    values.write_text(json.dumps({"defaultProfile": {"classes": {"G": resources}}}))
    configs = of_kind(rendered(helm, values), "ConfigMap")
    text = next(one["data"]["profiles.yaml"] for one in configs if "profiles.yaml" in one["data"])
    made = GenerationProfile.model_validate(yaml.safe_load(text)).spec.classes.G
    assert made.model_fields_set == type(made).model_fields.keys()


@pytest.mark.parametrize("level", [*levels(json.loads((CHART / "values.schema.json").read_text()))])
def test_an_unknown_key_is_rejected_at_every_level(helm: Path, level: str) -> None:
    done = run(
        helm,
        *("template", "vrdata", CHART, "--kube-version", NEWEST, "--set", f"{level}unheardOf=1"),
    )
    assert done.returncode != 0
    assert "unheardOf" in done.stderr


def test_an_old_kubernetes_is_rejected(helm: Path) -> None:
    done = run(helm, "template", "vrdata", CHART, "--kube-version", "1.32.0")
    assert done.returncode != 0
    assert "1.33" in done.stderr
