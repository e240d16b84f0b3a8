"""Which attempts did not meet what they must meet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WAYS = ("python", "started", "raw", "compiled", "shell")
"""From Python, from a started Python, by raw calls in Python and in C, by sh and its tools."""


def not_refused(results: Mapping[str, Mapping[str, Any]], way: str) -> dict[str, str]:
    """What the attempts met that no refusal is, by name.

    Args:
        results: of `hostile.run.results`.
        way: one of `WAYS`.
    """
    return {
        name: met[way]
        for name, met in results.items()
        if way in met and not _is_refusal(met[way], met["expected"])
    }


def tried(results: Mapping[str, Mapping[str, Any]], way: str) -> int:
    """How many attempts were made in one way."""
    return sum(way in met for met in results.values())


def _is_refusal(met: str, expected: list[str]) -> bool:
    if met.startswith("exit code "):
        return not met.startswith("exit code 127")
    return met in expected
