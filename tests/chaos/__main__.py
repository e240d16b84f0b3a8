"""`make chaos`: disturb runs with faults from a seed, then check every byte of what they stored."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from chaos.laptop.disturb import disturb
from chaos.laptop.machine import calm_run, laptop


def main() -> int:
    """Disturb runs on this machine; returns 1 if any did not end well."""
    arguments = _parse()
    well = True
    with (
        tempfile.TemporaryDirectory(prefix="vrdata-chaos-") as folder,
        laptop(Path(folder)) as machine,
    ):
        calm = calm_run(
            machine,
            {"O-maze": arguments.samples, "G-pendulum": arguments.samples // 2},
            failurePolicy={"retries": 1},
        )
        for seed in range(arguments.seed, arguments.seed + arguments.rounds):
            record = disturb(machine, calm, seed)
            well = well and record.well
            sys.stdout.write("\n".join([*record.lines(), ""]))
            sys.stdout.flush()
        details = Path(folder) / "audit.log"
        if not well and details.exists():
            sys.stdout.write(details.read_text())
    return 0 if well else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the first round")
    parser.add_argument("--rounds", type=int, default=3, help="runs to disturb, each with a seed")
    parser.add_argument("--samples", type=int, default=200, help="of the larger generator")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
