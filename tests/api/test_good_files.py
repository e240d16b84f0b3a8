"""Run and profile files that load: values, defaults, encodings, neighbours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from support.plans.runfiles import PROFILE, RUN, write
from vrdata.api.example import example_run
from vrdata.api.profile import default_profile
from vrdata.api.reading.loading import load_profile, load_run
from vrdata.api.run import MAX_SEED, DedupSpec, FailurePolicy, OutputSpec
from vrdata.api.selection import GeneratorSelection
from vrdata.errors import InvalidInputError, NotFoundError


def test_the_smallest_run_gets_the_documented_defaults(tmp_path: Path) -> None:
    run = load_run(write(tmp_path, RUN))
    assert run.metadata.name == "demo"
    assert run.metadata.namespace == "default"
    assert run.spec.generators == (GeneratorSelection(name="O-maze"),)
    assert (run.spec.samples, run.spec.seed, run.spec.profile) == (2, 42, "default")
    assert run.spec.output == OutputSpec(format="webdataset", video="h264", prefix="")
    assert run.spec.failure_policy == FailurePolicy(max_failed_samples=0, retries=2)
    assert run.spec.dedup == DedupSpec(enabled=False, on_exhausted="Fail")
    assert (run.spec.suspend, run.spec.allow_nondeterministic) == (False, False)
    unset = (
        run.spec.shard_size,
        run.spec.parallelism,
        run.spec.active_deadline_seconds,
        run.spec.ttl_seconds_after_finished,
    )
    assert unset == (None,) * 4


def test_every_field_of_a_run_is_read(tmp_path: Path) -> None:
    spec = {
        "profile": "gpu",
        "seed": MAX_SEED,
        "samples": 10_000_000,
        "generators": [
            {
                "name": "G-*",
                "samples": 5,
                "start": 40,
                "args": ["--hard", "3"],
                "blockSize": 7,
                "sources": [],
            },
            {
                "name": "scans",
                "args": [],
                "converter": "M-100_scan",
                "sources": [
                    {
                        "place": "raw",
                        "url": "hf://org/name",
                        "config": "CT",
                        "revision": "main",
                        "include": ["*.nii"],
                    }
                ],
            },
            {
                "name": "mazes",
                "args": [],
                "converter": "M-import",
                "sources": [],
                "source": {
                    "url": "hf://org/name",
                    "config": "Mazes",
                    "split": "test",
                    "revision": "main",
                    "include": ["*.parquet"],
                    "limit": 5,
                },
            },
        ],
        "shardSize": 300,
        "parallelism": 8,
        "output": {"format": "files", "video": "asIs", "prefix": "a/b-c"},
        "dedup": {"enabled": True, "onExhausted": "Drop"},
        "failurePolicy": {"maxFailedSamples": 3, "retries": 0},
        "allowNondeterministic": True,
        "suspend": True,
        "activeDeadlineSeconds": 60,
        "ttlSecondsAfterFinished": 0,
        "queueName": "night",
    }
    document = yaml.safe_load(RUN) | {"spec": spec}
    run = load_run(write(tmp_path, yaml.safe_dump(document)))
    assert run.to_dict()["spec"] == spec


def test_a_loaded_run_written_and_loaded_again_is_equal(tmp_path: Path) -> None:
    run = load_run(write(tmp_path, RUN))
    assert load_run(write(tmp_path, run.to_json().decode(), "again.yaml")) == run


def test_what_kubernetes_adds_to_an_object_is_let_through(tmp_path: Path) -> None:
    added = RUN.replace("  name: demo", "  name: demo\n  uid: 1f\n  generation: 3")
    run = load_run(write(tmp_path, added + "status:\n  phase: Running\n"))
    assert run.metadata.name == "demo"
    assert "status" not in run.to_dict()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: "\ufeff" + text, id="byte-order-mark"),
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="windows-line-ends"),
        pytest.param(lambda text: "---\n" + text + "---\n", id="empty-documents"),
        pytest.param(lambda text: PROFILE + "---\n" + text, id="profile-in-the-same-file"),
        pytest.param(lambda text: text + "...\n", id="document-end"),
    ],
)
def test_the_run_is_found_in_the_file(tmp_path: Path, change: Callable[[str], str]) -> None:
    assert load_run(write(tmp_path, change(RUN))) == load_run(write(tmp_path, RUN, "plain.yaml"))


@pytest.mark.parametrize(
    ("written", "read"),
    [("2026-11-21", "2026-11-21"), ("2026-13-41", "2026-13-41"), ("1:30", "1:30"), ("=", "=")],
)
def test_dates_and_times_are_text_as_in_kubernetes(tmp_path: Path, written: str, read: str) -> None:
    assert load_run(write(tmp_path, RUN + f"  queueName: {written}\n")).spec.queue_name == read


def test_the_smallest_profile_is_the_default_profile(tmp_path: Path) -> None:
    profile = load_profile(write(tmp_path, PROFILE.replace("spec:\n", "")))
    assert profile == default_profile()
    classes = profile.spec.classes
    assert [item.memory for item in (classes.O, classes.G, classes.M)] == ["2Gi", "4Gi", "2Gi"]
    assert [item.memory_ceiling for item in (classes.O, classes.G)] == ["8Gi", "16Gi"]
    assert profile.spec.limits.max_samples == 10_000_000


def test_a_class_keeps_its_own_defaults_beside_what_a_profile_sets(tmp_path: Path) -> None:
    profile = load_profile(write(tmp_path, PROFILE + "  classes: {G: {cpu: 500m}}\n"))
    assert (profile.spec.classes.G.cpu, profile.spec.classes.G.memory) == ("500m", "4Gi")


def test_a_whole_number_is_a_quantity_without_quotes(tmp_path: Path) -> None:
    profile = load_profile(write(tmp_path, PROFILE + "  classes: {O: {cpu: 2}}\n"))
    assert profile.spec.classes.O.cpu == "2"


@pytest.mark.parametrize("name", ["demo", "a", "a" * 40, "7-b"])
def test_the_file_that_init_writes_loads(tmp_path: Path, name: str) -> None:
    run = load_run(write(tmp_path, example_run(name)))
    assert run.metadata.name == name
    assert {item.name: item.samples for item in run.spec.generators} == {"O-*": None, "G-*": 4}


@pytest.mark.parametrize(
    "name", ["", "A", "a_b", "-a", "a-", "a" * 41, "a\n", "a b", "é", "shards"]
)
def test_init_refuses_a_name_that_no_run_can_have(name: str) -> None:
    with pytest.raises(InvalidInputError, match="cannot be the name of a run"):
        example_run(name)


def test_a_file_that_is_not_there_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        load_run(tmp_path / "none.yaml")
    assert "none.yaml cannot be read" in caught.value.what
    assert "vrdata init" in caught.value.fix
