"""A generator of the API that raises for some samples: only these fail, with their reasons."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

import pytest

from support.cli import Ran, called, vrdata, write_run
from support.generators.repositories import GENERATE, RunningInterpreter, write_repository
from vrdata_generators.adapter.adding import Added, Adder
from vrdata_generators.adapter.home import Home
from vrdata_generators.adapter.source.locations import GeneratorSource

pytestmark = pytest.mark.slow

SHY = """
from PIL import Image

from vrdata_generators.api import Generator, Sample


class Shy(Generator):
    name, domain, generator_class = "O-shy", "shy", "O"

    def params(self, rng, index):
        return {"index": index, "shade": rng.randrange(250)}

    def render(self, params):
        return Sample(
            first=Image.new("RGB", (32, 32), "white"),
            final=Image.new("RGB", (32, 32), (params["shade"],) * 3),
            prompt=f"Shade it {params['shade']}, number {params['index']}.",
            frames=self.frames(params),
        )

    def frames(self, params):
        yield Image.new("RGB", (32, 32), "white")
        if params["index"] == 4:
            raise ValueError("<b>cannot</b> \\x1b[31mpaint " + str(params["shade"]))
        yield Image.new("RGB", (32, 32), (params["shade"],) * 3)
"""
OTHERS = sorted(set(range(20)) - {4, 14})


def add(folder: Path) -> Path:
    """A home below `folder` with the generator."""
    (folder / "O-shy").mkdir(parents=True)
    (folder / "O-shy/generator.py").write_text(SHY)
    home = folder / "home"
    added = vrdata("generators", "add", folder / "O-shy", "--home", home)
    assert added.code == 0, added.err
    return home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return add(tmp_path_factory.mktemp("shy"))


def generate(folder: Path, home: Path, allowed: int, *, jobs: int = 1, shard_size: int = 20) -> Ran:
    policy = {"failurePolicy": {"retries": 0, "maxFailedSamples": allowed}}
    run = write_run(folder / "run.yaml", {"O-shy": 20}, shard_size=shard_size, extra=policy)
    where = ("--local", "--out", folder / "out", "--generators", home)
    return vrdata("run", run, *where, "--jobs", jobs, "-o", "json")


def marker_lines(run: Path) -> list[dict[str, Any]]:
    """The lines of the first commit marker."""
    lines = (run / "_vrdata/commits/O-shy/000000.json").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_the_other_samples_of_the_block_are_generated_and_the_traceback_is_kept(
    tmp_path: Path, home: Path
) -> None:
    ran = generate(tmp_path, home, 2)
    assert ran.code == 4, ran.err
    assert (ran.json["samples"], ran.json["failedSamples"]) == (18, 2)
    assert called("verify", tmp_path / "out").code == 0
    run = tmp_path / "out/default/demo"
    _, *records = marker_lines(run)
    kept = [record["index"] for record in records if record["kind"] == "Sample"]
    failures = [record for record in records if record["kind"] == "FailedSample"]
    assert [record["index"] for record in records] == list(range(20))
    assert kept == OTHERS
    assert [failed["index"] for failed in failures] == [4, 14]
    for failed in failures:
        assert failed["reason"] == "GeneratorFailed"
        assert failed["message"].startswith("ValueError: <b>cannot</b> [31mpaint ")
        assert "in frames\n" in failed["traceback"]
        assert len(failed["traceback"].encode()) <= 2000
    page = (run / "report/index.html").read_text()
    assert "<b>" not in page
    assert "in frames" in html.unescape(page)


def test_bytes_depend_neither_on_shards_nor_on_the_paths_in_tracebacks(
    tmp_path: Path, home: Path
) -> None:
    first = generate(tmp_path / "one", home, 2)
    second = generate(tmp_path / "two", add(tmp_path / "elsewhere"), 2, jobs=2, shard_size=10)
    assert (first.code, second.code) == (4, 4), first.err + second.err
    traces = [
        marker_lines(tmp_path / name / "out/default/demo")[5]["traceback"]
        for name in ("one", "two")
    ]
    assert traces[0] != traces[1], "the paths of two homes are equal"
    assert first.json["datasetHash"] == second.json["datasetHash"]


def test_more_failures_than_allowed_fail_the_shard_and_the_attempt_keeps_the_traceback(
    tmp_path: Path, home: Path
) -> None:
    ran = generate(tmp_path, home, 0)
    assert ran.code == 1
    assert "\x1b" not in ran.out + ran.err
    run = tmp_path / "out/default/demo"
    assert not list(run.rglob("*.tar"))
    (record,) = (run / "_vrdata/failures").rglob("*.json")
    facts = json.loads(record.read_text())
    assert (facts["reason"], facts["sample"]) == ("GeneratorFailed", 4)
    assert "in frames\n" in facts["traceback"]


def test_generators_test_shows_the_end_of_the_traceback(home: Path) -> None:
    ran = vrdata("generators", "test", "O-shy", "-n", 6, "--home", home)
    assert ran.code == 1
    assert "5 of 6" in ran.out
    assert "in frames\n" in ran.err
    assert ran.err.rstrip().splitlines()[-1].startswith("  ValueError: <b>cannot</b> [31mpaint ")
    assert "\x1b" not in ran.out + ran.err
    printed = vrdata("generators", "test", "O-shy", "-n", 6, "--json", "--home", home)
    (tested,) = printed.json
    assert tested["traceback"].startswith("Traceback (most recent call last):")
    assert len(tested["problems"]) == 1


def test_a_lack_of_memory_ends_the_block_because_a_retry_gets_more(tmp_path: Path) -> None:
    (tmp_path / "O-shy").mkdir()
    text = SHY.replace("raise ValueError", "raise MemoryError")
    (tmp_path / "O-shy/generator.py").write_text(text)
    ran = vrdata("generators", "test", tmp_path / "O-shy", "-n", 6, "--home", tmp_path / "home")
    assert ran.code == 1
    assert "4 of 6" in ran.out
    assert "MemoryError" in ran.out


RAISES = """        if index == 4:
            raise ValueError("no more paint")
