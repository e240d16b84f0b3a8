"""Every rule accepts and rejects objects on a real API server."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from support.cluster.api import ApiServer
from support.kube.crd import TABLE, built, largest_status
from vrdata.api.status import GenerationRunStatus

pytestmark = pytest.mark.cluster

SPEC: dict[str, Any] = {
    "profile": "default",
    "seed": 1,
    "samples": 5,
    "generators": [{"name": "O-maze", "args": ["--a"]}, {"name": "O-*"}],
    "shardSize": 10,
    "parallelism": 2,
}


@pytest.mark.parametrize(("kind", "case"), TABLE)
def test_a_rule_accepts_valid_objects_and_rejects_invalid_ones(
    server: ApiServer, kind: str, case: dict[str, Any]
) -> None:
    accepted, words = server.dry_run(built(kind, case["accept"]))
    assert accepted, words
    accepted, words = server.dry_run(built(kind, case["reject"]))
    assert not accepted
    assert case["words"].lower() in words.lower(), words


@pytest.fixture(scope="module")
def stored(server: ApiServer) -> str:
    """The name of a run that is stored on the server."""
    run = built("run", {"metadata": {"name": "stored"}, "spec": SPEC})
    accepted, words = server.apply(run)
    assert accepted, words
    return "stored"


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
        ("generators", [{"name": "O-maze", "args": ["--a"]}, {"name": "O-*"}, {"name": "G-x"}]),
        # The first matching glob applies, so another order is another run.
        ("generators", [{"name": "O-*"}, {"name": "O-maze", "args": ["--a"]}]),
        ("shardSize", 20),
        ("shardSize", None),  # removed
        ("output", {"format": "files"}),  # added
        ("dedup", {"onExhausted": "Keep"}),
        ("failurePolicy", {"retries": 5}),
        ("allowNondeterministic", True),
        ("queueName", "gpu"),
    ],
)
def test_fields_that_decide_content_cannot_be_changed(
    server: ApiServer, stored: str, field: str, value: object
) -> None:
    accepted, words = changed(server, stored, {field: value})
    assert not accepted
    assert f"spec.{field}: Invalid value: {field} cannot be changed" in words


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("parallelism", 9),
        ("suspend", True),
        ("activeDeadlineSeconds", 60),
        ("ttlSecondsAfterFinished", 60),
        ("parallelism", None),
        # The same value in another notation is not a change.
        ("seed", 1),
        ("output", {}),
        ("failurePolicy", {"retries": 2}),
        ("dedup", {"enabled": False}),
    ],
)
def test_fields_that_decide_execution_can_be_changed(
    server: ApiServer, stored: str, field: str, value: object
) -> None:
    accepted, words = changed(server, stored, {field: value})
    assert accepted, words


def test_applying_the_same_object_again_changes_nothing(server: ApiServer, stored: str) -> None:
    run = built("run", {"metadata": {"name": stored}, "spec": copy.deepcopy(SPEC)})
    done = server.kubectl("diff", "-f", "-", given=json.dumps(run))
    assert (done.returncode, done.stdout) == (0, "")


def test_the_stored_run_contains_its_defaults(server: ApiServer, stored: str) -> None:
    spec = json.loads(server.kubectl("get", "genrun", stored, "-o", "json").stdout)["spec"]
    assert spec == SPEC | {
        "allowNondeterministic": False,
        "dedup": {"enabled": False, "onExhausted": "Fail"},
        "failurePolicy": {"maxFailedSamples": 0, "retries": 2},
        "output": {"format": "webdataset", "video": "h264"},
        "suspend": False,
    }


def written(server: ApiServer, name: str, status: dict[str, Any]) -> tuple[bool, str]:
    text = json.dumps({"status": status})
    options = ("--subresource=status", "--type=merge", "--dry-run=server", "-o", "json")
    done = server.kubectl("patch", "genrun", name, *options, "-p", text)
    return done.returncode == 0, done.stdout + done.stderr


def test_the_largest_status_is_accepted_unchanged(server: ApiServer, stored: str) -> None:
    status = largest_status()
    assert GenerationRunStatus.model_validate(status).to_dict() == status
    accepted, words = written(server, stored, status)
    assert accepted, words
    assert json.loads(words)["status"] == status
    assert len(json.dumps(status)) < 64 * 1024


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({"phase": "Done"}, "status.phase: Unsupported value"),
        ({"failed": -1}, "status.failed: Invalid value: -1"),
        ({"conditions": [{"type": "Finished"}]}, "status.conditions[0].reason: Required value"),
        ({"startTime": "yesterday"}, "status.startTime: Invalid value"),
    ],
)
def test_an_invalid_status_is_rejected(
    server: ApiServer, stored: str, status: dict[str, Any], words: str
) -> None:
    accepted, said = written(server, stored, status)
    assert not accepted
    assert words in said


def test_runs_can_be_selected_by_profile_and_phase(server: ApiServer, stored: str) -> None:
    def chosen(selector: str) -> str:
        return server.kubectl("get", "genrun", "--field-selector", selector, "-o", "name").stdout

    assert stored in chosen("spec.profile=default")
    assert stored not in chosen("spec.profile=other")
    assert stored not in chosen("status.phase=Failed")


def test_kubectl_knows_short_names_category_and_every_field(server: ApiServer, stored: str) -> None:
    assert stored in server.kubectl("get", "gruns").stdout
    assert stored in server.kubectl("get", "vrdata").stdout
    explained = server.kubectl("explain", "generationrun.spec.generators.blockSize").stdout
    assert "Changing it changes the data" in explained
    wide = server.kubectl("get", "genrun", "-o", "wide").stdout.splitlines()[0].split()
    assert wide[:7] == ["NAME", "PHASE", "PROGRESS", "FAILED", "RATE", "ETA", "AGE"]
    assert wide[7:] == ["PROFILE", "QUEUE", "SHARDS", "ACTIVE", "OUTPUT", "REASON"]


def test_a_large_run_is_within_the_cost_limit_of_rules(server: ApiServer) -> None:
    many = [{"name": f"O-{number}", "args": ["--x", "1"] * 8} for number in range(1000)]
    accepted, words = server.dry_run(built("run", {"spec": {"samples": 1, "generators": many}}))
    assert accepted, words
