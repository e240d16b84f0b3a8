"""Generators that crash, hang, use too much memory or generate too few samples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.cli import Ran, called, vrdata, write_run
from support.generators.trap_bodies import GREEDY_MIB
from support.generators.traps import add_traps

pytestmark = pytest.mark.slow


def run_armed(
    folder: Path, home: Path, trap: str, profile: dict[str, Any] | None = None, **policy: int
) -> Ran:
    """Run 20 samples of a trap with its flag; the policy is the run's failure policy."""
    spec = {
        "generators": [{"name": f"O-{trap}", "samples": 20, "args": ["--armed"]}],
        "failurePolicy": {"retries": 0} | policy,
        "shardSize": 10,
    }
    run = write_run(folder / "run.yaml", {}, extra=spec)
    arguments: list[object] = ["run", run, "--local", "--out", folder / "out", "--jobs", 1]
    arguments += ["--generators", home, "-o", "json"]
    if profile is not None:
        document = {
            "apiVersion": "vrdata.dev/v1alpha1",
            "kind": "GenerationProfile",
            "metadata": {"name": "default"},
            "spec": profile,
        }
        path = folder / "profile.yaml"
        path.write_text(json.dumps(document))
        arguments += ["--profile", path]
    return vrdata(*arguments)


@pytest.mark.smoke
def test_a_crashing_generator_fails_the_run_with_the_sample_and_its_message(
    tmp_path: Path, traps_home: Path
) -> None:
    ran = run_armed(tmp_path, traps_home, "failing")
    assert ran.code == 1
    assert "Traceback" not in ran.err
    text = ran.out + ran.err
    assert "GeneratorFailed" in text
    assert "cannot paint sample 4" in text
    assert not list((tmp_path / "out").rglob("*.tar")), "half a shard is visible"


def attempts(folder: Path) -> list[tuple[str, int]]:
    """The stored failures: shard and attempt."""
    records = sorted((folder / "out/default/demo/_vrdata/failures").rglob("*.json"))
    return [(record.parent.name, int(record.stem)) for record in records]


def test_a_sample_that_a_seeded_generator_raises_for_is_tried_once(
    tmp_path: Path, traps_home: Path
) -> None:
    ran = run_armed(tmp_path, traps_home, "failing", retries=2)
    assert ran.code == 1
    assert attempts(tmp_path) == [("000000", 0), ("000001", 0)]
    records = (tmp_path / "out/default/demo/_vrdata/failures").rglob("*.json")
    assert sorted(json.loads(path.read_text())["sample"] for path in records) == [4, 14]


def test_samples_that_certainly_fail_are_dropped_by_the_second_attempt(
    tmp_path: Path, traps_home: Path
) -> None:
    ran = run_armed(tmp_path, traps_home, "failing", maxFailedSamples=12, retries=5)
    assert ran.code == 4, ran.err
    assert attempts(tmp_path) == [("000000", 0), ("000001", 0)]


def test_a_stuck_generator_is_ended_by_the_sample_timeout(tmp_path: Path, traps_home: Path) -> None:
    profile = {"classes": {"O": {"sampleTimeoutSeconds": 2}}}
    ran = run_armed(tmp_path, traps_home, "stuck", profile)
    assert ran.code == 1
    assert "SampleTimeout" in ran.out + ran.err


def test_a_generator_that_uses_too_much_memory_is_out_of_memory(
    tmp_path: Path, traps_home: Path
) -> None:
    small = f"{GREEDY_MIB // 4}Mi"
    profile = {"classes": {"O": {"memory": small, "memoryCeiling": small}}}
    ran = run_armed(tmp_path, traps_home, "greedy", profile)
    assert ran.code == 1
    assert "OutOfMemory" in ran.out + ran.err


def test_a_retry_with_more_memory_succeeds(tmp_path: Path, traps_home: Path) -> None:
    profile = {"classes": {"O": {"memory": f"{GREEDY_MIB // 2}Mi", "memoryCeiling": "4Gi"}}}
    ran = run_armed(tmp_path, traps_home, "greedy", profile, retries=2)
    assert ran.code == 0, ran.err
    assert called("verify", tmp_path / "out").code == 0


def test_samples_within_the_failure_budget_are_dropped_and_named(
    tmp_path: Path, traps_home: Path
) -> None:
    ran = run_armed(tmp_path, traps_home, "failing", maxFailedSamples=12)
    assert ran.code == 4, ran.err
    checked = called("verify", tmp_path / "out", "-o", "json")
    assert checked.code == 0, checked.out
    assert checked.json["samples"] + checked.json["failedSamples"] == 20


def test_a_run_over_its_failure_budget_gets_no_success(tmp_path: Path, traps_home: Path) -> None:
    """Each shard alone is within the budget; together they are not."""
    ran = run_armed(tmp_path, traps_home, "failing", maxFailedSamples=1)
    assert ran.code == 1, ran.err
    assert not list((tmp_path / "out").rglob("_SUCCESS"))
    assert called("verify", tmp_path / "out").code == 1


@pytest.mark.parametrize(("trap", "message"), [("capped", "7 of 10"), ("repeating", "1 of 10")])
def test_a_generator_of_too_few_samples_is_refused_when_added(
    tmp_path: Path, trap: str, message: str
) -> None:
    with pytest.raises(AssertionError, match=message):
        add_traps(tmp_path, trap, proven=True)


def test_a_block_larger_than_the_generators_own_cap_is_under_production(
    tmp_path: Path, traps_home: Path
) -> None:
    run = write_run(tmp_path / "run.yaml", {"O-limited": 40}, block_size=20, shard_size=20)
    arguments = ("--local", "--out", tmp_path / "out", "--generators", traps_home)
    ran = vrdata("run", run, *arguments)
    assert ran.code == 1
    assert "UnderProduction" in ran.out + ran.err
    assert "15 of 20" in ran.out + ran.err
