"""The chart contains the CRDs, and can omit them or keep them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.cluster.places import REPOSITORY

pytestmark = pytest.mark.cluster  # helm is one of the cluster's binaries

NAMES = ("generationprofiles", "generationruns")


def rendered(helm: Path, **crds: bool) -> dict[str, dict[str, Any]]:
    """The CRDs that an installation creates, by plural name."""
    values = [f"--set=crds.{name}={str(value).lower()}" for name, value in crds.items()]
    done = subprocess.run(
        [
            *(helm, "template", "vrdata", REPOSITORY / "charts" / "vrdata"),
            *("--kube-version", "1.33.0", *values),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    objects = [one for one in yaml.safe_load_all(done.stdout) if one]
    definitions = [one for one in objects if one["kind"] == "CustomResourceDefinition"]
    return {one["spec"]["names"]["plural"]: one for one in definitions}


@pytest.mark.parametrize("keep", [True, False])
def test_the_chart_contains_the_same_crds(helm: Path, keep: bool) -> None:
    made = rendered(helm, keep=keep)
    assert set(made) == set(NAMES)
    for name, definition in made.items():
        alone = yaml.safe_load((REPOSITORY / "crds" / f"{name}.yaml").read_text())
        assert definition["spec"] == alone["spec"]
        assert definition["metadata"]["name"] == alone["metadata"]["name"]
        kept = definition["metadata"].get("annotations", {}).get("helm.sh/resource-policy")
        assert kept == ("keep" if keep else None)


@pytest.mark.parametrize("keep", [True, False])
def test_the_crds_can_be_disabled(helm: Path, keep: bool) -> None:
    assert rendered(helm, enabled=False, keep=keep) == {}
