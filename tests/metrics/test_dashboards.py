"""The dashboards' queries, against the metrics that the operator serves and a real Prometheus."""

from __future__ import annotations

import json
import math
import os
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import start_http_server

from support.cluster.binaries import MissingToolError, folder_of
from support.cluster.control_plane import free_port
from support.cluster.processes import Processes
from support.metrics import served_metrics
from support.polling import wait_until

ROOT = Path(__file__).parents[2]
BOARDS = sorted((ROOT / "charts/vrdata/files/dashboards").glob("*.json"))
QUERIES = [
    pytest.param(target["expr"], id=f"{board.stem}: {panel['title']} {target['refId']}")
    for board in BOARDS
    for panel in json.loads(board.read_text())["panels"]
    for target in panel["targets"]
]
VARIABLES = {"$namespace": ".*", "$run": ".*", "$__rate_interval": "20s"}
# Nothing is stalled in the test's run.
MAY_BE_EMPTY = ("condition='Stalled'",)


def test_there_are_two_boards_with_stable_names() -> None:
    boards = [json.loads(path.read_text()) for path in BOARDS]
    assert [board["uid"] for board in boards] == ["vrdata-operator", "vrdata-runs"]
    for board in boards:
        assert board["id"] is None
        places = [(one["gridPos"]["x"], one["gridPos"]["y"]) for one in board["panels"]]
        assert len(set(places)) == len(places)
        for panel in board["panels"]:
            assert panel["description"]
            assert panel["fieldConfig"]["defaults"]["unit"]


@pytest.mark.parametrize("query", QUERIES)
def test_every_metric_of_a_query_is_served(query: str) -> None:
    names = {
        sample.name for family in served_metrics().registry.collect() for sample in family.samples
    }
    used = set(re.findall(r"\b(?:vrdata|process)_[a-z_]+", query))
    assert used
    assert used - names == set()


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a Prometheus that scrapes the operator's metrics, which grow."""
    try:
        binary = folder_of("prometheus") / "prometheus"
    except MissingToolError as error:
        if os.environ.get("VRDATA_REQUIRE") == "all":
            pytest.fail(f"no Prometheus can be built here: {error}")
        pytest.skip(f"NO DASHBOARD QUERIES: {error}")
    folder = tmp_path_factory.mktemp("prometheus")
    metrics = served_metrics()
    server, thread = start_http_server(0, addr="127.0.0.1", registry=metrics.registry)
    target = {"targets": [f"127.0.0.1:{server.server_port}"]}
    config = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [{"job_name": "vrdata", "static_configs": [target]}],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config))
    processes, port = Processes(folder), free_port("127.0.0.1")
    processes.start(
        "prometheus",
        [
            *(binary, f"--config.file={folder}/prometheus.yml"),
            *(f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"),
        ],
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _scrapes(url) >= 2, "two scrapes", 60)
        served_metrics(metrics, samples=40)
        wait_until(lambda: _scrapes(url) >= 6, "more scrapes", 60)
        yield url
    finally:
        processes.stop_all()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.cluster
@pytest.mark.parametrize("query", QUERIES)
def test_every_query_gives_data_in_a_real_prometheus(prometheus: str, query: str) -> None:
    for name, value in VARIABLES.items():
        query = query.replace(name, value)
    result = _query(prometheus, query)
    if not any(words in query for words in MAY_BE_EMPTY):
        assert result, query
        values = [float(series["value"][1]) for series in result]
        assert any(not math.isnan(value) for value in values), f"nothing but NaN: {query}"


def _scrapes(url: str) -> int:
    try:
        found = _query(url, "count_over_time(up[10m])")
    except OSError:
        time.sleep(0.2)
        return 0
    return int(float(found[0]["value"][1])) if found else 0


def _query(url: str, query: str) -> list[dict[str, Any]]:
    address = f"{url}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=10) as answer:
        body = json.load(answer)
    assert body["status"] == "success", body
    found: list[dict[str, Any]] = body["data"]["result"]
    return found
