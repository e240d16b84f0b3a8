"""A report of a run in a bucket: read from there, written there or to a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.builders import build_run, make_plan
from support.cli import vrdata
from support.services.s3server import S3Server
from support.trees import read_tree
from vrdata.dataset import layout
from vrdata.dataset.outputs import write_outputs
from vrdata.model import OutputFormat
from vrdata.store.opening import PrefixedStore, open_store

pytestmark = [pytest.mark.slow, pytest.mark.s3]


@pytest.mark.parametrize("output_format", ["webdataset", "tar", "files", "parquet"])
def test_a_run_in_a_bucket_has_its_report_in_the_bucket(
    s3: S3Server, tmp_path: Path, output_format: OutputFormat
) -> None:
    url = f"s3://{s3.make_bucket(f'report-{output_format}')}/root/default/small"
    plan = make_plan({"O-1_maze": 3}, output_format=output_format)
    store = open_store(url)
    build_run(store, plan)
    write_outputs(store, plan, detect=False)
    report = PrefixedStore(store, layout.REPORT)
    keys = [info.key for info in report.list_after("")]
    assert "index.html" in keys
    assert len([key for key in keys if key.startswith("media/")]) == 9
    ran = vrdata("report", url, "--out", tmp_path / "page", "-o", "json")
    assert ran.code == 0, ran.err
    copied = read_tree(tmp_path / "page")
    assert {key: copied[key] for key in keys} == {key: report.get(key) for key in keys}
    again = vrdata("report", url)
    assert again.code == 0, again.err
    assert f"report: {url}/report/index.html" in again.out
