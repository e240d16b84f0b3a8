"""Killed with SIGKILL in the middle of staging a source: nothing half staged is used later."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.cli import command, vrdata
from support.pipelines import flip
from support.polling import wait_until
from support.services.faults import Asked, Fault
from support.services.faulty_s3 import FaultyS3, running_faulty_s3
from support.services.s3server import S3Server

pytestmark = pytest.mark.slow

PICTURES, BATCH = 40, 32
LAST = f"{PICTURES - 1:03d}.png"


@dataclass
class Killing:
    """A pipeline that was added, and a bucket that keeps back the last picture while it holds.

    Attributes:
        folder: with the catalogue `home` and `run.json`.
        proxy: before the server of the bucket.
        holds: whether it keeps the picture back.
    """

    folder: Path
    proxy: FaultyS3
    holds: bool = False

    def fault(self, asked: Asked) -> Fault | None:
        held = self.holds and asked.method == "GET" and asked.path.endswith(LAST)
        return "unavailable" if held and self.is_planned else None

    @property
    def is_planned(self) -> bool:
        """Whether the source is pinned; that reads all pictures, too."""
        return any(self.folder.glob("out/*/*/_vrdata/plan.json"))

    @property
    def half_staged(self) -> list[Path]:
        """The pictures of a source that is not complete."""
        return list((self.folder / "scratch").glob("*/sources/new/**/*.png"))

    @property
    def staged(self) -> list[Path]:
        return list((self.folder / "scratch").glob("*/sources/trees/*/*"))

    @property
    def variables(self) -> dict[str, str]:
        return {
            "VRDATA_GENERATORS": str(self.folder / "home"),
            "AWS_ENDPOINT_URL_S3": self.proxy.endpoint,
        }

    def words(self, out: str) -> tuple[object, ...]:
        scratch = ("--scratch", self.folder / "scratch")
        where = ("--out", self.folder / out, *scratch)
        return ("run", self.folder / "run.json", "--local", "--jobs", "1", *where)

    @contextmanager
    def staging(self, out: str) -> Iterator[subprocess.Popen[str]]:
        """A run whose worker waits for the last picture, and has all others of its batch."""
        self.holds = True
        (self.folder / "scratch").mkdir(exist_ok=True)
        with subprocess.Popen(
            command(*self.words(out)),
            env=os.environ | self.variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as running:
            try:
                wait_until(
                    lambda: (
                        running.poll() is not None
                        or (self.proxy.faults["unavailable"] > 0 and len(self.half_staged) >= BATCH)
                    ),
                    "half of the source is staged",
                )
                assert running.poll() is None
                assert self.staged == []
                yield running
            finally:
                self.holds = False
                running.kill()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a catalogue that has the pipeline."""
    folder = tmp_path_factory.mktemp("killed")
    flip.write_pictures(folder / "pictures", PICTURES)
    flip.write_repository(folder / "repository")
    source = ("--source", f"{folder / 'pictures'}=raw")
    added = vrdata(
        *("generators", "add", folder / "repository", "--name", "M-flip", *source),
        VRDATA_GENERATORS=str(folder / "home"),
    )
    assert added.code == 0, added.err
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def killing(home: Path, s3: S3Server, tmp_path: Path) -> Iterator[Killing]:
    bucket = s3.make_bucket(tmp_path.name.replace("_", "-")[-40:].strip("-"))
    shutil.copytree(home / "pictures", s3.folder / bucket / "set")
    (tmp_path / "home").symlink_to(home / "home")
    places = [{"place": "raw", "url": f"s3://{bucket}/set"}]
    generator = {"name": "M-flip", "samples": PICTURES, "blockSize": 10, "sources": places}
    run = {
        "apiVersion": "vrdata.dev/v1alpha1",
        "kind": "GenerationRun",
        "metadata": {"name": "flip"},
        "spec": {"shardSize": 20, "generators": [generator]},
    }
    (tmp_path / "run.json").write_text(json.dumps(run))
    with running_faulty_s3(s3.endpoint) as proxy:
        made = Killing(tmp_path, proxy)
        proxy.switches.choose = made.fault
        yield made


def undisturbed(home: Path, folder: Path) -> str:
    """The hash of the same run of the same pictures, from a folder of this machine."""
    run: dict[str, Any] = json.loads((folder / "run.json").read_text())
    run["spec"]["generators"][0]["sources"][0]["url"] = str(home / "pictures")
    (folder / "undisturbed.json").write_text(json.dumps(run))
    where = ("--local", "--out", folder / "undisturbed", "-o", "json")
    done = vrdata(
        *("run", folder / "undisturbed.json", *where), VRDATA_GENERATORS=str(home / "home")
    )
    assert done.code == 0, done.err
    return str(done.json["datasetHash"])


def spoil(paths: list[Path]) -> None:
    """Change what is half staged, so that whoever reads it generates other samples."""
    for path in paths:
        path.chmod(0o600)
        path.write_bytes(bytes(path.stat().st_size))


def workers_of(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    commands = {int(one): Path(f"/proc/{one}/cmdline").read_text() for one in children}
    return [one for one, words in commands.items() if "vrdata_worker" in words]


def dataset_hash(folder: Path) -> str:
    (found,) = folder.glob("*/*/dataset.json")
    return str(json.loads(found.read_text())["datasetHash"])


def test_a_worker_that_is_killed_while_it_stages_is_replaced_and_the_bytes_are_equal(
    killing: Killing, home: Path
) -> None:
    with killing.staging("out") as running:
        (worker,) = workers_of(running.pid)
        os.kill(worker, signal.SIGSTOP)
        spoil(killing.half_staged)
        os.kill(worker, signal.SIGKILL)
        killing.holds = False
        _, said = running.communicate(timeout=200)
        assert running.returncode == 0, said
    assert dataset_hash(killing.folder / "out") == undisturbed(home, killing.folder)


def test_a_run_that_is_killed_while_it_stages_goes_on_to_the_same_bytes(
    killing: Killing, home: Path
) -> None:
    with killing.staging("out") as running:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait(20)
        spoil(killing.half_staged)
    done = vrdata(*killing.words("out"), "-o", "json", **killing.variables)
    assert done.code == 0, done.err
    assert done.json["datasetHash"] == undisturbed(home, killing.folder)
