"""The operator's settings, from environment variables that the chart sets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from vrdata.errors import UsageError


@dataclass(frozen=True, slots=True)
class Home:
    """Where the operator lives.

    Attributes:
        namespace: its own; profiles are looked up here.
        claim: the PersistentVolumeClaim that it mounts; empty = none.
    """

    namespace: str
    claim: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the operator runs.

    Attributes:
        home: where it lives.
        watch: namespaces whose runs it serves; empty = all.
        metrics_port: of the Prometheus endpoint.
        health_port: of the liveness endpoint.
        per_generator: one series per generator, too.
        profiles: a file of GenerationProfiles that are applied at the start; None = none.
    """

    home: Home
    watch: tuple[str, ...] = ()
    metrics_port: int = 9090
    health_port: int = 8080
    per_generator: bool = True
    profiles: Path | None = None

    def manifests(self) -> list[dict[str, Any]]:
        """The profiles that the chart brings, each in the operator's namespace."""
        if self.profiles is None or not self.profiles.exists():
            return []
        found = list(filter(None, yaml.safe_load_all(self.profiles.read_text())))
        for manifest in found:
            manifest["metadata"]["namespace"] = self.home.namespace
        return found


def from_environment(variables: dict[str, str] | None = None) -> Settings:
    """Read VRDATA_NAMESPACE, VRDATA_WATCH_NAMESPACES and the others.

    Raises:
        UsageError: a variable is missing or cannot be read.
    """
    given = dict(os.environ) if variables is None else variables
    namespace = given.get("VRDATA_NAMESPACE", "")
    if not namespace:
        raise UsageError(
            "VRDATA_NAMESPACE is not set", fix="set it to the namespace of the operator"
        )
    profiles = given.get("VRDATA_PROFILES", "")
    return Settings(
        home=Home(namespace, given.get("VRDATA_CLAIM", "")),
        watch=tuple(filter(None, given.get("VRDATA_WATCH_NAMESPACES", "").split(","))),
        metrics_port=_port(given, "VRDATA_METRICS_PORT", 9090),
        health_port=_port(given, "VRDATA_HEALTH_PORT", 8080),
        per_generator=given.get("VRDATA_PER_GENERATOR_METRICS", "true") == "true",
        profiles=Path(profiles) if profiles else None,
    )


def _port(given: dict[str, str], name: str, default: int) -> int:
    text = given.get(name, "") or str(default)
    if not text.isdecimal() or not 0 <= int(text) < 65536:
        raise UsageError(f"{name} is {text!r}", fix="give a port number")
    return int(text)
