"""Start the operator: `python -m vrdata_operator`, with settings from the environment."""

from __future__ import annotations

import logging
import os
import sys
from http import HTTPStatus

import kopf
from prometheus_client import start_http_server

from vrdata.errors import VrdataError
from vrdata_operator.handlers import Operator, register
from vrdata_operator.health import Health, start_health_server
from vrdata_operator.logs import configure
from vrdata_operator.metrics.counters import Metrics
from vrdata_operator.observe.stores import Stores
from vrdata_operator.settings import from_environment

log = logging.getLogger("vrdata_operator")


def main() -> int:
    """Serve runs until a signal ends the process; returns the exit code."""
    try:
        settings = from_environment()
    except VrdataError as error:
        sys.stderr.write(f"{error}\n")
        return int(error.exit_code)
    configure(settings.log_format)
    metrics, health = Metrics(per_generator=settings.per_generator), Health()
    start_http_server(settings.metrics_port, registry=metrics.registry)
    start_health_server(health, settings.health_port)
    stores = Stores(metrics.store_request)
    try:
        while serve(Operator(settings, metrics, stores, health)):
            health.serves("it is restarting")
    except Exception as error:
        if not isinstance(error.__cause__, kopf.PermanentError):
            raise
        sys.stderr.write(f"the operator cannot start: {error.__cause__}\n")
        return 1
    return 0


def serve(operator: Operator) -> bool:
    """Serve runs; whether to start again, because the resource of runs was deleted meanwhile."""
    registry = kopf.OperatorRegistry()
    register(registry, operator)
    try:
        kopf.run(
            registry=registry,
            standalone=True,
            clusterwide=not operator.settings.watch,
            namespaces=operator.settings.watch,
            insights=operator.insights,
            stop_flag=operator.stop,
        )
    except Exception as error:
        if getattr(error, "status", None) != HTTPStatus.NOT_FOUND:
            raise
        log.warning("restarting: the API server does not know a watched resource: %s", error)
        return True
    return operator.restarts


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # A thread may still wait for the store; what it does would be repeated by the next operator.
    os._exit(code)
