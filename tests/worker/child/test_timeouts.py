"""The sample timeout of scripts that report their samples at the end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.builders import make_plan
from support.generators.repositories import write_repository
from vrdata.contract.reasons import FailureReason
from vrdata.dataset.formats.registry import format_of
from vrdata_worker.child import template as template_module
from vrdata_worker.child.launch import Launch, TemplateBrokenError
from vrdata_worker.child.template import GeneratorTemplate
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.generate.shard import Limits, ShardGenerator

pytestmark = pytest.mark.slow

NAME = "O-slow"
TIMEOUT = 2.0
SCRIPT = """
import sys, threading
from pathlib import Path
from PIL import Image

for number in range(int(sys.argv[2])):
    threading.Event().wait(WAIT)
    folder = Path(sys.argv[4]) / "x_task" / f"x_{number:03d}"
    folder.mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(folder / "first_frame.png")
    (folder / "prompt.txt").write_text("Look.")
while STUCK:
    pass
"""


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def generate(folder: Path, scratch: Path, script: str) -> int:
    """The number of samples of one block of ten."""
    root = write_repository(folder / NAME, {"examples/generate.py": script})
    template = GeneratorTemplate(Launch(NAME, "repository", str(root), mode="whole"), folder)
    template.start()
    planned = make_plan({NAME: 10}, block_size=10).generators[0]
    shard = planned.shard(0)
    generator = ShardGenerator(
        template,
        planned,
        shard,
        run_seed=42,
        writer=format_of("files").open_writer(scratch, shard),
        limits=Limits(1, TIMEOUT, 0, 0),
        on_sample=lambda _: None,
    )
    try:
        return len(generator.generate().samples)
    finally:
        template.close()


def test_a_block_may_take_longer_than_the_timeout_of_a_sample(
    tmp_path: Path, scratch: Path
) -> None:
    script = SCRIPT.replace("WAIT", str(TIMEOUT / 8)).replace("STUCK", "False")
    assert generate(tmp_path, scratch, script) == 10


def test_a_script_that_begins_no_other_sample_is_ended(tmp_path: Path, scratch: Path) -> None:
    script = SCRIPT.replace("WAIT", "0").replace("STUCK", "True")
    with pytest.raises(ShardFailedError) as caught:
        generate(tmp_path, scratch, script)
    assert caught.value.failure.reason is FailureReason.SAMPLE_TIMEOUT
    assert re.search(
        r"no new sample for [2-9] s; the sample timeout is 2 s", caught.value.failure.message
    )


def test_an_import_that_does_not_end_is_ended_and_the_message_has_its_limit(
    tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(template_module, "LOAD_SECONDS", 3.0)
    root = write_repository(tmp_path / NAME, {"generator.py": "while True: pass"})
    template = GeneratorTemplate(Launch(NAME, "api", str(root)), scratch)
    try:
        with pytest.raises(TemplateBrokenError, match="not imported within 3 s"):
            template.start()
    finally:
        template.close()
