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
from support.generators.ending import processes_of_template
from support.generators.repositories import write_repository
from support.polling import wait_until
from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.dataset.formats.registry import format_of
from vrdata_worker.child.launch import Launch
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
@pytest.mark.parametrize("how", ["os.kill(os.getpid(), 9)", "os.system('kill -9 $PPID')"])
def test_code_that_kills_itself_has_crashed_and_its_sample_is_named(
    tmp_path: Path, how: str
) -> None:
    bench = Bench(tmp_path / "bench", f"if number == 3: {how}")
    with pytest.raises(ShardFailedError) as caught:
        bench.generate()
    failure = caught.value.failure
    assert failure.reason is FailureReason.GENERATOR_CRASHED
    assert "killed by signal 9, which it sent itself" in failure.message
    assert failure.sample in {3, 8}
    assert caught.value.of_samples
    assert bench.told == []  # it is not generated again as if somebody else had killed it


@pytest.mark.parametrize(
    ("certain", "places"), [(False, (4, 2, 3, 9)), (True, (4, 2, 3, 9)), (True, (1, 1, 1, 1))]
)
def test_kills_from_outside_end_the_attempt_uncharged_after_the_third_repetition(
    tmp_path: Path, certain: bool, places: tuple[int, ...]
) -> None:
    kill = Failure(reason=FailureReason.DISRUPTED, message="killed by signal 9 from outside")
    kills = Kills()
    ends = []
    for reports in places:
        kills.reports = reports
        ends.append(kills.end(kill, tmp_path, certain=certain))
    assert ends == [None, None, None, kill]
    assert not kill.reason.charged


def test_three_kills_at_one_place_are_a_crash_if_nobody_knows_the_sender(tmp_path: Path) -> None:
    kill = Failure(reason=FailureReason.DISRUPTED, message="killed by signal 9 from outside")
    kills = Kills()
    ends = [kills.end(kill, tmp_path, certain=False) for _ in range(3)]
    assert ends[:2] == [None, None]
    assert ends[2] is not None
    assert ends[2].reason is FailureReason.GENERATOR_CRASHED
