"""A failed shard that the same worker generates again, with the running template."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from support.builders import make_plan
from support.polling import wait_until
from vrdata.dataset.formats.registry import format_of
from vrdata.plan.catalogue import CatalogueEntry
from vrdata_worker.child.launch import Launch
from vrdata_worker.child.template import GeneratorTemplate
from vrdata_worker.child.warm import WarmTemplate
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.generate.generated import GeneratedShard
from vrdata_worker.generate.shard import Limits, ShardGenerator
from vrdata_worker.image.catalogues import Located

pytestmark = pytest.mark.slow

# The second sample of each block has no prompt; the first and the third are valid.
SCRIPT = """
import sys
from pathlib import Path
from PIL import Image

for number in range(int(sys.argv[2])):
    folder = Path(sys.argv[4]) / "DOMAIN_task" / f"x_{number:03d}"
    folder.mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(folder / "first_frame.png")
    if number != 1:
        (folder / "prompt.txt").write_text("Look.")
"""
NAME = "O-1_maze"


def repository(folder: Path, domain: str = "x") -> Path:
    (folder / "examples").mkdir(parents=True)
    (folder / "examples" / "generate.py").write_text(SCRIPT.replace("DOMAIN", domain))
    return folder


@pytest.fixture
def template(tmp_path: Path) -> Iterator[GeneratorTemplate]:
    launch = Launch(NAME, "repository", str(repository(tmp_path / "x")), mode="bare")
    running = GeneratorTemplate(launch, tmp_path)
    running.start()
    yield running
    running.close()


def generate(template: GeneratorTemplate, scratch: Path, allowed: int) -> GeneratedShard:
    planned = make_plan({NAME: 10}).generators[0]
    shard = planned.shard(0)
    scratch.mkdir()
    return ShardGenerator(
        template,
        planned,
        shard,
        run_seed=1,
        writer=format_of("files").open_writer(scratch, shard),
        limits=Limits(children=2, sample_timeout=60, memory_bytes=0, failed_samples=allowed),
        on_sample=lambda _: None,
    ).generate()


def test_a_retry_gets_no_events_of_the_previous_attempts_children(
    template: GeneratorTemplate, tmp_path: Path
) -> None:
    with pytest.raises(ShardFailedError, match="MissingFile"):
        generate(template, tmp_path / "first", allowed=0)
    second = generate(template, tmp_path / "second", allowed=2)
    assert [(each.index, each.reason) for each in second.failed] == [
        (1, "MissingFile"),
        (3, "MissingFile"),
    ]
    assert len(second.samples) == 2


def test_a_template_that_has_died_is_replaced(tmp_path: Path) -> None:
    plan = make_plan({NAME: 10})
    entry = CatalogueEntry(
        name=NAME,
        kind="repository",
        generator_class="O",
        digest=plan.generator(NAME).digest,
        path=str(repository(tmp_path / "x")),
        mode="bare",
    )
    warm = WarmTemplate(plan, {NAME: Located(entry, Path())}, tmp_path)
    try:
        first = warm.get(NAME)
        assert warm.get(NAME) is first
        for process in psutil.Process().children():
            ended = process.status() == psutil.STATUS_ZOMBIE  # of another test
            if not ended and "vrdata_child" in process.cmdline():
                process.kill()
        wait_until(lambda: not first.alive, "the template ended")
        second = warm.get(NAME)
        assert second is not first
        assert len(generate(second, tmp_path / "second", allowed=2).samples) == 2
    finally:
        warm.close()
