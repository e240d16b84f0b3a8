"""The plan: its hash changes only with what can change a byte, and it is small."""

from __future__ import annotations

import subprocess
import sys

import pytest

from support.plans.catalogues import VERSIONS, entry, make_run, planned
from vrdata.api.run import GenerationRun
from vrdata.plan.build import build_plan
from vrdata.plan.catalogue import Catalogue, CatalogueEntry
from vrdata.plan.planned import Plan

FAST = {"secondsPerSample": 0.01, "peakMemoryBytes": 1, "bytesPerSample": 1000}
SLOW = {"secondsPerSample": 60.0, "peakMemoryBytes": 1, "bytesPerSample": 1000}


def plan_of(run: GenerationRun | None = None, one: CatalogueEntry | None = None) -> Plan:
    return planned(run or make_run("O-a"), one or entry("O-a"))


# What `sha256sum` says of this text. Stored runs carry such hashes: they must never change.
GOLDEN_JSON = (
    '{"apiVersion":"vrdata.dev/v1alpha1","generators":[{"args":[],"blockSize":10,"class":"O",'
    '"digest":"sha256:162f328a4bb8e8cbe289db4d614f81b7530a165b87042a729505e777507dc772",'
    '"name":"O-a","samples":100,"shardBlocks":51}],"kind":"Plan","namespace":"default",'
    '"output":{"format":"webdataset","video":"h264"},"run":"demo","seed":42,'
    '"versions":{"av":"14.0","python":"3.11"}}'
)
GOLDEN_HASH = "sha256:2ebccb7ec316602f60515ded0994a6b4aae954d4b1c096cab7a26fb7c4afea92"


def test_a_known_plan_has_the_text_and_hash_that_stored_runs_have() -> None:
    assert plan_of().to_json().decode() == GOLDEN_JSON
    assert plan_of().hash == GOLDEN_HASH


def test_an_explicit_start_of_0_changes_no_hash() -> None:
    assert plan_of(make_run({"name": "O-a", "start": 0})).hash == GOLDEN_HASH


def test_commit_and_licence_of_a_generator_are_in_the_plan_and_change_no_hash() -> None:
    plan = plan_of(one=entry("O-a", commit="0" * 40, license="MIT"))
    found = plan.to_dict()["generators"][0]
    assert (found["commit"], found["licence"]) == ("0" * 40, "MIT")
    assert plan.hash == GOLDEN_HASH
    assert Plan.model_validate_json(plan.to_json()) == plan


def test_a_run_keeps_the_commit_that_it_began_with() -> None:
    begun = plan_of(one=entry("O-a", commit="0" * 40))
    catalogue = Catalogue(generators=(entry("O-a", commit="1" * 40),))
    again = build_plan(make_run("O-a"), catalogue, versions=VERSIONS, adopt=begun)
    assert again == begun


@pytest.mark.parametrize("start", [0, 10_000])
def test_a_stored_plan_is_read_back_equal(start: int) -> None:
    chosen = {"name": "O-a", "start": start, "args": ["--é", "x"]}
    plan = plan_of(make_run(chosen, output={"format": "tar"}))
    again = Plan.model_validate_json(plan.to_json())
    assert again == plan
    assert again.hash == plan.hash


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(make_run("O-a", seed=7), id="seed"),
        pytest.param(make_run("O-a", samples=101), id="samples"),
        pytest.param(make_run({"name": "O-a", "samples": 99}), id="own-samples"),
        pytest.param(make_run({"name": "O-a", "start": 1}), id="start"),
        pytest.param(make_run({"name": "O-a", "blockSize": 5}), id="block-size"),
        pytest.param(make_run({"name": "O-a", "args": ["--hard"]}), id="args"),
        pytest.param(make_run("O-a", shardSize=20), id="shard-size"),
        pytest.param(make_run("O-a", output={"format": "tar"}), id="format"),
        pytest.param(make_run("O-a", output={"video": "asIs"}), id="video"),
    ],
)
def test_what_a_run_says_of_its_bytes_changes_the_hash(run: GenerationRun) -> None:
    assert plan_of(run).hash != plan_of().hash


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(entry("O-a", digest="sha256:" + "0" * 64), id="digest"),
        pytest.param(entry("O-a", blockSize=20), id="block-size"),
    ],
)
def test_what_the_catalogue_says_of_bytes_changes_the_hash(one: CatalogueEntry) -> None:
    assert plan_of(one=one).hash != plan_of().hash


def test_the_version_of_pyarrow_is_part_of_plans_of_tables_only() -> None:
    versions = VERSIONS | {"pyarrow": "1"}
    tables = planned(make_run("O-a", output={"format": "parquet"}), "O-a", versions=versions)
    others = planned(make_run("O-a"), "O-a", versions=versions)
    assert tables.versions == versions
    assert (others.versions, others.hash) == (VERSIONS, plan_of().hash)


