"""The chart, rendered by helm."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from support.kube.kube_schemas import CLIENT_GO
from vrdata_operator.admin.rbac import Permission

CHART = Path(__file__).parents[3] / "charts" / "vrdata"
VALUES = sorted((CHART / "ci").glob("*-values.yaml"))
NEWEST = max(CLIENT_GO)


def run(helm: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Run helm; its output is text."""
    return subprocess.run(
        [str(helm), *map(str, words)], capture_output=True, text=True, check=False, timeout=60
    )


def rendered(
    helm: Path,
    values: Path,
    version: str = NEWEST,
    name: str = "vrdata",
    namespace: str = "vrdata-system",
) -> list[dict[str, Any]]:
    """The objects that `helm install` would create."""
    text = _template(helm, values, values.read_text(), version, name, namespace)
    return [document for document in yaml.load_all(text, Loader=yaml.CSafeLoader) if document]


@cache
def _template(
    helm: Path, values: Path, _contents: str, version: str, name: str, namespace: str
) -> str:
    done = run(
        helm,
        *("template", name, CHART, "-n", namespace, "-f", values),
        *("--kube-version", version, "--api-versions", "monitoring.coreos.com/v1"),
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def pods(objects: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The spec of every pod."""
    for one in objects:
        if one["kind"] == "Pod":
            yield one["spec"]
        if one["kind"] in {"Deployment", "Job"}:
            yield one["spec"]["template"]["spec"]


def of_kind(objects: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """The objects of one kind."""
    return [one for one in objects if one["kind"] == kind]


def permissions_of(roles: list[dict[str, Any]]) -> set[Permission]:
    """API group, resource and verb of every rule."""
    return {
        (group, resource, verb)
        for role in roles
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
