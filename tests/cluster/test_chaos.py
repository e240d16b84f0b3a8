"""A slice of `make chaos CHAOS=--node`: kills and an outage, without a retry that is charged."""

from __future__ import annotations

import pytest

from chaos.node.disturbance import BEHIND_PROXY, proxy_for
from chaos.node.rounds import KILLS, calm_run, disturbed_run, outages, shards_spec
from support.cluster.installation import Installation

pytestmark = pytest.mark.cluster


def test_killed_processes_and_pods_cost_no_retry_and_no_byte(installed: Installation) -> None:
    namespace = installed.namespace("chaos-kills")
    disturbance, calm = calm_run(installed, namespace, shards_spec(12))
    record = disturbed_run(disturbance, calm, 1, KILLS)
    assert record.well, "\n".join(record.lines())
    assert disturbance.charged() == {}


def test_a_store_that_is_down_and_wrong_keys_are_told_and_waited_for(
    installed: Installation,
) -> None:
    with proxy_for(installed) as proxy:
        namespace = installed.namespace("chaos-outages")
        spec = shards_spec(10, profile=BEHIND_PROXY, parallelism=2)
        disturbance, calm = calm_run(installed, namespace, spec)
        record = outages(disturbance, calm, proxy, down=30, denied=30)
        assert record.well, "\n".join(record.lines())
        assert disturbance.charged() == {}