@pytest.mark.parametrize(
    "versions",
    [{}, VERSIONS | {"av": "14.1"}, VERSIONS | {"cv2": "1"}],
    ids=["none", "other", "more"],
)
def test_versions_change_the_hash(versions: dict[str, str]) -> None:
    run = make_run("O-a")
    assert planned(run, "O-a", versions=versions).hash != plan_of().hash


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(make_run("O-a", parallelism=3), id="parallelism"),
        pytest.param(make_run("O-a", profile="other"), id="profile"),
        pytest.param(make_run("O-a", suspend=True), id="suspend"),
        pytest.param(make_run("O-a", queueName="night"), id="queue"),
        pytest.param(make_run("O-a", activeDeadlineSeconds=9), id="deadline"),
        pytest.param(make_run("O-a", ttlSecondsAfterFinished=9), id="ttl"),
        pytest.param(make_run("O-a", allowNondeterministic=True), id="nondeterministic"),
        pytest.param(
            make_run("O-a", failurePolicy={"maxFailedSamples": 5, "retries": 9}), id="failures"
        ),
        pytest.param(make_run("O-a", output={"prefix": "a/b"}), id="prefix"),
        pytest.param(make_run("O-*"), id="glob-for-the-same-name"),
        pytest.param(make_run({"name": "O-a", "samples": 100}), id="number-stated-elsewhere"),
        pytest.param(make_run("O-a", shardSize=510), id="the-automatic-shard-size-stated"),
    ],
)
def test_how_and_where_a_run_is_made_does_not_change_the_hash(run: GenerationRun) -> None:
    assert plan_of(run).hash == plan_of().hash


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(entry("O-a", measured=FAST), id="figures-that-bind-no-shard"),
        pytest.param(entry("O-a", license="MIT", source="x", commit="y", domain="z"), id="origin"),
        pytest.param(entry("O-a", path="p", python="q", kind="repository"), id="where-it-lies"),
        pytest.param(entry("O-a", acceleration={"enabled": True, "reason": ""}), id="acceleration"),
    ],
)
def test_what_the_catalogue_tells_beside_the_digest_does_not_change_the_hash(
    one: CatalogueEntry,
) -> None:
    assert plan_of(one=one).hash == plan_of().hash


def test_other_generators_of_the_catalogue_and_the_order_do_not_change_the_hash() -> None:
    run, turned = make_run("O-a", "G-b"), make_run("G-b", "O-a")
    assert planned(run, "O-a", "G-b").hash == planned(turned, "O-z", "G-b", "O-a").hash


def test_another_generator_in_the_run_leaves_the_first_ones_plan_unchanged() -> None:
    alone, both = planned(make_run("O-a"), "O-a"), planned(make_run("O-a", "G-b"), "O-a", "G-b")
    assert both.generator("O-a") == alone.generator("O-a")
    with pytest.raises(KeyError):
        alone.generator("G-b")


def test_new_measured_figures_do_not_change_a_run_that_has_begun() -> None:
    run = make_run("O-a")
    begun = planned(run, entry("O-a", measured=FAST))
    measured = entry("O-a", measured=SLOW)
    assert planned(run, measured).hash != begun.hash
    assert planned(run, measured, adopt=begun).hash == begun.hash


def test_a_stated_shard_or_block_size_is_not_replaced_by_a_stored_one() -> None:
    begun = planned(make_run("O-a"), "O-a")
    stated = planned(make_run("O-a", shardSize=30), "O-a", adopt=begun)
    assert stated.generator("O-a").shard_blocks == 3
    smaller = planned(make_run({"name": "O-a", "blockSize": 2}), "O-a", adopt=begun)
    assert smaller.generator("O-a").shard_blocks == 256


def test_sizes_come_from_the_run_then_the_catalogue() -> None:
    own = {"name": "O-a", "samples": 7, "blockSize": 3, "args": ["-x"]}
    plan = planned(make_run(own, "O-b"), entry("O-a", blockSize=5), entry("O-b", blockSize=5))
    first, second = plan.generators
    assert (first.samples, first.block_size, first.args) == (7, 3, ("-x",))
    assert (second.samples, second.block_size, second.args) == (100, 5, ())


MAX_PLANNING_BYTES = 150 * 2**20

# The process reads its own peak: VmHWM of proc(5) starts at zero with it, ru_maxrss does not.
PLAN_LARGE = """
import sys
from pathlib import Path
from vrdata.api.run import GenerationRun
from vrdata.plan.build import build_plan
from vrdata.plan.catalogue import Catalogue
generators = [
    {"name": f"O-{i}", "class": "O", "kind": "builtin", "digest": "sha256:" + "a" * 64}
    for i in range(300)
]
run = {"metadata": {"name": "big"}, "spec": {"samples": 10**6, "generators": [{"name": "*"}]}}
plan = build_plan(
    GenerationRun.model_validate(run),
    Catalogue.model_validate({"generators": generators}),
    versions={},
)
print(plan.hash)
print(sum(item.samples for item in plan.generators))
print(len(plan.to_json()))
print(sum(1 for _ in plan.all_shards()))
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""


def test_300_generators_of_a_million_samples_are_planned_in_150_mib() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PLAN_LARGE],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    _, samples, size, shards, peak_kib = done.stdout.split()
    assert int(samples) == 300 * 10**6
    assert int(shards) == 300 * -(-100_000 // 51)  # blocks of 10, 51 of them to a shard
    assert int(size) < 100_000
    assert int(peak_kib) * 1024 < MAX_PLANNING_BYTES
