"""Every rule accepts and refuses on a real API server."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.cluster.api import ApiServer

pytestmark = pytest.mark.cluster

KINDS = {"run": "GenerationRun", "profile": "GenerationProfile"}
CASES = yaml.safe_load((Path(__file__).parent / "rules.yaml").read_text())
ALL = [
    pytest.param(kind, case, id=f"{kind}: {case['rule']}") for kind in KINDS for case in CASES[kind]
]
SPEC: dict[str, Any] = {
    "profile": "default",
    "seed": 1,
    "samples": 5,
    "generators": [{"name": "O-maze", "args": ["--a"]}],
    "shardSize": 10,
    "parallelism": 2,
}


def built(kind: str, part: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": "demo", "namespace": "default"} | part.get("metadata", {})
    head = {"apiVersion": "vrdata.dev/v1alpha1", "kind": KINDS[kind], "metadata": metadata}
    return head | {"spec": part["spec"]}


@pytest.mark.parametrize(("kind", "case"), ALL)
def test_the_rule_takes_what_is_right_and_refuses_what_is_wrong(
    server: ApiServer, kind: str, case: dict[str, Any]
) -> None:
    if "accept" in case:
        taken, words = server.dry_run(built(kind, case["accept"]))
        assert taken, words
    taken, words = server.dry_run(built(kind, case["reject"]))
    assert not taken
    assert case["words"].lower() in words.lower(), words


@pytest.fixture(scope="module")
def standing(server: ApiServer) -> str:
    """A run that stands on the server; its name."""
    run = built("run", {"metadata": {"name": "standing"}, "spec": SPEC})
    taken, words = server.apply(run)
    assert taken, words
    return "standing"


def changed(server: ApiServer, name: str, patch: dict[str, Any]) -> tuple[bool, str]:
    text = json.dumps({"spec": patch})
    done = server.kubectl("patch", "genrun", name, "--type=merge", "--dry-run=server", "-p", text)
    return done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("profile", "other"),
        ("seed", 2),
        ("samples", 6),
        ("generators", [{"name": "O-maze", "args": ["--b"]}]),
        ("generators", [{"name": "O-maze", "args": ["--a"]}, {"name": "G-x"}]),
        ("shardSize", 20),
        ("shardSize", None),  # removed
        ("output", {"format": "files"}),  # added
        ("dedup", {"onExhausted": "Keep"}),
        ("failurePolicy", {"retries": 5}),
        ("allowNondeterministic", True),
        ("queueName", "gpu"),
    ],
)
def test_what_decides_content_cannot_be_changed(
    server: ApiServer, standing: str, field: str, value: object
) -> None:
    taken, words = changed(server, standing, {field: value})
    assert not taken
    assert f"{field} cannot be changed" in words


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("parallelism", 9),
        ("suspend", True),
        ("activeDeadlineSeconds", 60),
        ("ttlSecondsAfterFinished", 60),
    ],
)
def test_how_it_runs_can_be_changed(
    server: ApiServer, standing: str, field: str, value: object
) -> None:
    taken, words = changed(server, standing, {field: value})
    assert taken, words


def test_applying_the_same_again_changes_nothing(server: ApiServer, standing: str) -> None:
    run = built("run", {"metadata": {"name": standing}, "spec": copy.deepcopy(SPEC)})
    done = server.kubectl("diff", "-f", "-", given=json.dumps(run))
    assert (done.returncode, done.stdout) == (0, "")


def test_kubectl_knows_short_names_category_and_every_field(
    server: ApiServer, standing: str
) -> None:
    assert standing in server.kubectl("get", "gruns").stdout
    assert standing in server.kubectl("get", "vrdata").stdout
    explained = server.kubectl("explain", "generationrun.spec.generators.blockSize").stdout
    assert "Part of the data's identity" in explained
    wide = server.kubectl("get", "genrun", "-o", "wide").stdout.splitlines()[0].split()
    assert wide[:7] == ["NAME", "PHASE", "PROGRESS", "FAILED", "RATE", "ETA", "AGE"]
    assert wide[7:] == ["PROFILE", "QUEUE", "SHARDS", "ACTIVE", "OUTPUT", "REASON"]


def test_a_large_run_is_within_the_cost_of_rules(server: ApiServer) -> None:
    many = [{"name": f"O-{number}", "args": ["--x", "1"] * 8} for number in range(1000)]
    taken, words = server.dry_run(built("run", {"spec": {"samples": 1, "generators": many}}))
    assert taken, words
