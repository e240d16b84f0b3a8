"""Every rule accepts and refuses on a real API server."""

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
def test_the_rule_takes_what_is_right_and_refuses_what_is_wrong(
    server: ApiServer, kind: str, case: dict[str, Any]
) -> None:
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
        ("generators", [{"name": "O-maze", "args": ["--a"]}, {"name": "O-*"}, {"name": "G-x"}]),
        # The first glob that matches wins, so another order is another run.
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
def test_what_decides_content_cannot_be_changed(
    server: ApiServer, standing: str, field: str, value: object
) -> None:
    taken, words = changed(server, standing, {field: value})
    assert not taken
    assert f"spec.{field}: Invalid value: {field} cannot be changed" in words


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("parallelism", 9),
        ("suspend", True),
        ("activeDeadlineSeconds", 60),
        ("ttlSecondsAfterFinished", 60),
        ("parallelism", None),
        # The same in other words is no change.
        ("seed", 1),
        ("output", {}),
        ("failurePolicy", {"retries": 2}),
        ("dedup", {"enabled": False}),
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


def test_the_stored_run_states_its_defaults(server: ApiServer, standing: str) -> None:
    spec = json.loads(server.kubectl("get", "genrun", standing, "-o", "json").stdout)["spec"]
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


def test_the_operators_largest_status_is_taken_whole(server: ApiServer, standing: str) -> None:
    status = largest_status()
    assert GenerationRunStatus.model_validate(status).to_dict() == status
    taken, words = written(server, standing, status)
    assert taken, words
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
def test_a_status_that_is_none_is_refused(
    server: ApiServer, standing: str, status: dict[str, Any], words: str
) -> None:
    taken, said = written(server, standing, status)
    assert not taken
    assert words in said


def test_runs_can_be_selected_by_profile_and_phase(server: ApiServer, standing: str) -> None:
    def chosen(selector: str) -> str:
        return server.kubectl("get", "genrun", "--field-selector", selector, "-o", "name").stdout

    assert standing in chosen("spec.profile=default")
    assert standing not in chosen("spec.profile=other")
    assert standing not in chosen("status.phase=Failed")


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
