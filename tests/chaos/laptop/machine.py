"""Disturb `vrdata run --local` on this machine, into a bucket behind a proxy with faults."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from chaos.audits.audit import Undisturbed, undisturbed
from chaos.objects import Bucket
from support.cli import command, vrdata, write_run
from support.services.faulty_s3 import FaultyS3, running_faulty_s3
from support.services.s3server import S3Server, running_s3_server
from support.services.small_disk import mounted_disk
from vrdata.local.execution.fork import NAME as WORKER_NAME
from vrdata.store.opening import open_store


@dataclass
class Laptop:
    """A machine with a store behind a proxy.

    Attributes:
        server: the store.
        proxy: what runs use instead.
        folder: for run files and scratch.
        disk: the scratch folder.
    """

    server: S3Server
    proxy: FaultyS3
    folder: Path
    disk: Path
    bucket: str = "chaos"
    process: subprocess.Popen[str] | None = None
    file: Path = field(default_factory=Path)

    def arguments(self, root: str) -> list[object]:
        """`vrdata run …` into a root of the bucket."""
        place = ("--local", "--out", f"s3://{self.bucket}/{root}", "--scratch", self.disk)
        return ["run", self.file, *place, "--jobs", 2, "-o", "json"]

    def environment(self) -> dict[str, str]:
        """Variables with which requests go through the proxy."""
        return self.server.environment | {"AWS_ENDPOINT_URL_S3": self.proxy.endpoint}

    def stored(self, root: str) -> Bucket:
        """A run, seen past the proxy."""
        path = f"{root}/default/demo"
        return Bucket(
            open_store(f"s3://{self.bucket}/{path}", endpoint=self.server.endpoint),
            self.server.folder / self.bucket / path,
        )

    def start(self, root: str) -> subprocess.Popen[str]:
        """Start the run."""
        with (self.folder / "run.log").open("a") as log:
            self.process = subprocess.Popen(
                command(*self.arguments(root)),
                env=os.environ | self.environment(),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        return self.process

    def processes(self, kind: str) -> list[psutil.Process]:
        """Running processes of the run, in the order in which they started."""
        if self.process is None:
            return []
        found: list[psutil.Process] = []
        with suppress(psutil.Error):
            own = psutil.Process(self.process.pid)
            if kind == "run":
                return [own] if self.process.poll() is None else []
            found = [one for one in own.children(recursive=True) if _kind_of(one) == kind]
        return sorted(found, key=lambda one: one.pid)


@contextmanager
def laptop(folder: Path) -> Iterator[Laptop]:
    """A store, a proxy before it and a small disk for scratch."""
    with (
        running_s3_server(folder) as server,
        running_faulty_s3(server.endpoint) as proxy,
        mounted_disk(folder / "scratch", "size=256m") as disk,
    ):
        os.environ.update(server.environment)
        made = Laptop(server, proxy, folder, disk)
        server.make_bucket(made.bucket)
        try:
            yield made
        finally:
            if made.process is not None and made.process.poll() is None:
                made.process.kill()
                made.process.communicate()


def calm_run(machine: Laptop, generators: dict[str, int], **extra: Any) -> Undisturbed:
    """Write the run file and run it undisturbed."""
    machine.file = write_run(
        machine.folder / "run.yaml", generators, shard_size=10, extra=extra or None
    )
    done = vrdata(*machine.arguments("calm"), **machine.server.environment)
    assert done.code == 0, done.err
    calm = undisturbed(machine.stored("calm").store)
    assert calm.dataset_hash == done.json["datasetHash"]
    return calm


def _kind_of(process: psutil.Process) -> str:
    """`worker`, `template` or `block`; other processes have no name here."""
    with suppress(psutil.Error):
        if _is_worker(process):
            return "worker"
        if "vrdata_child" in process.cmdline():
            parent = process.parent()
            return "template" if parent is not None and _is_worker(parent) else "block"
    return ""


def _is_worker(process: psutil.Process) -> bool:
    """Whether it is a worker: a fork of vrdata, or an interpreter of its own."""
    return process.name() == WORKER_NAME or "vrdata_worker" in process.cmdline()
