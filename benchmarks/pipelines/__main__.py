"""List the public pipelines, or make the raw data that one of them reads.

python -m benchmarks.pipelines list
python -m benchmarks.pipelines make NAME FOLDER [--items N] [--spoilt]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.pipelines.repositories import ITEMS, repositories


def main() -> int:
    """Do what the first argument names."""
    known = {one.name: one for one in repositories()}
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="print name, URL, commit and places of each")
    make = commands.add_parser("make", help="make the raw data of one")
    make.add_argument("name", choices=known, metavar="NAME")
    make.add_argument("folder", type=Path, metavar="FOLDER")
    make.add_argument("--items", type=int, default=ITEMS, help=f"default {ITEMS}")
    make.add_argument(
        "--spoilt", action="store_true", help="make a file of the third item unreadable"
    )
    arguments = parser.parse_args()
    if arguments.command == "list":
        for one in known.values():
            print(one.name, one.url, one.commit, *[source.place for source in one.sources])
        return 0
    known[arguments.name].make(arguments.folder, arguments.items, spoilt=arguments.spoilt)
    return 0


if __name__ == "__main__":
    sys.exit(main())
