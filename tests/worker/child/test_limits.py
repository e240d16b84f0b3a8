"""A block that uses too many resources is killed with a reason; the block beside it continues."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.builders import make_plan
from support.generators.limited import HEAD, LimitedBlocks, open_limited
from support.generators.repositories import write_repository
from vrdata.contract.reasons import FailureReason
from vrdata.dataset.formats.registry import format_of
from vrdata.plan.catalogue import Flags
from vrdata.plan.seeds import block_seed
from vrdata_worker.child.launch import Launch, TemplateBrokenError
from vrdata_worker.child.template import GeneratorTemplate
from vrdata_worker.generate.shard import Limits, ShardGenerator

TOO_MANY = "the generator tried to create more than 1024 processes and threads"
UPTIME = "def uptime():\n    return float(open('/proc/uptime').read().split()[0])\n"
SLOW = pytest.mark.slow
BOMBS = {
    "processes": """
        while uptime() < end:
            try:
                os.fork()
            except OSError:
                pass
            ctypes.CDLL(None).usleep(10_000)  # else its processes take all time from the guard
    """,
    "processes in sessions of their own": """
        while uptime() < end:
            try:
                if os.fork() == 0:
                    os.setsid()
            except OSError:
                pass
            ctypes.CDLL(None).usleep(10_000)
    """,
    "a chain of processes": """
        chain = pathlib.Path("chain.sh")
        chain.write_text('read up _ < /proc/uptime; [ ${up%.*} -lt $1 ] && sh "$0" $1; true')
        subprocess.run(["sh", chain, str(int(end))])
        wait()
    """,
    "a shell": """
        subprocess.run(["timeout", "-s", "KILL", "20", "sh", "-c", "f() { f | f & }; f; sleep 20"])
        wait()
    """,
    "threads": """
        pipe, _ = os.pipe()
        while uptime() < end:
            try:
                threading.Thread(target=os.read, args=(pipe, 1), daemon=True).start()
            except RuntimeError:
                pass
    """,
}


@pytest.fixture(scope="module")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LimitedBlocks]:
    with open_limited(tmp_path_factory.mktemp("limited")) as running:
        yield running


@pytest.mark.parametrize(
    "what",
    [pytest.param(what, marks=[] if what in ("a shell", "threads") else SLOW) for what in BOMBS],
)
def test_a_block_that_starts_too_many_tasks_is_ended(what: str, blocks: LimitedBlocks) -> None:
    ended = blocks.beside(BOMBS[what])
    assert ended.failure is not None
    assert ended.failure.reason is FailureReason.GENERATOR_FAILED
    assert ended.failure.message.startswith(TOO_MANY)


@SLOW
def test_an_import_that_starts_too_many_processes_is_ended(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    head = f"import ctypes, os\n{UPTIME}end = uptime() + 120\n{textwrap.dedent(BOMBS['processes'])}"
    with (
        pytest.raises(TemplateBrokenError, match="it tried to create more than 1024 processes"),
        open_limited(tmp_path_factory.mktemp("import"), head=head),
    ):
        pass


@SLOW
def test_a_shard_drops_the_samples_of_a_block_that_reaches_a_limit(tmp_path: Path) -> None:
    bomb = BOMBS["a shell"]
    seed = block_seed(42, "O-limited", 1)
    script = f"{HEAD}if str({seed}) in sys.argv:\n{textwrap.indent(textwrap.dedent(bomb), '    ')}"
    root = write_repository(
        tmp_path / "generator", {"examples/generate.py": f"{script}\nwrite_sample()\n"}
    )
    template = GeneratorTemplate(
        Launch("O-limited", "repository", str(root), mode="whole", flags=Flags(seed="--seed")),
        tmp_path,
    )
    template.start()
    planned = make_plan({"O-limited": 4}, block_size=1, shard_blocks=4).generators[0]
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    generator = ShardGenerator(
        template,
        planned,
        planned.shard(0),
        run_seed=42,
        writer=format_of("files").open_writer(scratch, planned.shard(0)),
        limits=Limits(children=2, sample_timeout=60.0, memory_bytes=0, failed_samples=1),
        on_sample=lambda _: None,
    )
    try:
        generated = generator.generate()
    finally:
        template.close()
    assert [index for index, _ in generated.samples] == [0, 2, 3]
    failed = generated.failed[0]
    assert (failed.index, failed.message.startswith(TOO_MANY)) == (1, True)
