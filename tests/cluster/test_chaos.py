"""A slice of `make chaos CHAOS=--node`: kills and an outage, without a retry that is charged."""

from __future__ import annotations

import pytest

from chaos.audits.audit import Undisturbed
from chaos.node.disturbance import BEHIND_PROXY, Disturbance, proxy_for
from chaos.node.rounds import KILLS, calm_run, disturbed_run, outages, shards_spec
from support.cluster.installation import Installation

pytestmark = pytest.mark.cluster

SPEC = shards_spec(12)


@pytest.fixture(scope="module")
def calm(installed: Installation) -> tuple[Disturbance, Undisturbed]:
    """A place for runs, and what such a run stores that nobody disturbs."""
    return calm_run(installed, installed.namespace("chaos"), SPEC)


def test_killed_processes_and_pods_cost_no_retry_and_no_byte(
    calm: tuple[Disturbance, Undisturbed],
) -> None:
    disturbance, bytes_ = calm
    record = disturbed_run(disturbance, bytes_, 1, KILLS)
    assert record.well, "\n".join(record.lines())
    disturbance.forget()


def test_a_store_that_is_down_and_wrong_keys_are_told_and_waited_for(
    installed: Installation, calm: tuple[Disturbance, Undisturbed]
) -> None:
    disturbance, bytes_ = calm
    with proxy_for(installed) as proxy:
        spec = SPEC | {"profile": BEHIND_PROXY, "parallelism": 2}
        behind = Disturbance(disturbance.run, spec)
        record = outages(behind, bytes_, proxy, down=30, denied=20)
    assert record.well, "\n".join(record.lines())
