"""Fetch the repositories of `list.txt` and add them to a home, for the benchmark `repositories`.

    python -m benchmarks.repositories HOME [NAME…]

Submodules are not fetched: the generators do not use them. Returns the first exit code of
`vrdata generators add` that is not 0.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import defaultdict
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
        by_class = defaultdict[str, list[Path]](list)
        for repository, its_class in _fetched(Path(folder), arguments.names):
            by_class[its_class].append(repository)
        if not by_class:
            parser.error("the list has none of these names")
        codes = [_add(arguments.home, *one) for one in by_class.items()]
        return next(filter(None, codes), 0)


def _add(home: Path, its_class: str, repositories: Sequence[Path]) -> int:
    command = [sys.executable, "-m", "vrdata.cli.main", "generators", "add", "--replace"]
    options = ["--home", home, *(["--class", its_class] if its_class else [])]
    return subprocess.run([*command, *options, *repositories], check=False).returncode


def _fetched(folder: Path, names: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """Clone each repository at its commit; the class is "" if its name tells it.

    Raises subprocess.CalledProcessError: git failed.
    """
    for line in LIST.read_text().splitlines():
        address, commit, its_class, *_ = [*line.split(), "", "", ""]
        place = folder / address.rpartition("/")[2]
        if not commit or line.startswith("#") or (names and place.name not in names):
            continue
        print(f"{place.name}: fetching", flush=True)
        subprocess.run(["git", "clone", "--quiet", "--no-checkout", address, place], check=True)
        subprocess.run(["git", "-C", place, "checkout", "--quiet", commit], check=True)
        yield place, its_class


if __name__ == "__main__":
    sys.exit(main())
