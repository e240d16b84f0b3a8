"""Write the Grafana dashboards of the chart; `--check` only compares.

They are classic JSON, which every maintained Grafana imports, built with the typed builders of
Grafana's Foundation SDK. Every query uses metrics of docs/metrics.md; a test executes each one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TypeVar

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import BigValueTextMode, StackingMode
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DataSourceRef,
    GridPos,
    VariableOption,
    VariableRefresh,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

FOLDER = Path(__file__).resolve().parents[1] / "charts" / "vrdata" / "files" / "dashboards"
SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
RUN = 'namespace=~"$namespace", run=~"$run"'
# `deriv`, not `rate`: the gauge comes from the status and does not restart with the operator.
SPEED = f"clamp_min(deriv(vrdata_run_samples{{{RUN}, state='succeeded'}}[$__rate_interval]), 0)"
WIDTH = 24

Panel = stat.Panel | table.Panel | timeseries.Panel
P = TypeVar("P", stat.Panel, table.Panel, timeseries.Panel)


def number(title: str, query: str, unit: str, text: str) -> stat.Panel:
    """A single number."""
    return _described(stat.Panel(), title, unit, text).span(4).height(4).with_target(_query(query))


def version() -> stat.Panel:
    """The version label of a series whose value is always 1."""
    one = _described(stat.Panel(), "Version", "short", "Of the operator.").span(4).height(4)
    query = _query("sum by (version) (vrdata_build_info)", "{{version}}")
    latest = common.ReduceDataOptions().calcs(["lastNotNull"])
    return one.with_target(query).text_mode(BigValueTextMode.NAME).reduce_options(latest)


def graph(
    title: str, queries: dict[str, str], unit: str, text: str, *, width: int = 8
) -> timeseries.Panel:
    """Lines over time; `queries` maps legends to expressions."""
    one = _described(timeseries.Panel(), title, unit, text).span(width).height(7)
    for letter, (legend, query) in zip("ABC", queries.items(), strict=False):
        one = one.with_target(_query(query, legend).ref_id(letter))
    return one


def stacked(title: str, queries: dict[str, str], unit: str, text: str) -> timeseries.Panel:
    """Areas on top of each other."""
    mode = common.StackingConfig().mode(StackingMode.NORMAL)
    return graph(title, queries, unit, text).stacking(mode).fill_opacity(30)


def rows(title: str, query: str, unit: str, text: str) -> table.Panel:
    """A table with one row for each series: an instant query, without a range."""
    one = _described(table.Panel(), title, unit, text).span(8).height(7)
    return one.with_target(_query(query).format(PromQueryFormat.TABLE).instant())


def _described(panel: P, title: str, unit: str, text: str) -> P:
    return panel.title(title).description(text).unit(unit).datasource(SOURCE)


def _query(expression: str, legend: str = "") -> prometheus.Dataquery:
    query = prometheus.Dataquery().ref_id("A").expr(expression)
    return query.legend_format(legend).datasource(SOURCE)


def runs() -> dashboard.Dashboard:
    """Board vrdata / Runs, for users."""
    done = f"sum(vrdata_run_samples{{{RUN}, state='succeeded'}})"
    desired = f"sum(vrdata_run_samples_desired{{{RUN}}})"
    failed = f"sum(vrdata_run_samples{{{RUN}, state='failed'}})"
    rate = f"sum({SPEED})"
    panels = [
        number("Running", f"sum(vrdata_run_status{{{RUN}, phase='Running'}})", "short",
               "Runs in phase Running."),
        number("Samples", done, "short", "Committed samples of the selected runs."),
        number("Done", f"{done} / ({desired} > 0)", "percentunit", "Committed of desired samples."),
        number("Rate", rate, "ops", "Committed samples per second."),
        number("Failed samples", failed, "short", "Samples that failed in the last attempt."),
        number("Written", f"sum(vrdata_run_output_bytes{{{RUN}}})", "bytes", "Committed bytes."),
        graph("Samples", {"committed": done, "failed": failed, "desired": desired},
              "short", "Samples of the selected runs.", width=12),
        graph("Rate by class",
              {"{{generator_class}}": f"sum by (generator_class) ({SPEED})"},
              "ops", "Committed samples per second.", width=12),
        stacked("Shards by state",
                {"{{state}}": f"sum by (state) (vrdata_run_shards{{{RUN}}})"},
                "short", "All shards of the selected runs."),
        graph("Failed attempts by reason",
              {"{{reason}}": "sum by (reason) (increase(vrdata_shard_failures_total"
               "[$__rate_interval]))"},
              "short", "Of all runs of the operator; the selection above has no effect."),
        graph("Shard duration",
              {"median": _quantile("0.5", "vrdata_shard_duration_seconds"),
               "95 %": _quantile("0.95", "vrdata_shard_duration_seconds")},
              "s", "Of committed attempts of all runs and classes."),
        graph("Peak memory, 95 %",
              {"{{generator_class}}": "histogram_quantile(0.95, sum by (le, generator_class) "
               "(rate(vrdata_shard_peak_memory_bytes_bucket[$__rate_interval])))"},
              "bytes", "Of generators in committed attempts of all runs; to set limits by."),
        rows("Done, by run",
             f"sum by (namespace, run) (vrdata_run_samples{{{RUN}, state='succeeded'}}) / "
              f"(sum by (namespace, run) (vrdata_run_samples_desired{{{RUN}}}) > 0)",
             "percentunit", "Committed of desired samples of each selected run."),
        rows("Runs that are stalled",
             "sum by (namespace, run) "
              f"(vrdata_run_condition{{{RUN}, condition='Stalled', status='True'}} == 1)",
             "short", "See `kubectl describe generationrun` for the reason."),
        graph("Time left",
              {"{{namespace}}/{{run}}":
               f"vrdata_run_estimated_completion_timestamp_seconds{{{RUN}}} - time()"},
              "s", "At the current rate."),
    ]  # fmt: skip
    variables = [
        _variable("namespace", "label_values(vrdata_run_info, namespace)"),
        _variable("run", 'label_values(vrdata_run_info{namespace=~"$namespace"}, run)'),
    ]
    return _dashboard("vrdata-runs", "vrdata / Runs", panels, variables)


def operator() -> dashboard.Dashboard:
    """Board vrdata / Operator, for administrators."""
    panels = [
        version(),
        number("Runs served", "count(vrdata_run_info) or vector(0)", "short", "Existing objects."),
        graph("Turns",
              {"{{result}}": "sum by (result) (rate(vrdata_reconcile_total[$__rate_interval]))"},
              "ops", "Reconciliation turns per second.", width=12),
        graph("Turn duration, 99 %",
              {"": _quantile("0.99", "vrdata_reconcile_duration_seconds")},
              "s", "Duration of one turn."),
        graph("Requests to the API server",
              {"{{verb}} {{code}}":
               "sum by (verb, code) (rate(vrdata_kube_api_requests_total[$__rate_interval]))"},
              "reqps", "Code 0 means no response."),
        graph("API server, 99 %",
              {"{{verb}}": "histogram_quantile(0.99, sum by (le, verb) "
               "(rate(vrdata_kube_api_request_duration_seconds_bucket[$__rate_interval])))"},
              "s", "Duration of one request."),
        graph("Requests to the store",
              {"{{operation}} {{code}}":
               "sum by (operation, code) (rate(vrdata_storage_requests_total[$__rate_interval]))"},
              "reqps", "By operation and outcome."),
        graph("Store, 99 %",
              {"{{operation}}": "histogram_quantile(0.99, sum by (le, operation) "
               "(rate(vrdata_storage_request_duration_seconds_bucket[$__rate_interval])))"},
              "s", "Duration of one request."),
        graph("Memory",
              {"{{instance}}": "process_resident_memory_bytes and on(instance) vrdata_build_info"},
              "bytes", "Resident memory of the operator."),
    ]  # fmt: skip
    return _dashboard("vrdata-operator", "vrdata / Operator", panels, [])


def _quantile(share: str, metric: str) -> str:
    return f"histogram_quantile({share}, sum by (le) (rate({metric}_bucket[$__rate_interval])))"


def _variable(name: str, query: str) -> dashboard.QueryVariable:
    """A list to choose from; everything is chosen at first."""
    return (
        dashboard.QueryVariable(name)
        .datasource(SOURCE)
        .query({"query": query, "refId": name})
        .include_all(True)
        .multi(True)
        .all_value(".*")
        .current(VariableOption(text="All", value="$__all"))
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    )


def _dashboard(
    uid: str, title: str, panels: list[Panel], variables: list[dashboard.QueryVariable]
) -> dashboard.Dashboard:
    board = dashboard.Dashboard(title).uid(uid).tags(["vrdata"]).readonly().timezone("browser")
    board = board.refresh("30s").time("now-6h", "now")
    links = dashboard.DashboardLink("vrdata").type(DashboardLinkType.DASHBOARDS)
    board = board.link(links.tags(["vrdata"]).as_dropdown(True))
    for variable in (dashboard.DatasourceVariable("datasource").type("prometheus"), *variables):
        board = board.with_variable(variable)
    for panel in _placed(panels):
        board = board.with_panel(panel)
    return board


def _placed(panels: list[Panel]) -> list[Panel]:
    """The panels with numbers and places: from left to right, in rows of WIDTH columns."""
    x = y = height = 0
    for one, panel in enumerate(panels, start=1):
        size = panel.build().grid_pos or GridPos()
        if x + size.w > WIDTH:
            x, y, height = 0, y + height, 0
        panel.id(one).grid_pos(GridPos(x=x, y=y, w=size.w, h=size.h))
        x, height = x + size.w, max(height, size.h)
    return panels


def files() -> dict[Path, str]:
    """Every dashboard with its JSON."""
    boards = {"vrdata-runs": runs(), "vrdata-operator": operator()}
    return {
        FOLDER / f"{name}.json": json.dumps(board.build(), cls=JSONEncoder, indent=1) + "\n"
        for name, board in boards.items()
    }


def main() -> int:
    """Write or compare; returns the exit code."""
    stale = {p: t for p, t in files().items() if not p.exists() or p.read_text() != t}
    if "--check" in sys.argv:
        for path in stale:
            sys.stderr.write(f"{path.name} is stale: run `make docs`\n")
        return int(bool(stale))
    for path, text in stale.items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
