"""A wrong field: file, line, column, path, what is allowed, the closest known name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.plans.runfiles import PROFILE, RUN, profile_problems, run_problems, write
from vrdata.api.profile import GenerationProfile
from vrdata.api.reading.loading import load_run
from vrdata.api.reading.wording import field_names
from vrdata.api.run import MAX_SEED, GenerationRun
from vrdata.api.selection import MAX_SAMPLES

# What is added to the spec; line and column of the complaint; its path; words of it.
RUN_CASES = [
    ("  seed: -1\n", 9, 3, "spec.seed", "must be ≥ 0 (got -1)"),
    (f"  seed: {MAX_SEED + 1}\n", 9, 3, "spec.seed", f"must be ≤ {MAX_SEED}"),
    ("  seed: 1.5\n", 9, 3, "spec.seed", "must be a whole number (got 1.5)"),
    ("  seed: 1.0\n", 9, 3, "spec.seed", "must be a whole number (got 1.0)"),
    ("  seed: .nan\n", 9, 3, "spec.seed", "must be a whole number (got nan)"),
    ("  seed: .inf\n", 9, 3, "spec.seed", "must be a whole number (got inf)"),
    ("  seed: '7'\n", 9, 3, "spec.seed", "must be a whole number (got '7')"),
    ("  seed: true\n", 9, 3, "spec.seed", "must be a whole number (got true)"),
    ("  seed:\n", 9, 3, "spec.seed", "must be a whole number (got no value)"),
    ("  shardSize: 0\n", 9, 3, "spec.shardSize", "must be ≥ 1"),
    ("  parallelism: 10001\n", 9, 3, "spec.parallelism", "must be ≤ 10000"),
    ("  suspend: 1\n", 9, 3, "spec.suspend", "must be true or false (got 1)"),
    ("  queueName: 7\n", 9, 3, "spec.queueName", "must be text; put it in quotes (got 7)"),
    (f"  queueName: {'q' * 64}\n", 9, 3, "spec.queueName", "at most 63 characters"),
    ("  profile: ''\n", 9, 3, "spec.profile", "must not be empty"),
    ("  output: files\n", 9, 3, "spec.output", "must be a mapping of fields (got 'files')"),
    (
        "  output: {format: zip}\n",
        9,
        12,
        "spec.output.format",
        "'webdataset', 'tar', 'files' or 'parquet'",
    ),
    ("  output:\n    video: av1\n", 10, 5, "spec.output.video", "'h264' or 'asIs'"),
    ("  output: {prefix: a/../b}\n", 9, 12, "spec.output.prefix", "must be folder names"),
    ("  output: {prefix: /a}\n", 9, 12, "spec.output.prefix", "must be folder names"),
    ('  output: {prefix: "a\\n"}\n', 9, 12, "spec.output.prefix", "must be folder names"),
    ("  output: {prefix: a/Shards}\n", 9, 12, "spec.output.prefix", "must not have a folder data"),
    ("  failurePolicy: {retries: 11}\n", 9, 19, "spec.failurePolicy.retries", "must be ≤ 10"),
    ("    - {samples: 3}\n", 9, 7, "spec.generators[1].name", "is missing; add it"),
    ("    - O-maze2\n", 9, 7, "spec.generators[1]", "must be a mapping of fields"),
    ("    - {name: O_é}\n", 9, 8, "spec.generators[1].name", "must be a generator's name"),
    ("    - {name: ../x}\n", 9, 8, "spec.generators[1].name", "must be a generator's name"),
    ("    - {name: b, blockSize: 1001}\n", 9, 17, "spec.generators[1].blockSize", "≤ 1000"),
    ("    - {name: b, args: --x}\n", 9, 17, "spec.generators[1].args", "must be a list"),
    ("    - {name: b, args: [7]}\n", 9, 24, "spec.generators[1].args[0]", "put it in quotes"),
    ("    - {name: b, args: ['']}\n", 9, 24, "spec.generators[1].args[0]", "not be empty"),
    ("    - {name: b, samples: 0}\n", 9, 17, "spec.generators[1].samples", "must be ≥ 1 (got 0)"),
    ("    - name: O-maze\n", 5, 1, "spec", "named more than once: O-maze; keep one entry"),
]

UNKNOWN = [
    ("  shardsize: 3\n", 9, "spec.shardsize", "did you mean shardSize?"),
    ("  shard_size: 3\n", 9, "spec.shard_size", "did you mean shardSize?"),
    ("  paralelism: 3\n", 9, "spec.paralelism", "did you mean parallelism?"),
    ("  output: {fromat: tar}\n", 9, "spec.output.fromat", "did you mean format?"),
    ("    - {name: b, blocksize: 3}\n", 9, "spec.generators[1].blocksize", "mean blockSize?"),
    ("  dedup: {zzz: 1}\n", 9, "spec.dedup.zzz", "known here: enabled, onExhausted"),
    ("extra: 1\n", 9, "extra", "known here: apiVersion, kind, metadata, spec, status"),
    ("  <<: {seed: 3}\n", 9, "spec.<<", "unknown field"),
    ("  '[red]x': 1\n", 9, "spec.[red]x", "unknown field"),
]

PROFILE_CASES = [
    ("  image: worker:latest\n", 6, 3, "spec.image", "by its digest"),
    ("  classes: {O: {memory: 4GB}}\n", 6, 17, "spec.classes.O.memory", "examples: 500m"),
    ("  classes: {O: {memory: -1}}\n", 6, 17, "spec.classes.O.memory", "is not a quantity"),
    ("  classes: {O: {cpu: true}}\n", 6, 17, "spec.classes.O.cpu", "must be text"),
    ("  classes: {o: {}}\n", 6, 13, "spec.classes.o", "did you mean O?"),
    ("  classes: {G: {gpu: {cuont: 1}}}\n", 6, 23, "spec.classes.G.gpu.cuont", "mean count?"),
    ("  limits: {maxSamples: 0}\n", 6, 12, "spec.limits.maxSamples", "must be ≥ 1"),
    ("  storage: {uri: s3://b}\n", 6, 13, "spec.storage.uri", "did you mean url?"),
    (
        "  classes: {O: {memory: 4Gi, memoryCeiling: 2Gi}}\n",
        6,
        13,
        "spec.classes.O",
        "memoryCeiling 2Gi is below memory 4Gi; raise the ceiling",
    ),
    (
        "  storage: {url: s3://b, persistentVolumeClaim: c}\n",
        6,
        3,
        "spec.storage",
        "url and persistentVolumeClaim are both set; keep one",
    ),
]


@pytest.mark.parametrize(("added", "line", "column", "place", "words"), RUN_CASES)
def test_a_wrong_field_of_a_run_is_named_with_its_place_and_what_is_allowed(
    tmp_path: Path, added: str, line: int, column: int, place: str, words: str
) -> None:
    (problem,) = run_problems(tmp_path, RUN + added)
    assert (problem.line, problem.column, problem.path) == (line, column, place)
    assert words in problem.message
    assert str(problem).startswith(f"{tmp_path}/run.yaml:{line}:{column}: {place}: ")


@pytest.mark.parametrize(("added", "line", "place", "words"), UNKNOWN)
def test_an_unknown_field_is_answered_with_the_closest_or_all_known_names(
    tmp_path: Path, added: str, line: int, place: str, words: str
) -> None:
    (problem,) = run_problems(tmp_path, RUN + added)
    assert (problem.line, problem.path) == (line, place)
    assert words in problem.message


@pytest.mark.parametrize(("added", "line", "column", "place", "words"), PROFILE_CASES)
def test_a_wrong_field_of_a_profile_is_named_with_its_place_and_what_is_allowed(
    tmp_path: Path, added: str, line: int, column: int, place: str, words: str
) -> None:
    (problem,) = profile_problems(tmp_path, PROFILE + added)
    assert (problem.line, problem.column, problem.path) == (line, column, place)
    assert words in problem.message


def test_all_problems_of_a_file_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = RUN.replace("name: demo", "name: Demo").replace("samples: 2", "samples: 0")
    problems = run_problems(tmp_path, text + "  shardSize: 0\n  sed: 1\n")
    assert [(item.line, item.path) for item in problems] == [
        (4, "metadata.name"),
        (6, "spec.samples"),
        (9, "spec.shardSize"),
        (10, "spec.sed"),
    ]


def test_a_missing_number_of_samples_names_the_generators_and_both_ways_out(
    tmp_path: Path,
) -> None:
    (problem,) = run_problems(tmp_path, RUN.replace("  samples: 2\n", "") + "    - name: O-b\n")
    assert problem.path == "spec"
    assert "samples is missing for O-maze, O-b" in problem.message
    assert "set spec.samples, or samples of each" in problem.message


def test_a_missing_section_is_reported_where_it_would_stand(tmp_path: Path) -> None:
    (problem,) = run_problems(tmp_path, RUN.partition("spec:")[0])
    assert (problem.line, problem.path, problem.message) == (1, "spec", "is missing; add it")


def test_a_refused_only_generator_is_not_also_called_missing(tmp_path: Path) -> None:
    problems = run_problems(tmp_path, RUN.replace("O-maze", "'/'"))
    assert [item.path for item in problems] == ["spec.generators[0].name"]


def test_a_long_value_is_shown_shortened(tmp_path: Path) -> None:
    (problem,) = run_problems(tmp_path, RUN + f"  output: {{format: {'x' * 5000}}}\n")
    assert len(problem.message) < 150
    assert "xxx..." in problem.message


@pytest.mark.parametrize("path", ["a b", "a/", "/a", "a//b", ".", "..", "a/.", "-a", "a\\b", "a.b"])
def test_a_prefix_cannot_leave_the_namespace_folder(tmp_path: Path, path: str) -> None:
    problems = run_problems(tmp_path, RUN + f"  output: {{prefix: '{path}'}}\n")
    assert [item.path for item in problems] == ["spec.output.prefix"]


def test_known_names_are_those_that_a_user_writes() -> None:
    assert "shardSize" in field_names(GenerationRun, ("spec",))
    assert field_names(GenerationRun, ("spec", "generators", 3)) == [
        "name",
        "samples",
        "start",
        "args",
        "blockSize",
        "converter",
        "source",
        "sources",
    ]
    assert field_names(GenerationProfile, ("spec", "classes", "G", "tolerations", 0))[0] == "key"
    assert field_names(GenerationRun, ("spec", "nothing")) == []
    assert field_names(GenerationRun, ("spec", "seed")) == []


@given(samples=st.integers())
def test_samples_are_taken_exactly_within_their_bounds(
    tmp_path_factory: pytest.TempPathFactory, samples: int
) -> None:
    folder = tmp_path_factory.getbasetemp()
    text = RUN.replace("samples: 2", f"samples: {samples}")
    if 1 <= samples <= MAX_SAMPLES:
        assert load_run(write(folder, text)).spec.samples == samples
    else:
        (problem,) = run_problems(folder, text)
        assert problem.path == "spec.samples"
