"""The table of objects that each rule of the CRDs accepts and refuses."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from support.cluster.places import REPOSITORY
from vrdata.api.status import MAX_REPAIR
from vrdata.model import API_VERSION

KINDS = {"run": "GenerationRun", "profile": "GenerationProfile"}
_CASES = yaml.safe_load((REPOSITORY / "tests" / "crd" / "rules.yaml").read_text())
TABLE = [
    pytest.param(kind, case, id=f"{kind}: {case['rule']}")
    for kind in KINDS
    for case in _CASES[kind]
]


def built(kind: str, part: dict[str, Any]) -> dict[str, Any]:
    """The complete object of a case.

    Args:
        kind: run or profile.
        part: its spec, and metadata other than name and namespace.
    """
    metadata = {"name": "demo", "namespace": "default"} | part.get("metadata", {})
    spec = {"spec": part["spec"]} if "spec" in part else {}
    return {"apiVersion": API_VERSION, "kind": KINDS[kind], "metadata": metadata} | spec


def largest_status() -> dict[str, Any]:
    """A status with every field set and every list and text at its maximum length."""
    text, time = "x" * 1024, "2026-11-20T08:30:00Z"
    shards = dict.fromkeys(("pending", "active", "retrying", "succeeded", "failed"), 10_000_000)
    samples = dict.fromkeys(("desired", "succeeded", "failed"), 10_000_000)
    kinds = ("Accepted", "Queued", "Progressing", "Stalled")
    kinds += ("Suspended", "Deterministic", "Finished", "Succeeded")
    group = {"generator": "O" * 100, "reason": "R" * 64, "shards": 1, "samples": 1}
    group |= {"message": text}
    times = ("startTime", "completionTime", "estimatedCompletionTime")
    status: dict[str, Any] = {
        "phase": "Finalising",
        "progress": "p" * 64,
        "failed": 1,
        "rate": "r" * 32,
        "eta": "e" * 32,
        "reason": "R" * 128,
        "observedGeneration": 7,
        "observedRepair": "r" * MAX_REPAIR,
        "plan": "p" * 80,
        "datasetHash": "d" * 80,
        "duplicates": 10_000_000,
        "report": text,
        "storage": {"url": text, "mode": "detect"},
        "samples": samples,
        "shards": shards,
        "bytes": 2**53,
        "waves": 999,
        "classes": [{"name": name, "samples": samples, "shards": shards} for name in "OGM"],
        "failures": [group | {"exampleShard": 17, "sample": number} for number in range(20)],
        **dict.fromkeys(times, time),
        "conditions": [
            {
                "type": kind,
                "status": "True",
                "reason": "R" * 128,
                "message": text,
                "observedGeneration": 7,
                "lastTransitionTime": time,
            }
            for kind in kinds
        ],
    }
    return status
