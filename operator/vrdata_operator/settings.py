"""Settings of the operator, from environment variables that the chart sets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from vrdata.errors import UsageError


@dataclass(frozen=True, slots=True)
class Home:
    """Where the operator runs.

    Attributes:
        namespace: its own, which also contains the profiles.
        claim: the PersistentVolumeClaim that it mounts; empty = none.
    """

    namespace: str
    claim: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of the operator.

    Attributes:
        home: its namespace and volume.
        watch: namespaces whose runs it serves; empty = all.
        metrics_port: port of the Prometheus endpoint.
        health_port: port of the liveness endpoint.
        per_generator: also serve series of each generator.
        profiles: a file of GenerationProfiles to apply at the start; None = none.
        log_format: of each line of the log.
    """

    home: Home
    watch: tuple[str, ...] = ()
    metrics_port: int = 9090
    health_port: int = 8080
    per_generator: bool = True
    profiles: Path | None = None
    log_format: Literal["text", "json"] = "text"

    def manifests(self) -> list[dict[str, Any]]:
        """The profiles of the chart, each in the operator's namespace."""
        if self.profiles is None or not self.profiles.exists():
            return []
        found = list(filter(None, yaml.safe_load_all(self.profiles.read_text())))
        for manifest in found:
            manifest["metadata"]["namespace"] = self.home.namespace
        return found


def from_environment(variables: dict[str, str] | None = None) -> Settings:
    """Read VRDATA_NAMESPACE, VRDATA_WATCH_NAMESPACES and the others.

    Args:
        variables: the environment; None = that of this process.

    Raises:
        UsageError: a variable is missing or invalid.
    """
    environment = dict(os.environ) if variables is None else variables
    namespace = environment.get("VRDATA_NAMESPACE", "")
    if not namespace:
        raise UsageError("VRDATA_NAMESPACE is not set", fix="set it to the operator's namespace")
    profiles = environment.get("VRDATA_PROFILES", "")
    return Settings(
        home=Home(namespace, environment.get("VRDATA_CLAIM", "")),
        watch=tuple(filter(None, environment.get("VRDATA_WATCH_NAMESPACES", "").split(","))),
        metrics_port=_port(environment, "VRDATA_METRICS_PORT", 9090),
        health_port=_port(environment, "VRDATA_HEALTH_PORT", 8080),
        per_generator=environment.get("VRDATA_PER_GENERATOR_METRICS", "true") == "true",
        profiles=Path(profiles) if profiles else None,
        log_format=_log_format(environment.get("VRDATA_LOG_FORMAT", "") or "text"),
    )


def _log_format(text: str) -> Literal["text", "json"]:
    if text not in {"text", "json"}:
        raise UsageError(f"VRDATA_LOG_FORMAT is {text!r}", fix="set it to text or json")
    return "json" if text == "json" else "text"


def _port(environment: dict[str, str], name: str, default: int) -> int:
    text = environment.get(name, "") or str(default)
    if not text.isdecimal() or not 0 <= int(text) < 65536:
        raise UsageError(f"{name} is {text!r}", fix="set it to a port number, 0 to 65535")
    return int(text)
