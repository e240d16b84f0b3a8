"""`make chaos`: disturb runs with faults from a seed, then check every byte of what they stored."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from chaos.laptop.disturb import disturb
from chaos.laptop.machine import calm_run, laptop
from chaos.node import rounds
from chaos.node.disturbance import BEHIND_PROXY, proxy_for
from chaos.schedule import Record
from support.cluster.installation import Installation, install


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
        yield from _kills(installed, arguments)
        with proxy_for(installed) as proxy:
            spec = rounds.shards_spec(arguments.shards, profile=BEHIND_PROXY, parallelism=2)
            disturbance, calm = rounds.calm_run(installed, installed.namespace("outages"), spec)
            yield rounds.outages(disturbance, calm, proxy, down=180, denied=60)
    finally:
        installed.node.stop()


def _kills(installed: Installation, arguments: argparse.Namespace) -> Iterator[Record]:
    share = max(1, round(arguments.kills / sum(rounds.KILLS.values())))
    kills = {name: times * share for name, times in rounds.KILLS.items()}
    for seed in range(arguments.seed, arguments.seed + arguments.rounds):
        namespace = installed.namespace(f"kills-{seed}")
        spec = rounds.shards_spec(arguments.shards)
        disturbance, calm = rounds.calm_run(installed, namespace, spec)
        for actions in (kills, rounds.DELETES):
            yield rounds.disturbed_run(disturbance, calm, seed, actions)
            disturbance.forget()


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--node", action="store_true", help="on a cluster of one node")
    parser.add_argument("--seed", type=int, default=1, help="of the first round")
    parser.add_argument("--rounds", type=int, default=1, help="each has a seed of its own")
    parser.add_argument("--shards", type=int, default=30, help="of each run")
    parser.add_argument("--kills", type=int, default=100, help="of each round on a node")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
