"""What workers read of the output is written again while a run lasts."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.cli import write_run
from vrdata.api.profile import default_profile
from vrdata.api.reading.loading import load_run
from vrdata.contract.worker import StoreSettings
from vrdata.dataset import layout
from vrdata.local.planning import keep_inputs
from vrdata.local.run import LocalOptions, prepare


@pytest.mark.parametrize("key", [layout.PLAN, layout.items_key("cats"), layout.SOURCES])
@pytest.mark.parametrize("damaged", [False, True])
def test_plan_sources_and_lists_of_items_are_written_again(
    tmp_path: Path, key: str, damaged: bool
) -> None:
    (tmp_path / "cats").mkdir()
    for number in range(3):
        (tmp_path / f"cats/{number}.png").write_bytes(b"%d" % number)
    source = {"url": str(tmp_path / "cats")}
    run = {"generators": [{"name": "cats", "converter": "M-import", "source": source}]}
    options = LocalOptions(store=StoreSettings(url=str(tmp_path / "out")))
    prepared = prepare(
        load_run(write_run(tmp_path / "run.yaml", {}, extra=run)), default_profile(), options
    )
    path = tmp_path / "out" / prepared.prefix / key
    before = path.read_bytes()
    if damaged and key != layout.SOURCES:  # a damaged one is a conflict: nothing is overwritten
        path.write_bytes(before[: len(before) // 2])
    else:
        path.unlink()
    keep_inputs(prepared.run, prepared.catalogue, prepared.plan, prepared.store)
    assert path.read_bytes() == before