"""
PLAIN = GENERATE.replace("        folder.mkdir(", RAISES + "        folder.mkdir(")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a script that has a loop of its own, and raises at the fifth sample."""
    folder = tmp_path_factory.mktemp("plain")
    repository = write_repository(folder / "O-plain", {"examples/generate.py": PLAIN})
    adder = Adder(Home(folder / "home"), RunningInterpreter(), False, lambda _line: None)
    (added,) = adder.add(GeneratorSource(str(repository)))
    assert isinstance(added, Added), added.error
    assert (added.entry.mode, added.entry.sequential) == ("whole", True)
    return folder / "home"


def plain_run(folder: Path, home: Path, allowed: int) -> Ran:
    policy = {"failurePolicy": {"maxFailedSamples": allowed}}
    run = write_run(folder / "run.yaml", {"O-plain": 20}, shard_size=20, extra=policy)
    where = ("--local", "--out", folder / "out", "--generators", home)
    return vrdata("run", run, *where, "--jobs", 1, "-o", "json")


def test_a_plain_script_keeps_the_samples_before_the_one_that_it_raises_for(
    tmp_path: Path, plain: Path
) -> None:
    ran = plain_run(tmp_path, plain, 12)
    assert ran.code == 4, ran.err
    assert (ran.json["samples"], ran.json["failedSamples"]) == (8, 12)
    assert called("verify", tmp_path / "out").code == 0
    lines = (tmp_path / "out/default/demo/_vrdata/commits/O-plain/000000.json").read_text()
    records = [json.loads(line) for line in lines.splitlines()[1:]]
    kept = [record["index"] for record in records if record["kind"] == "Sample"]
    assert kept == [0, 1, 2, 3, 10, 11, 12, 13]
    failed = {record["index"]: record for record in records if record["kind"] == "FailedSample"}
    assert failed[4]["message"] == "ValueError: no more paint"
    assert "raise ValueError" in failed[4]["traceback"]
    assert failed[15]["message"] == (
        "not generated: its block ended at sample 14: ValueError: no more paint"
    )


def test_a_plain_script_names_the_sample_that_it_raises_for(tmp_path: Path, plain: Path) -> None:
    ran = plain_run(tmp_path, plain, 0)
    assert ran.code == 1
    (record,) = (tmp_path / "out/default/demo/_vrdata/failures").rglob("*.json")
    facts = json.loads(record.read_text())
    assert (facts["reason"], facts["sample"], facts["attempt"]) == ("GeneratorFailed", 4, 0)
    tested = vrdata("generators", "test", "O-plain", "-n", 6, "--home", plain)
    assert tested.code == 1
    assert "4 of 6" in tested.out
    assert "GeneratorFailed at sample 4: ValueError: no more paint" in tested.out + tested.err
