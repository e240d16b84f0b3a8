"""Only the pods that explain new failures are listed, however many have failed before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from vrdata_operator.cluster.adapter import MAX_INDEXES, KubernetesCluster
from vrdata_operator.cluster.parse import INDEX_LABEL, JOB_LABEL
from vrdata_operator.cluster.rest import Rest


class Lists:
    """An API server with failed pods of two indexes, and the selectors that it was asked for."""

    def __init__(self) -> None:
        self.selectors: list[str] = []

    async def each(self, *_path: str, **query: str) -> AsyncIterator[dict[str, Any]]:
        self.selectors.append(query["labelSelector"])
        for index in (3, 7):
            labels = {JOB_LABEL: "job", INDEX_LABEL: str(index)}
            yield {"metadata": {"name": f"job-{index}", "labels": labels}}


@pytest.mark.parametrize(
    ("indexes", "selector", "found"),
    [
        (frozenset({7, 3}), f"{JOB_LABEL}=job,{INDEX_LABEL} in (3,7)", [3, 7]),
        (frozenset(range(5, MAX_INDEXES + 6)), f"{JOB_LABEL}=job", [7]),
        (frozenset(), f"{JOB_LABEL}=job", [3, 7]),
    ],
)
def test_the_failed_pods_of_some_indexes_are_selected_by_the_api_server(
    indexes: frozenset[int], selector: str, found: list[int]
) -> None:
    server = Lists()
    cluster = KubernetesCluster(cast("Rest", server), "vrdata-system")
    pods = asyncio.run(cluster.failed_pods("team", "job", indexes))
    assert server.selectors == [selector]
    assert [pod.index for pod in pods] == found
