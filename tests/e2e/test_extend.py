"""A run with `start` continues another: together they equal one run of the whole range."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.cli import called, vrdata, write_run
from support.markers import samples_of
from vrdata.dataset.commits import iter_commits, read_head
from vrdata.dataset.manifest import SampleRecord
from vrdata.store.file.store import FileStore

pytestmark = pytest.mark.slow


def generate(
    folder: Path, home: Path, generator: str, start: int, samples: int, **options: Any
) -> dict[str, SampleRecord]:
    """Generate and verify the range; its samples by id, without their offsets in archives."""
    run = write_run(folder / "run.yaml", {generator: samples}, start=start, **options)
    out = folder / "out"
    ran = vrdata("run", run, "--local", "--out", out, "--generators", home, "--jobs", 2)
    assert ran.code == 0, ran.err
    checked = called("verify", out)
    assert checked.code == 0, checked.out + checked.err
    store = FileStore(out / "default" / "demo")
    manifests = [read_head(store, *shard) for shard in iter_commits(store)]
    generated = [one for manifest in manifests for one in samples_of(store, manifest)]
    assert sorted(one.index for one in generated) == [*range(start, start + samples)]
    return {one.id: _without_offsets(one) for one in generated}


def _without_offsets(sample: SampleRecord) -> SampleRecord:
    files = tuple(file.model_copy(update={"offset": None}) for file in sample.files)
    return sample.model_copy(update={"files": files})


@pytest.mark.parametrize(
    ("generator", "output_format", "cut", "samples"),
    [
        pytest.param("O-shared", "webdataset", 4, 10, id="repository-between-blocks"),
        pytest.param("O-shared", "files", 5, 10, id="repository-inside-a-block"),
        pytest.param("O-maze", "files", 4, 7, id="first-party-between-blocks"),
        pytest.param("O-maze", "webdataset", 5, 7, id="first-party-inside-a-block"),
    ],
)
def test_a_run_and_its_extension_equal_the_whole_run_sample_by_sample(
    tmp_path: Path, traps_home: Path, generator: str, output_format: str, cut: int, samples: int
) -> None:
    options = {"output_format": output_format, "shard_size": 4, "block_size": 2}
    whole = generate(tmp_path / "whole", traps_home, generator, 0, samples, **options)
    first = generate(tmp_path / "first", traps_home, generator, 0, cut, **options)
    more = generate(tmp_path / "more", traps_home, generator, cut, samples - cut, **options)
    assert (len(first), len(more), len(whole)) == (cut, samples - cut, samples)
    assert not first.keys() & more.keys()
    assert first | more == whole


def test_a_few_samples_of_a_block_equal_those_of_the_whole_block(
    tmp_path: Path, traps_home: Path
) -> None:
    for generator in ("O-shared", "O-silent"):
        whole = generate(tmp_path / generator / "whole", traps_home, generator, 0, 20)
        part = generate(tmp_path / generator / "part", traps_home, generator, 13, 4)
        assert part == {name: one for name, one in whole.items() if 13 <= one.index < 17}
