"""`make chaos`: disturb runs with faults from a seed, then check every byte of what they stored."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from chaos.audits.audit import Undisturbed, undisturbed
from chaos.laptop.disturb import disturb
from chaos.laptop.machine import calm_run, laptop
from chaos.node import rounds
from chaos.node.disturbance import BEHIND_PROXY, Disturbance, proxy_for
from chaos.schedule import Record, scaled
from support.cli import vrdata
from support.cluster.installation import Installation, install
from support.cluster.runs import Run, run_object
from vrdata.store.opening import open_store


def main() -> int:
    """Disturb runs; returns 1 if any did not end well."""
    arguments = _parse()
    well = True
    with tempfile.TemporaryDirectory(prefix="vrdata-chaos-") as folder:
        own = _on_node if arguments.node else _on_laptop
        for record in own(arguments, Path(folder)):
            well = well and record.well
            sys.stdout.write("\n".join([*record.lines(), ""]))
            sys.stdout.flush()
    return 0 if well else 1


def _on_laptop(arguments: argparse.Namespace, folder: Path) -> Iterator[Record]:
    with laptop(folder) as machine:
        samples = {"O-maze": arguments.shards * 7, "G-pendulum": arguments.shards * 3}
        calm = calm_run(machine, samples, failurePolicy={"retries": 1})
        for seed in range(arguments.seed, arguments.seed + arguments.rounds):
            yield disturb(machine, calm, seed)


def _on_node(arguments: argparse.Namespace, folder: Path) -> Iterator[Record]:
    (folder / "generators").mkdir()
    installed = install(folder / "generators")
    try:
        os.environ.update(installed.bucket.environment)
        installed.helm_install(installed.values())
        if arguments.attempts:
            yield _attempts(installed, arguments, folder)
            return
        spec = rounds.shards_spec(arguments.shards)
        disturbance, calm = rounds.calm_run(installed, installed.namespace("chaos"), spec)
        yield from _kills(disturbance, calm, arguments)
        with proxy_for(installed) as proxy:
            behind = Disturbance(disturbance.run, spec | {"profile": BEHIND_PROXY})
            yield rounds.outages(behind, calm, proxy, down=180, denied=60)
    finally:
        installed.node.stop()


def _kills(
    disturbance: Disturbance, calm: Undisturbed, arguments: argparse.Namespace
) -> Iterator[Record]:
    kills = scaled(rounds.KILLS, arguments.kills)
    for seed in range(arguments.seed, arguments.seed + arguments.rounds):
        for actions in (kills, rounds.DELETES):
            yield rounds.disturbed_run(disturbance, calm, seed, actions)
            disturbance.forget()


def _attempts(installed: Installation, arguments: argparse.Namespace, folder: Path) -> Record:
    """The undisturbed run is one on this machine: its bytes are the same."""
    shards, namespace = arguments.attempts, installed.namespace("attempts")
    spec = rounds.shards_spec(shards, shardSize=1, parallelism=8, failurePolicy={"retries": 0})
    spec["generators"] = [{"name": "O-maze", "samples": shards, "blockSize": 1}]
    file = folder / "run.yaml"
    file.write_text(json.dumps(run_object("demo", namespace, spec)))
    done = vrdata("run", file, "--local", "--out", folder / "calm", "--jobs", 2)
    assert done.code == 0, done.err
    calm = undisturbed(open_store(str(folder / "calm" / namespace / "demo")))
    disturbance = Disturbance(Run(installed, namespace, "demo"), spec)
    return rounds.killed_attempts(disturbance, calm, arguments.seed, share=0.85)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--node", action="store_true", help="on a cluster of one node")
    parser.add_argument("--seed", type=int, default=1, help="of the first round")
    parser.add_argument("--rounds", type=int, default=1, help="each has a seed of its own")
    parser.add_argument("--shards", type=int, default=30, help="of each run")
    parser.add_argument(
        "--attempts", type=int, default=0, help="shards of a run whose attempts are mostly killed"
    )
    parser.add_argument("--kills", type=int, default=100, help="of each round on a node")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
