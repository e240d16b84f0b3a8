"""Write the Grafana dashboards of the chart; `--check` only compares.

Classic JSON: it is imported by every Grafana that is still maintained. Every query uses metrics
of docs/metrics.md; a test executes each one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "charts" / "vrdata" / "files" / "dashboards"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
RUN = 'namespace=~"$namespace", run=~"$run"'
# A gauge that only grows: its slope, not its rate, since it does not begin anew.
SPEED = f"clamp_min(deriv(vrdata_run_samples{{{RUN}, state='succeeded'}}[$__rate_interval]), 0)"
WIDTH = 24

Panel = dict[str, Any]


def panel(  # noqa: PLR0913 - what a panel is
    kind: str,
    title: str,
    queries: dict[str, str],
    unit: str,
    *,
    text: str,
    width: int = 8,
    height: int = 7,
    stacked: bool = False,
) -> Panel:
    """One panel; `queries` maps legends to expressions."""
    custom = {"stacking": {"mode": "normal"}, "fillOpacity": 30} if stacked else {}
    # Without a range a table has one row for each series, not for each moment.
    shape = {"format": "table", "instant": True} if kind == "table" else {}
    return {
        "type": kind,
        "title": title,
        "description": text,
        "datasource": SOURCE,
        "gridPos": {"w": width, "h": height},
        "fieldConfig": {"defaults": {"unit": unit, "custom": custom}, "overrides": []},
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": SOURCE,
                "expr": query,
                "legendFormat": legend,
                **shape,
            }
            for number, (legend, query) in enumerate(queries.items())
        ],
    }


def stat(title: str, query: str, unit: str, text: str) -> Panel:
    """A single number."""
    return panel("stat", title, {"": query}, unit, text=text, width=4, height=4)


def version() -> Panel:
    """The name of a series in place of its value, which is always 1."""
    query = {"{{version}}": "sum by (version) (vrdata_build_info)"}
    one = panel("stat", "Version", query, "short", text="Of the operator.", width=4, height=4)
    return one | {"options": {"textMode": "name", "reduceOptions": {"calcs": ["lastNotNull"]}}}


def runs() -> dict[str, Any]:
    """Board vrdata / Runs: for the people whose runs these are."""
    done = f"sum(vrdata_run_samples{{{RUN}, state='succeeded'}})"
    desired = f"sum(vrdata_run_samples_desired{{{RUN}}})"
    failed = f"sum(vrdata_run_samples{{{RUN}, state='failed'}})"
    rate = f"sum({SPEED})"
    panels = [
        stat("Running", f"sum(vrdata_run_status{{{RUN}, phase='Running'}})", "short",
             "Runs in phase Running."),
        stat("Samples", done, "short", "Committed samples of the selected runs."),
        stat("Done", f"{done} / ({desired} > 0)", "percentunit", "Committed of desired samples."),
        stat("Rate", rate, "ops", "Samples committed in a second."),
        stat("Failed samples", failed, "short", "Samples that failed for good."),
        stat("Written", f"sum(vrdata_run_output_bytes{{{RUN}}})", "bytes", "Committed bytes."),
        panel("timeseries", "Samples", {"committed": done, "failed": failed, "desired": desired},
              "short", text="Samples of the selected runs.", width=12),
        panel("timeseries", "Rate by class",
              {"{{generator_class}}": f"sum by (generator_class) ({SPEED})"},
              "ops", text="Samples committed in a second.", width=12),
        panel("timeseries", "Shards by state",
              {"{{state}}": f"sum by (state) (vrdata_run_shards{{{RUN}}})"},
              "short", text="All shards of the selected runs.", stacked=True),
        panel("timeseries", "Failed attempts by reason",
              {"{{reason}}": "sum by (reason) (increase(vrdata_shard_failures_total"
               "[$__rate_interval]))"},
              "short", text="Of all runs that the operator serves, whatever is selected above."),
        panel("timeseries", "Shard duration",
              {"median": _quantile("0.5", "vrdata_shard_duration_seconds"),
               "95 %": _quantile("0.95", "vrdata_shard_duration_seconds")},
              "s", text="Seconds of committed attempts, of all runs and classes."),
        panel("timeseries", "Peak memory, 95 %",
              {"{{generator_class}}": "histogram_quantile(0.95, sum by (le, generator_class) "
               "(rate(vrdata_shard_peak_memory_bytes_bucket[$__rate_interval])))"},
              "bytes", text="Of generators in committed attempts of all runs, to set limits by."),
        panel("table", "Done, by run",
              {"": f"sum by (namespace, run) (vrdata_run_samples{{{RUN}, state='succeeded'}}) / "
               f"(sum by (namespace, run) (vrdata_run_samples_desired{{{RUN}}}) > 0)"},
              "percentunit", text="Committed of desired samples of each selected run."),
        panel("table", "Runs that are stalled",
              {"": "sum by (namespace, run) "
               f"(vrdata_run_condition{{{RUN}, condition='Stalled', status='True'}} == 1)"},
              "short", text="See `kubectl describe generationrun` for the reason."),
        panel("timeseries", "Time left",
              {"{{namespace}}/{{run}}":
               f"vrdata_run_estimated_completion_timestamp_seconds{{{RUN}}} - time()"},
              "s", text="At the present rate."),
    ]  # fmt: skip
    variables = [
        _query_variable("namespace", "label_values(vrdata_run_info, namespace)"),
        _query_variable("run", 'label_values(vrdata_run_info{namespace=~"$namespace"}, run)'),
    ]
    return _dashboard("vrdata-runs", "vrdata / Runs", panels, variables)


def operator() -> dict[str, Any]:
    """Board vrdata / Operator: for those who keep it running."""
    panels = [
        version(),
        stat("Runs served", "count(vrdata_run_info) or vector(0)", "short", "Objects that exist."),
        panel("timeseries", "Turns",
              {"{{result}}": "sum by (result) (rate(vrdata_reconcile_total[$__rate_interval]))"},
              "ops", text="Turns of reconciliation in a second.", width=12),
        panel("timeseries", "Turn duration, 99 %",
              {"": _quantile("0.99", "vrdata_reconcile_duration_seconds")},
              "s", text="Seconds of one turn."),
        panel("timeseries", "Requests to the API server",
              {"{{verb}} {{code}}":
               "sum by (verb, code) (rate(vrdata_kube_api_requests_total[$__rate_interval]))"},
              "reqps", text="Code 0 is no answer."),
        panel("timeseries", "API server, 99 %",
              {"{{verb}}": "histogram_quantile(0.99, sum by (le, verb) "
               "(rate(vrdata_kube_api_request_duration_seconds_bucket[$__rate_interval])))"},
              "s", text="Seconds of one request."),
        panel("timeseries", "Requests to the store",
              {"{{operation}} {{code}}":
               "sum by (operation, code) (rate(vrdata_storage_requests_total[$__rate_interval]))"},
              "reqps", text="By operation and outcome."),
        panel("timeseries", "Store, 99 %",
              {"{{operation}}": "histogram_quantile(0.99, sum by (le, operation) "
               "(rate(vrdata_storage_request_duration_seconds_bucket[$__rate_interval])))"},
              "s", text="Seconds of one request."),
        panel("timeseries", "Memory",
              {"{{instance}}": "process_resident_memory_bytes and on(instance) vrdata_build_info"},
              "bytes", text="Resident memory of the operator."),
    ]  # fmt: skip
    return _dashboard("vrdata-operator", "vrdata / Operator", panels, [])


def _quantile(share: str, metric: str) -> str:
    return f"histogram_quantile({share}, sum by (le) (rate({metric}_bucket[$__rate_interval])))"


def _query_variable(name: str, query: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": name},
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
        "refresh": 2,
    }


def _dashboard(
    uid: str, title: str, panels: list[Panel], variables: list[dict[str, Any]]
) -> dict[str, Any]:
    x = y = row = 0
    for number, one in enumerate(panels, start=1):
        place = one["gridPos"]
        if x + place["w"] > WIDTH:
            x, y, row = 0, y + row, 0
        place |= {"x": x, "y": y}
        x, row = x + place["w"], max(row, place["h"])
        one["id"] = number
    source = {"name": "datasource", "type": "datasource", "query": "prometheus", "current": {}}
    return {
        "uid": uid,
        "id": None,
        "title": title,
        "tags": ["vrdata"],
        "editable": False,
        "schemaVersion": 39,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [source, *variables]},
        "links": [
            {"type": "dashboards", "title": "vrdata", "tags": ["vrdata"], "asDropdown": True}
        ],
        "panels": panels,
    }


def files() -> dict[Path, str]:
    """Every dashboard with its JSON."""
    return {
        FOLDER / f"{board['uid']}.json": json.dumps(board, indent=1) + "\n"
        for board in (runs(), operator())
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
