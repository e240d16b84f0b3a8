"""Blocks and templates that something outside vrdata kills are generated again."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import psutil
import pytest

from support.builders import make_plan
from support.generators.ending import API
from support.generators.repositories import write_repository
from support.polling import wait_until
from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.dataset.formats.registry import format_of
from vrdata_worker.child.launch import Launch, TemplateBrokenError
from vrdata_worker.child.template import GeneratorTemplate
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.generate.running import Kills
from vrdata_worker.generate.shard import Limits, ShardGenerator

NAME = "O-1_maze"
SAMPLES = 10
SCRIPT = """
import os, signal, sys, time
from pathlib import Path
from PIL import Image

for number in range(int(sys.argv[2])):
    TROUBLE
    folder = Path(sys.argv[4]) / "x_task" / f"x_{number:03d}"
    folder.mkdir(parents=True)
    Image.new("RGB", (8, 8), (number, 0, 0)).save(folder / "first_frame.png")
    (folder / "prompt.txt").write_text("Look.")
"""
HOLD = """
    while number == 3 and not (Path(__file__).parents[1] / "gate").exists():
        time.sleep(0.01)
"""


@dataclass
class Bench:
    """One template, and the shard of ten samples that it generates in two blocks."""

    folder: Path
    trouble: str = ""
    mode: str = "whole"
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        script = SCRIPT.replace("TROUBLE", self.trouble.strip())
        root = write_repository(self.folder / NAME, {"examples/generate.py": script})
        launch = Launch(
            NAME,
            "repository",
            str(root),
            mode=self.mode,  # type: ignore[arg-type]
            sequential=True,
        )
        self.template = GeneratorTemplate(launch, self.folder)
        self.template.start()

    def generate(self, allowed: int = 0) -> list[tuple[int, bytes]]:
        planned = make_plan({NAME: SAMPLES}, block_size=5).generators[0]
        shard = planned.shard(0)
        output = self.folder / "output"
        output.mkdir()
        generator = ShardGenerator(
            self.template,
            planned,
            shard,
            run_seed=42,
            writer=format_of("files").open_writer(output, shard),
            limits=Limits(2, 60, 0, allowed),
            on_sample=lambda _: None,
            tell=self.tell,
        )
        try:
            return generator.generate().samples
        finally:
            self.template.close()

    def tell(self, text: str) -> None:
        self.told.append(text)


def processes_of_template() -> list[psutil.Process]:
    """The guard, the template and its blocks, in this order."""
    return [
        process
        for child in psutil.Process().children()
        if child.status() != psutil.STATUS_ZOMBIE and "vrdata_child" in " ".join(child.cmdline())
        for process in (child, *child.children(recursive=True))
    ]


def blocks(processes: list[psutil.Process]) -> list[psutil.Process]:
    """The blocks among them: their parents are not the supervisor and not the guard."""
    guard = processes[0].pid if processes else 0
    return [one for one in processes if one.ppid() not in {os.getpid(), guard}]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[int, bytes]]:
    """The samples of a shard that nobody disturbs."""
    return Bench(tmp_path_factory.mktemp("undisturbed") / "bench").generate()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("victims", "mode", "said"),
    [
        (blocks, "whole", "the generator was killed by signal 9 from outside"),
        (lambda found: found[1:2], "bare", "the template process of the generator was killed"),
        (lambda found: found[:1], "bare", "was killed by signal 9 from outside"),
        (lambda found: found, "whole", "was killed by signal 9 from outside"),
    ],
    ids=["blocks", "template", "guard", "all"],
)
def test_what_is_killed_from_outside_is_generated_again_with_the_same_bytes(
    victims: Callable[[list[psutil.Process]], list[psutil.Process]],
    mode: str,
    said: str,
    tmp_path: Path,
    undisturbed: list[tuple[int, bytes]],
) -> None:
    bench = Bench(tmp_path / "disturbed", HOLD, mode)

    def kill() -> None:
        wait_until(lambda: len(blocks(processes_of_template())) == 2, "two blocks")
        for process in victims(processes_of_template()):
            process.kill()
        (bench.folder / NAME / "gate").touch()

    killer = Thread(target=kill)
    killer.start()
    assert bench.generate() == undisturbed
    killer.join()
    assert bench.told
    assert said in bench.told[0]
    assert bench.told[0].endswith("memory did not run out; it is generated again")


@pytest.mark.slow
def test_no_sample_is_dropped_because_the_template_has_crashed(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "bench", HOLD)

    def crash() -> None:
        wait_until(lambda: len(blocks(processes_of_template())) == 2, "two blocks")
        processes_of_template()[1].send_signal(signal.SIGSEGV)

    crasher = Thread(target=crash)
    crasher.start()
    with pytest.raises(ShardFailedError, match="the template process of the generator ended"):
        bench.generate(allowed=SAMPLES)
    crasher.join()


@pytest.mark.slow
def test_code_that_kills_itself_has_crashed_and_its_sample_is_named(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "bench", "if number == 3: os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(ShardFailedError) as caught:
        bench.generate()
    failure = caught.value.failure
    assert failure.reason is FailureReason.GENERATOR_CRASHED
    assert "killed by signal 9 three times; memory did not run out" in failure.message
    assert failure.sample in {3, 8}
    assert caught.value.of_samples
    told = [text for text in bench.told if text.startswith(f"block {failure.sample // 5}:")]
    assert len(told) == 2


@pytest.mark.slow
def test_a_template_that_is_killed_at_its_import_each_time_has_crashed(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    code = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"
    (tmp_path / "api/generator.py").write_text(code)
    template = GeneratorTemplate(Launch("O-x", "api", str(tmp_path / "api")), tmp_path)
    with pytest.raises(TemplateBrokenError, match="killed by signal 9 three times") as caught:
        template.start()
    template.close()
    assert caught.value.reason is FailureReason.GENERATOR_CRASHED
    assert len(list(tmp_path.glob("t*/template.log"))) == 3


@pytest.mark.slow
def test_a_template_that_is_killed_at_its_import_once_starts_again(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    (tmp_path / "api/generator.py").write_text("import time\ntime.sleep(600)\n")

    def kill() -> None:
        wait_until(lambda: len(processes_of_template()) >= 2, "the template")
        (tmp_path / "api/generator.py").write_text(API.replace("CODE", "pass"))
        processes_of_template()[1].kill()

    killer = Thread(target=kill)
    killer.start()
    template = GeneratorTemplate(Launch("O-x", "api", str(tmp_path / "api")), tmp_path)
    template.start()
    template.close()
    killer.join()


def test_kills_at_different_places_end_the_attempt_uncharged_after_the_third_repetition(
    tmp_path: Path,
) -> None:
    kill = Failure(reason=FailureReason.DISRUPTED, message="killed by signal 9 from outside")
    kills = Kills()
    ends = []
    for reports in (4, 2, 3, 9):
        kills.reports = reports
        ends.append(kills.end(kill, tmp_path))
    assert ends == [None, None, None, kill]
    assert not kill.reason.charged
