"""Run every check and test: first `make test`, then the other tiers, in parallel.

Prints the output of `make test` as it comes. Every other tier writes to `test-logs/TIER.log`; when
it ends, its result is printed, with the report of its failures. The last line counts all tests.
Needs only the standard library: `make` creates the environment of the tests.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOGS = ROOT / "test-logs"
ENVIRONMENT = ".venv/.dev"
# The cluster tests mostly wait for pods and leave the processors to these.
BESIDE_CLUSTER = ("slow", "api", "torch")
MAKE = ("make", "--no-print-directory")
# Kubernetes and the cluster tests take longest: what runs beside them goes behind.
BEHIND = ("nice", "-n", "5")
BUILD = ["env", "PYTHONPATH=tests", sys.executable, "-m", "support.cluster", "build"]
# More examples of each property than `make test` alone asks for.
VARIABLES = os.environ | {"PYTEST_ADDOPTS": "--hypothesis-profile=thorough"}
# Without compiled files, each of some thousand processes compiles vrdata again.
VARIABLES.pop("PYTHONDONTWRITEBYTECODE", None)
FAILURE_LINES = 400  # of a log without pytest's report
_RESULT = re.compile(r"^(?:=+ )?((?:\d+ \w+(?:, )?)+) in [\d.]+s", re.MULTILINE)
_REPORT = re.compile(r"^=+ (?:FAILURES|ERRORS) =+$", re.MULTILINE)


class Results:
    """The results of the tiers; safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._counts: Counter[str] = Counter()
        self.failed: list[str] = []

    def add(self, tier: str, code: int, output: str) -> str:
        """Count the tests of a tier; returns pytest's line of counts, or the exit code."""
        lines = _RESULT.findall(output)
        counts: Counter[str] = Counter()
        for count, word in re.findall(r"(\d+) (\w+)", lines[-1] if lines else ""):
            counts[word.rstrip("s") if word.startswith("error") else word] += int(count)
        if code and not counts["failed"] + counts["error"]:
            counts["failed"] += 1  # lint, or a run that ended before its tests
        with self._lock:
            self._counts += counts
            if code:
                self.failed.append(tier)
        return str(lines[-1]) if lines else f"exit code {code}"

    def show(self, tier: str, code: int, output: str, seconds: float) -> None:
        """Print what matters of a tier that wrote to a log."""
        line = self.add(tier, code, output)
        report = f"\n{report_of(output)}" if code else ""
        say(f"--- {tier}: {line} ({seconds:.0f} s, test-logs/{tier}.log){report}")

    def summary(self) -> str:
        """The last line: counts of all tiers."""
        counts = self._counts
        failed = counts["failed"] + counts["error"]
        tiers = f" ({', '.join(sorted(self.failed))})" if self.failed else ""
        seconds = time.monotonic() - self._started
        return (
            f"{counts['passed']} passed, {failed} failed{tiers}, {counts['skipped']} skipped "
            f"in {seconds:.0f}s"
        )


def report_of(output: str) -> str:
    """The part of a log that explains its failures."""
    found = _REPORT.search(output)
    if found:
        return output[found.start() :]
    return "\n".join(output.splitlines()[-FAILURE_LINES:])


def main() -> int:
    """Run everything; returns 1 when any tier failed."""
    LOGS.mkdir(exist_ok=True)
    results = Results()
    with (LOGS / "cluster-build.log").open("wb") as log:  # Kubernetes compiles beside the tests
        build = subprocess.Popen(BUILD, cwd=ROOT, stdout=log, stderr=log)
    if subprocess.run([*MAKE, ENVIRONMENT], cwd=ROOT, check=False).returncode:
        build.terminate()
        say("0 passed, 1 failed (environment)")
        return 1
    cluster = threading.Thread(target=_cluster, args=(results, build))
    cluster.start()
    results.add("test", *_stream(*BEHIND, *MAKE, "test"))
    for tier in BESIDE_CLUSTER:
        _run(results, tier, *BEHIND)
    cluster.join()
    say(results.summary())
    return 1 if results.failed else 0


def _cluster(results: Results, build: subprocess.Popen[bytes]) -> None:
    """Run the cluster tests after the build. If it failed, they say what is missing."""
    code = build.wait()
    say(f"--- cluster-build: exit code {code} (test-logs/cluster-build.log)")
    _run(results, "cluster")


def _run(results: Results, tier: str, *before: str) -> None:
    started = time.monotonic()
    code, output = _logged(tier, *before, *MAKE, f"test-{tier}")
    results.show(tier, code, output, time.monotonic() - started)


def _logged(name: str, *command: str) -> tuple[int, str]:
    path = LOGS / f"{name}.log"
    with path.open("wb") as log:
        done = subprocess.run(command, cwd=ROOT, env=VARIABLES, stdout=log, stderr=log, check=False)
    return done.returncode, path.read_text(errors="replace")


def _stream(*command: str) -> tuple[int, str]:
    lines = []
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=VARIABLES,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        for line in process.stdout:
            say(line.removesuffix("\n"))
            lines.append(line)
    return process.returncode, "".join(lines)


def say(text: str) -> None:
    """Print a message in one piece: threads print beside each other."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
