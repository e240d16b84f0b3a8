"""A store that goes away during a run and comes back: nothing is charged, and the wait is told."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.cli import Ran, command, vrdata, write_run
from support.datasets.workers import make_bench
from support.services.faults import Asked
from support.services.faulty_s3 import FaultyS3, running_faulty_s3
from support.services.s3server import S3Server, free_port
from vrdata.contract.worker import StoreSettings

pytestmark = [pytest.mark.slow, pytest.mark.s3]

OUTAGE_SECONDS = 6.0


@pytest.fixture
def proxy(s3: S3Server) -> Iterator[FaultyS3]:
    with running_faulty_s3(s3.endpoint) as running:
        yield running


class Outages:
    """Ends the service for a while at the first write of a key of each kind.

    Args:
        proxy: before the server.
        switch: `down`, or `denied` for wrong keys.
        keys: patterns of the keys.
        seconds: how long each one lasts.
    """

    def __init__(
        self, proxy: FaultyS3, switch: str, *keys: str, seconds: float = OUTAGE_SECONDS
    ) -> None:
        self._proxy, self._switch, self._keys = proxy, switch, list(keys)
        self._seconds = seconds

    def __call__(self, asked: Asked) -> None:
        found = [key for key in self._keys if asked.method == "PUT" and re.search(key, asked.path)]
        for key in found:
            self._keys.remove(key)
            setattr(self._proxy.switches, self._switch, True)
            ended = (self._proxy.switches, self._switch, False)
            timer = threading.Timer(self._seconds, setattr, ended)
            timer.daemon = True
            timer.start()


def run(folder: Path, s3: S3Server, proxy: FaultyS3, name: str) -> Ran:
    file = write_run(
        folder / "run.yaml",
        {"O-sliding-tiles": 12},
        shard_size=2,
        block_size=2,
        extra={"failurePolicy": {"retries": 0}},
    )
    place = f"s3://{s3.make_bucket(name)}/runs"
    return vrdata("run", file, "--local", "--out", place, "--endpoint", proxy.endpoint, "-j", 2)


@pytest.mark.parametrize("switch", ["down", "denied"])
def test_a_run_without_retries_survives_outages_of_the_store(
    switch: str, tmp_path: Path, s3: S3Server, proxy: FaultyS3
) -> None:
    proxy.switches.choose = Outages(proxy, switch, r"/commits/", r"/dataset\.json$")
    ran = run(tmp_path, s3, proxy, f"outage-{switch}")
    assert ran.code == 0, ran.err
    assert ran.err.count("waiting for the store since ") == 2, ran.err
    assert ran.err.count("the store answers again after") == 2, ran.err
    assert "retried" not in ran.err


def test_sigterm_ends_a_worker_that_waits_for_the_store(tmp_path: Path, s3: S3Server) -> None:
    bench = make_bench(tmp_path, None, {"O-maze": 2})
    gone = StoreSettings(url="s3://bucket/x", endpoint=f"http://127.0.0.1:{free_port()}")
    worker = bench.start("O-maze:0", store=gone)
    assert worker.stdout is not None
    waits = json.loads(worker.stdout.readline())
    assert waits["kind"] == "StoreWait"
    assert "Could not connect" in waits["why"]
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=10)
    assert worker.returncode == 10


def test_ctrl_c_ends_a_run_that_waits_for_the_store(
    tmp_path: Path, s3: S3Server, proxy: FaultyS3
) -> None:
    file = write_run(tmp_path / "run.yaml", {"O-sliding-tiles": 12}, shard_size=2, block_size=2)
    proxy.switches.choose = Outages(proxy, "down", r"/commits/", seconds=600)
    place = ("--out", f"s3://{s3.make_bucket('outage-ctrl-c')}/runs", "--endpoint", proxy.endpoint)
    running = subprocess.Popen(
        command("run", file, "--local", *place, "-j", 2),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    lines = iter(running.stderr.readline, "")
    assert any(line.startswith("waiting for the store since ") for line in lines)
    running.send_signal(signal.SIGINT)
    assert running.wait(30) == 130
    assert "interrupted; committed shards are kept" in running.stderr.read()
    running.stderr.close()
