"""Fetch the repositories of `list.txt` and add them to a home, for the benchmark `repositories`.

    python -m benchmarks.repositories HOME [NAME…]

Submodules are not fetched: the generators do not use them. Returns the exit code of
`vrdata generators add`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

LIST = Path(__file__).with_name("list.txt")


def main() -> int:
    """Fetch and add; repositories that the home already has are replaced."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("home", type=Path)
    parser.add_argument("names", nargs="*", help="only these of the list")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fetched = list(_fetched(Path(folder), arguments.names))
        if not fetched:
            parser.error("the list has none of these names")
        command = [sys.executable, "-m", "vrdata.cli.main", "generators", "add", "--replace"]
        return subprocess.run(
            [*command, "--home", arguments.home, *fetched], check=False
        ).returncode


def _fetched(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    """Clone each repository at its commit. Raises subprocess.CalledProcessError: git failed."""
    for line in LIST.read_text().splitlines():
        address, _, commit = line.partition(" ")
        place = folder / address.rpartition("/")[2]
        if not commit or line.startswith("#") or (names and place.name not in names):
            continue
        print(f"{place.name}: fetching", flush=True)
        subprocess.run(["git", "clone", "--quiet", "--no-checkout", address, place], check=True)
        subprocess.run(["git", "-C", place, "checkout", "--quiet", commit], check=True)
        yield place


if __name__ == "__main__":
    sys.exit(main())
