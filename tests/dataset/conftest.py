"""Stores and finished runs for the tests of the dataset."""

from __future__ import annotations

import pytest

from support.builders import build_finished_run, make_plan
from support.memorystore import MemoryStore
from vrdata.model import OutputFormat
from vrdata.plan.planned import Plan

SAMPLES = {"O-1_maze": 5, "G-2_rooms": 3}


@pytest.fixture(params=["webdataset", "tar", "files", "parquet"])
def plan(request: pytest.FixtureRequest) -> Plan:
    """A plan of two generators and three shards, in each format."""
    output_format: OutputFormat = request.param
    return make_plan(SAMPLES, output_format=output_format)


@pytest.fixture
def finished(plan: Plan) -> MemoryStore:
    """The finished run of `plan`."""
    store = MemoryStore()
    build_finished_run(store, plan)
    return store
