"""A run that imports a source, for tests of the operator."""

from __future__ import annotations

from typing import Any

from support.lives import Json, Life, run_object
from vrdata.store.opening import PrefixedStore
from vrdata.store.port import ObjectStore
from vrdata_operator.state.names import resolve_job

URL = "hf://org/name"
JOB, NEXT = resolve_job("uid-1"), resolve_job("uid-1", 1)
CONVERTER = {"name": "mazes", "converter": "M-import", "source": {"url": URL, "split": "test"}}
ALLOWED = {"allowed": ["hf://org/"], "existingSecret": "hub", "tokenKey": "key"}


def import_object(**spec: Any) -> Json:
    """A GenerationRun with one converter."""
    return run_object(**({"generators": [CONVERTER]} | spec))


def run_store(life: Life) -> ObjectStore:
    """The run's part of the store."""
    return PrefixedStore(life.store, "team/demo/")


def resolving(life: Life) -> bool:
    """Whether the Job exists that pins the sources."""
    return ("team", JOB) in life.cluster.jobs


def jobs(life: Life) -> list[str]:
    """Names of the Jobs in the run's namespace."""
    return sorted(name for where, name in life.cluster.jobs if where == "team")
