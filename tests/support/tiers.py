"""The tiers of the tests, and a list of those that a test run did not execute.

A tier is a set of tests with the same needs; every test is in exactly one. `pytest --report-tiers`
ends with one line for each tier that `-m` deselected: the number of tests and the command for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pytest

NODE_FOLDER = "tests/cluster/"
_COUNTS = pytest.StashKey[Counter[str]]()


@dataclass(frozen=True)
class Tier:
    """A set of tests with the same needs.

    Attributes:
        title: what its tests show, with the tools that they need.
        command: runs exactly this tier.
    """

    title: str
    command: str


TIERS = {
    "fast": Tier("in one process", "make test-fast"),
    "smoke": Tier("each part once, end to end", "make test-smoke"),
    "slow": Tier("workers, S3, environments, chart, browser", "make test-slow"),
    "torch": Tier("PyTorch, in an environment of its own (5 GB)", "make test-torch"),
    "api": Tier("a Kubernetes API server (needs Go)", "make test-api"),
    "cluster": Tier("a Kubernetes cluster of one node (needs root and Go)", "make test-cluster"),
}


def tier_of(marks: Iterable[str], path: str) -> str:
    """The tier of a test.

    Args:
        marks: names of its markers.
        path: its file, relative to the repository, with `/`.
    """
    names = set(marks)
    if "cluster" in names:
        return "cluster" if path.startswith(NODE_FOLDER) else "api"
    if "torch" in names:
        return "torch"
    if "smoke" in names:
        return "smoke"
    return "slow" if "slow" in names else "fast"


def untested(counts: Mapping[str, int]) -> list[str]:
    """One line for each tier that has deselected tests.

    Args:
        counts: number of deselected tests by tier.
    """
    return [
        f"not run: {counts[name]:4} {name} tests, {tier.title}: {tier.command}"
        for name, tier in TIERS.items()
        if counts.get(name)
    ]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--report-tiers`."""
    parser.addoption(
        "--report-tiers", action="store_true", help="end with the tiers that -m deselected"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run smoke tests first: each takes seconds, so none should start last."""
    items.sort(key=lambda item: item.get_closest_marker("smoke") is None)


def pytest_deselected(items: Iterable[pytest.Item]) -> None:
    """Count deselected tests by tier."""
    for item in items:
        marks = (mark.name for mark in item.iter_markers())
        tier = tier_of(marks, item.nodeid.partition("::")[0])
        item.config.stash.setdefault(_COUNTS, Counter())[tier] += 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send the counts of a pytest-xdist process to the main process, which collects no tests."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["tiers"] = dict(session.config.stash.get(_COUNTS, Counter()))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object, error: object) -> None:
    """Take the counts of a process of pytest-xdist; all processes collect the same tests."""
    counts = getattr(node, "workeroutput", {}).get("tiers")
    if counts is not None:
        node.config.stash[_COUNTS] = Counter(counts)  # type: ignore[attr-defined]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the lines that `--report-tiers` asks for."""
    if config.getoption("report_tiers"):
        for line in untested(config.stash.get(_COUNTS, Counter())):
            terminalreporter.write_line(line)
