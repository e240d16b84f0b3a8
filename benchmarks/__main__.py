"""All benchmarks, one table of ratios: `python -m benchmarks [NAMES…] [-o json]`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from benchmarks.host import host_facts
from benchmarks.measure import REPEATS, NotMeasuredError, Options, Row

# Each module by the name of its benchmark.
NAMES = {
    "png": "encoders.bench_png",
    "video": "encoders.bench_video",
    "overhead": "runs.bench_overhead",
    "single": "runs.bench_single",
    "children": "runs.bench_children",
    "store": "runs.bench_store",
    "noop": "runs.bench_noop",
    "memory": "runs.bench_memory",
    "import": "imports.bench_import",
    "import-flat": "imports.bench_memory",
    "import-5000": "imports.bench_5000",
    "desktop": "desktop.bench_stages",
    "desktop-pictures": "desktop.bench_pictures",
    "timeseries": "timeseries.bench_windows",
    "timeseries-flat": "timeseries.bench_episodes",
    "plan": "bench_plan",
    "sandbox": "bench_sandbox",
    "operator": "bench_operator",
    "finalise": "bench_finalise",
    "cluster": "runs.bench_cluster_overhead",
    "repositories": "runs.bench_repositories",
}
# The test helpers that write repositories and start an S3 server.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))


def main() -> int:
    """Print the table; returns 1 if a goal is missed, 2 if nothing was measured."""
    arguments = _parse()
    only = tuple(arguments.only)
    options = Options(arguments.repeats, arguments.home, only, arguments.shards)
    facts = host_facts()
    table = arguments.output == "table"
    if table:
        _print_head(facts)
    measured: list[Row] = []
    not_measured: dict[str, str] = {}
    for name in arguments.names or NAMES:
        try:
            for row in _rows(name, options):
                measured.append(row)
                if table:
                    print(_line(row), flush=True)
        except NotMeasuredError as error:
            not_measured[name] = str(error)
    if table:
        _print_tail(measured, not_measured)
    else:
        _print_json(facts, measured, not_measured)
    if not measured:
        return 2
    return int(not all(row.met for row in measured))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("-o", "--output", choices=("table", "json"), default="table")
    parser.add_argument("--repeats", type=int, default=REPEATS, help=f"default {REPEATS}")
    parser.add_argument("--home", type=Path, help="folder of added generators, for `repositories`")
    parser.add_argument(
        "--only", nargs="+", default=[], help="only these generators of that folder"
    )
    parser.add_argument("--shards", type=int, default=300, help="of one run, for `cluster`")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(NAMES))
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    if arguments.repeats < 1:
        parser.error("--repeats must be at least 1")
    return arguments


def _rows(name: str, options: Options) -> Iterator[Row]:
    yield from import_module(f"benchmarks.{NAMES[name]}").rows(options)


def _print_head(facts: dict[str, str]) -> None:
    for name, fact in facts.items():
        print(f"{name}: {fact}")
    print("\n| benchmark | figure | goal | median | spread | |\n|---|---|---|---|---|---|")


def _line(row: Row) -> str:
    spread = f"{min(row.figures):.3g} … {max(row.figures):.3g}" if len(row.figures) > 1 else ""
    verdict = "met" if row.met else "**missed**"
    return (
        f"| {row.name} | {row.meaning} | {row.goal} | {row.median:.3g}{row.goal.unit} "
        f"| {spread} | {verdict} |"
    )


def _print_tail(measured: list[Row], not_measured: dict[str, str]) -> None:
    print(f"\n{sum(row.met for row in measured)} of {len(measured)} goals met")
    for name, why in not_measured.items():
        print(f"{name}: not measured, {why}")


def _print_json(facts: dict[str, str], measured: list[Row], not_measured: dict[str, str]) -> None:
    document = {
        "host": facts,
        "rows": [
            {
                "name": row.name,
                "meaning": row.meaning,
                "goal": str(row.goal),
                "median": row.median,
                "figures": row.figures,
                "met": row.met,
            }
            for row in measured
        ],
        "notMeasured": not_measured,
    }
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    sys.exit(main())
