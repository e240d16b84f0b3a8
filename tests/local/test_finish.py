"""The end of a local run: which runs succeed, and what fixes the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.builders import build_run, make_plan
from vrdata.api.profile import default_profile
from vrdata.api.run import GenerationRun
from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.contract.worker import StoreSettings
from vrdata.dataset import layout
from vrdata.errors import ExitCode
from vrdata.local.execution.executor import ExecutionResult
from vrdata.local.finish import RunSummary, finish
from vrdata.local.run import LocalOptions, Prepared
from vrdata.plan.planned import Shard
from vrdata.store.opening import open_store

PLAN = make_plan({"O-1_maze": 4, "O-2_tiles": 4}, shard_blocks=1)
SAMPLES = [(name, index) for name in ("O-1_maze", "O-2_tiles") for index in range(4)]


def ended(
    folder: Path,
    failed: list[tuple[str, int]],
    budget: int,
    result: ExecutionResult | None = None,
) -> RunSummary:
    """Finish a run whose shards are committed without the failed samples."""
    store = open_store(str(folder))
    build_run(store, PLAN, failed=failed)
    run = GenerationRun.model_validate(
        {
            "apiVersion": "vrdata.dev/v1alpha1",
            "kind": "GenerationRun",
            "metadata": {"name": "demo"},
            "spec": {
                "generators": [{"name": "O-1_maze", "samples": 4}],
                "failurePolicy": {"maxFailedSamples": budget},
            },
        }
    )
    options = LocalOptions(store=StoreSettings(url=str(folder)))
    prepared = Prepared(run, default_profile(), options, store, "", PLAN, {})
    return finish(prepared, result or ExecutionResult(), seconds=1, detect=False)


@pytest.mark.parametrize(
    ("failed", "budget", "phase", "code"),
    [
        (0, 0, "Succeeded", ExitCode.OK),
        (3, 3, "Succeeded", ExitCode.PARTIAL),
        (3, 2, "Failed", ExitCode.FAILED),
        (8, 8, "Failed", ExitCode.FAILED),
        (8, 2, "Failed", ExitCode.FAILED),
    ],
)
def test_a_run_succeeds_with_a_sample_and_no_more_failed_samples_than_its_budget(
    tmp_path: Path, failed: int, budget: int, phase: str, code: ExitCode
) -> None:
    summary = ended(tmp_path, SAMPLES[:failed], budget)
    assert (summary.phase, summary.exit_code) == (phase, code)
    assert (tmp_path / layout.SUCCESS).exists() == (phase == "Succeeded")
    assert bool(summary.fix) == (phase == "Failed")


def test_a_run_without_samples_names_its_generators_and_the_fix(tmp_path: Path) -> None:
    lines = ended(tmp_path, SAMPLES, 100).lines()
    assert lines[0].startswith("Failed: 0 samples in ")
    assert "no samples: O-1_maze: every sample failed" in lines
    assert "fix: fix the generator and use another metadata.name" in lines


def test_a_generator_without_samples_is_named_in_a_run_that_succeeds(tmp_path: Path) -> None:
    summary = ended(tmp_path, SAMPLES[:4], 4)
    assert summary.phase == "Succeeded"
    assert summary.empty_generators == ("O-1_maze",)


def test_a_run_that_succeeds_says_why_samples_are_missing(tmp_path: Path) -> None:
    summary = ended(tmp_path, [SAMPLES[1], SAMPLES[3], SAMPLES[4]], 3)
    assert [(one.generator, one.samples, one.sample) for one in summary.failures] == [
        ("O-1_maze", 2, 1),
        ("O-2_tiles", 1, 0),
    ]
    said = "\n".join(summary.lines())
    assert "dropped: O-1_maze: EmptyPrompt, 2 samples, first at sample 1\n    no text" in said


def test_a_run_over_its_budget_names_the_limit_that_lets_it_succeed(tmp_path: Path) -> None:
    summary = ended(tmp_path, SAMPLES[:3], 1)
    assert "set failurePolicy.maxFailedSamples to 3 and repeat" in summary.fix


@pytest.mark.parametrize(
    ("reason", "code", "fix"),
    [
        (FailureReason.STORAGE_UNAVAILABLE, ExitCode.STORAGE, "make the store and the scratch"),
        (FailureReason.SOURCE_UNAVAILABLE, ExitCode.STORAGE, "make the source readable and repeat"),
        (FailureReason.SOURCE_CHANGED, ExitCode.FAILED, "use another metadata.name: the source"),
    ],
)
def test_a_run_whose_store_or_source_failed_says_what_to_do(
    tmp_path: Path, reason: FailureReason, code: ExitCode, fix: str
) -> None:
    failure = Failure(reason=reason, message="connection refused")
    failed = failure.of(Shard("O-1_maze", 0), attempt=99)
    summary = ended(tmp_path, [], 0, ExecutionResult(failed=[failed]))
    assert (summary.phase, summary.exit_code) == ("Failed", code)
    assert fix in summary.fix
    assert "repeat the command" in summary.fix
