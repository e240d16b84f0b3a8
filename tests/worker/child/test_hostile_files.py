"""A block that replaces its own files by links: no file of the user is stored, moved or removed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from support.builders import make_plan
from support.generators.probe import SOCKET, Probes, open_probes
from vrdata.contract.reasons import FailureReason
from vrdata.dataset.formats.registry import format_of
from vrdata.model import OutputFormat
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.generate.shard import Limits, ShardGenerator

NAMES = ("first_frame.png", "metadata.json", "prompt.txt")
PLANTED = b"planted secret"
PLANTS = {
    "the folder of all samples": "os.symlink(USER, f'{BLOCK}/done')",
    "the folder of a sample": (
        "os.mkdir(f'{BLOCK}/done')\nos.symlink(f'{USER}/000000', f'{BLOCK}/done/000000')"
    ),
    "every file": (
        "os.makedirs(f'{BLOCK}/done/000000')\n"
        "for name in NAMES:\n"
        "    os.symlink(f'{USER}/000000/{name}', f'{BLOCK}/done/000000/{name}')"
    ),
    "a pipe": (
        "os.makedirs(f'{BLOCK}/done/000000')\n"
        "for name in NAMES: os.mkfifo(f'{BLOCK}/done/000000/{name}')"
    ),
    "a folder": "for name in NAMES: os.makedirs(f'{BLOCK}/done/000000/{name}')",
    "a file without content": (
        "os.makedirs(f'{BLOCK}/done/000000')\n"
        "for name in NAMES: open(f'{BLOCK}/done/000000/{name}', 'wb').truncate(SIZE)"
    ),
    "nothing": "pass",
}


@pytest.fixture(scope="module")
def probes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Probes]:
    with open_probes(tmp_path_factory.mktemp("probes")) as running:
        yield running


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """A folder of the user that looks like one of finished samples."""
    sample = tmp_path / "user" / "000000"
    sample.mkdir(parents=True)
    for name in NAMES:
        (sample / name).write_bytes(PLANTED)
    return sample.parent


def hostile(plant: str, user: Path) -> str:
    digest = hashlib.sha256(PLANTED).hexdigest()
    return (
        f"{SOCKET}\nUSER, NAMES, SIZE = {str(user)!r}, {NAMES!r}, {len(PLANTED)}\n{plant}\n"
        f"FILES = [{{'name': name, 'size': SIZE, 'sha256': {digest!r}}} for name in NAMES]\n"
        "sample(0)\nwhile True: pass\n"
    )


@pytest.mark.parametrize("output_format", get_args(OutputFormat))
@pytest.mark.parametrize("what", PLANTS)
def test_what_a_block_plants_is_an_invalid_sample(
    what: str, output_format: OutputFormat, probes: Probes, user: Path, tmp_path: Path
) -> None:
    args = ("--probe", str(probes.write(hostile(PLANTS[what], user))))
    planned = make_plan({"O-probe": 1}, block_size=1, output_format=output_format).generators[0]
    planned = planned.model_copy(update={"args": args})
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    writer = format_of(output_format).open_writer(scratch, planned.shard(0))
    generator = ShardGenerator(
        probes.template,
        planned,
        planned.shard(0),
        run_seed=42,
        writer=writer,
        limits=Limits(children=1, sample_timeout=60.0, memory_bytes=0, failed_samples=0),
        on_sample=lambda _: None,
    )
    with pytest.raises(ShardFailedError) as caught:
        generator.generate()
    writer.finish()
    assert caught.value.failure.reason is FailureReason.FILE_CHANGED
    assert {path.name: path.read_bytes() for path in (user / "000000").iterdir()} == dict.fromkeys(
        NAMES, PLANTED
    )
    assert not [path for path in scratch.rglob("*") if PLANTED in _content(path)]


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() and not path.is_symlink() else b""
