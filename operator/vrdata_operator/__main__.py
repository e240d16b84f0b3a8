"""Start the operator: `python -m vrdata_operator`, with settings from the environment."""

from __future__ import annotations

import logging
import sys

import kopf
from prometheus_client import start_http_server

from vrdata.errors import VrdataError
from vrdata_operator.handlers import Operator, register
from vrdata_operator.metrics.counters import Metrics
from vrdata_operator.settings import from_environment


def main() -> int:
    """Serve runs until a signal ends the process; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for chatty in ("kopf", "aiohttp.access"):  # they log every event and every probe
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        settings = from_environment()
    except VrdataError as error:
        sys.stderr.write(f"{error}\n")
        return int(error.exit_code)
    metrics = Metrics(per_generator=settings.per_generator)
    start_http_server(settings.metrics_port, registry=metrics.registry)
    registry = kopf.OperatorRegistry()
    register(registry, Operator(settings, metrics))
    try:
        kopf.run(
            registry=registry,
            standalone=True,
            clusterwide=not settings.watch,
            namespaces=settings.watch,
            liveness_endpoint=f"http://0.0.0.0:{settings.health_port}/healthz",
        )
    except Exception as error:
        if not isinstance(error.__cause__, kopf.PermanentError):
            raise
        sys.stderr.write(f"the operator cannot start: {error.__cause__}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
