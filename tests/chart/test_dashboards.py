"""The dashboards' queries, against the metrics that the operator serves and a real Prometheus."""

from __future__ import annotations

import json
import math
import re
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import start_http_server

from support.cluster.parts.control_plane import free_port
from support.cluster.parts.processes import Processes
from support.operator.metrics import served_metrics
from support.polling import wait_until
from support.tools import built

ROOT = Path(__file__).parents[2]
BOARDS = sorted((ROOT / "charts/vrdata/files/dashboards").glob("*.json"))
LOADED = [json.loads(path.read_text()) for path in BOARDS]
QUERIES = [
    pytest.param(
        target["expr"],
        target["legendFormat"],
        id=f"{board['uid']}: {panel['title']} {target['refId']}",
    )
    for board in LOADED
    for panel in board["panels"]
    for target in panel["targets"]
]
LISTS = [
    pytest.param(variable["query"]["query"], id=variable["name"])
    for board in LOADED
    for variable in board["templating"]["list"]
    if variable["type"] == "query"
]
VARIABLES = {"$namespace": ".*", "$run": ".*", "$__rate_interval": "20s"}
PANELS = {"stat", "table", "timeseries"}
COUNTER = re.compile(r"\b[a-z_]+_(?:total|bucket)\b")


def test_there_are_two_boards_with_stable_names() -> None:
    assert [board["uid"] for board in LOADED] == ["vrdata-operator", "vrdata-runs"]
    assert all(board.get("id") is None for board in LOADED)


@pytest.mark.parametrize("board", LOADED, ids=lambda board: board["uid"])
def test_every_panel_has_a_description_and_does_not_overlap(board: dict[str, Any]) -> None:
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24
    for panel in panels:
        assert panel["type"] in PANELS
        assert panel["title"]
        assert panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["datasource"]["uid"] == "${datasource}"
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}


@pytest.mark.parametrize(("query", "legend"), QUERIES)
def test_every_metric_of_a_query_is_served(query: str, legend: str) -> None:
    names = {
        sample.name for family in served_metrics().registry.collect() for sample in family.samples
    }
    used = set(re.findall(r"\b(?:vrdata|process)_[a-z_]+", query))
    assert used
    assert used - names == set()


@pytest.mark.parametrize(("query", "legend"), QUERIES)
def test_counters_are_queried_with_rate_or_increase(query: str, legend: str) -> None:
    for name in COUNTER.findall(query):
        shown = re.findall(rf"(\w+)\({name}\b", query)
        assert set(shown) & {"rate", "increase"}, query


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a Prometheus that scrapes the operator's metrics, which grow."""
    binary = built("prometheus") / "prometheus"
    folder = tmp_path_factory.mktemp("prometheus")
    metrics = served_metrics()
    server, thread = start_http_server(0, addr="127.0.0.1", registry=metrics.registry)
    target = {"targets": [f"127.0.0.1:{server.server_port}"]}
    config = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [
            {"job_name": "vrdata", "honor_labels": True, "static_configs": [target]}
        ],
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


@pytest.mark.slow
@pytest.mark.parametrize(("query", "legend"), QUERIES)
def test_every_query_gives_data_in_a_real_prometheus(
    prometheus: str, query: str, legend: str
) -> None:
    for name, value in VARIABLES.items():
        query = query.replace(name, value)
    result = _ask(prometheus, "query", query=query)["result"]
    assert result, query
    values = [float(series["value"][1]) for series in result]
    assert any(not math.isnan(value) for value in values), f"nothing but NaN: {query}"
    for label in re.findall(r"{{(\w+)}}", legend):
        assert all(series["metric"].get(label) for series in result), f"no {label}: {query}"


@pytest.mark.slow
@pytest.mark.parametrize("query", LISTS)
def test_every_variable_has_values(prometheus: str, query: str) -> None:
    found = re.fullmatch(r"label_values\((.+), (\w+)\)", query)
    assert found is not None
    series, label = found.groups()
    for name, value in VARIABLES.items():
        series = series.replace(name, value)
    assert _ask(prometheus, f"label/{label}/values", **{"match[]": series})


def _scrapes(url: str) -> int:
    try:
        found = _ask(url, "query", query="count_over_time(up[10m])")["result"]
    except OSError:
        time.sleep(0.2)
        return 0
    return int(float(found[0]["value"][1])) if found else 0


def _ask(url: str, path: str, **fields: str) -> Any:
    """The data of an answer of Prometheus' HTTP API."""
    address = f"{url}/api/v1/{path}?{urllib.parse.urlencode(fields)}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=10) as answer:
        body = json.load(answer)
    assert body["status"] == "success", body
    return body["data"]
