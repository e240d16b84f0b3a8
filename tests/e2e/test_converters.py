"""Converters as a user runs them: scaffolded, tested with data, added, and run."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from support.cli import called
from vrdata_generators.scaffold import scaffold

pytestmark = pytest.mark.slow

ROWS_CODE = """
import pyarrow as pa
from vrdata_generators.api import Converter

class Series(Converter):
    name, domain = "M-series", "series"
    schema = pa.schema([("at", pa.int32()), ("value", pa.float64())])

    def convert(self, item, options):
        for at, value in enumerate(filter(None, item.row["values"].split(";"))):
            yield {"at": at, "value": float(value) * float(options["times"])}
"""


def written(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def run_file(folder: Path, converter: str, source: Path, form: str, *args: str) -> Path:
    """A run in which one item may be bad."""
    generator = {"name": "mine", "converter": converter, "source": {"url": str(source)}}
    run: dict[str, Any] = {
        "apiVersion": "vrdata.dev/v1alpha1",
        "kind": "GenerationRun",
        "metadata": {"name": "demo"},
        "spec": {
            "generators": [generator | {"args": list(args)}],
            "output": {"format": form},
            "failurePolicy": {"maxFailedSamples": 1},
        },
    }
    (folder / "run.yaml").write_text(yaml.safe_dump(run))
    return folder / "run.yaml"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder of generators."""
    monkeypatch.setenv("VRDATA_GENERATORS", str(tmp_path / "home"))


def test_a_scaffolded_converter_is_tested_added_and_run(tmp_path: Path) -> None:
    folder = written(tmp_path / "M-quiz", scaffold("M-quiz", "M"))
    for name, colour in (("image", "white"), ("solution", "red")):
        Image.new("RGB", (32, 24), colour).save(tmp_path / f"{name}.png")
    pictures = {name: (tmp_path / f"{name}.png").read_bytes() for name in ("image", "solution")}
    rows = [{"id": f"q{one}", "question": f"Number {one}?"} | pictures for one in range(12)]
    rows[3]["question"] = ""
    data = tmp_path / "quiz.parquet"
    pq.write_table(pa.Table.from_pylist(rows), data, row_group_size=5)

    tested = called("generators", "test", folder, "--source", data, "-n", "4", "--json")
    (result,) = tested.json
    assert (tested.code, result["samples"], result["asked"]) == (1, 3, 4)
    assert result["problems"] == ["InvalidItem: quiz.parquet#3: the question is empty"]
    assert result["seen"][0].startswith("quiz.parquet#0: final_frame.png 32 x 24, first_frame.png")
    assert called("generators", "add", folder).code == 0
    assert "M-quiz" in called("generators", "list").out

    run = run_file(tmp_path, "M-quiz", data, "webdataset", "language=de")
    ran = called("run", run, "--local", "--out", tmp_path / "out")
    assert ran.code == 4
    assert "quiz.parquet#3: the question is empty" in ran.out
    assert called("verify", tmp_path / "out/default/demo").code == 0
    with tarfile.open(tmp_path / "out/default/demo/shards/mine/mine-000000.tar") as shard:
        file = shard.extractfile("mine-00000000.metadata.json")
        assert file is not None
        own = json.loads(json.load(file)["generator_metadata"])
        assert len({name.partition(".")[0] for name in shard.getnames()}) == 11
    assert own["parameters"] == {"id": "q0", "language": "de"}


def test_rows_become_a_parquet_file(tmp_path: Path) -> None:
    folder = written(tmp_path / "M-series", {"converter.py": ROWS_CODE})
    (tmp_path / "series.csv").write_text("values\n1;2\n3\n")
    assert called("generators", "add", folder).code == 0
    run = run_file(tmp_path, "M-series", tmp_path / "series.csv", "tar", "times=2")
    refused = called("run", run, "--local", "--out", tmp_path / "out")
    assert refused.code == 3
    assert "set output.format to parquet" in refused.err
    run = run_file(tmp_path, "M-series", tmp_path / "series.csv", "parquet", "times=2")
    ran = called("run", run, "--local", "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    (file,) = (tmp_path / "out/default/demo/data/mine").iterdir()
    assert pq.read_table(file).to_pylist() == [
        {"index": 0, "at": 0, "value": 2.0},
        {"index": 0, "at": 1, "value": 4.0},
        {"index": 1, "at": 0, "value": 6.0},
    ]


def test_a_run_of_rows_drops_invalid_items_and_is_verified(tmp_path: Path) -> None:
    """Of its three shards, the second has no valid item; two items have no rows."""
    folder = written(tmp_path / "M-series", {"converter.py": ROWS_CODE})
    (tmp_path / "series.csv").write_text("values\n1;2\n;\nx\ny\n;\n1;2\n")
    assert called("generators", "add", folder).code == 0
    run = run_file(tmp_path, "M-series", tmp_path / "series.csv", "parquet", "times=2")
    spec = yaml.safe_load(run.read_text())
    spec["spec"] |= {"shardSize": 2, "failurePolicy": {"maxFailedSamples": 2}}
    spec["spec"]["generators"][0]["blockSize"] = 2
    run.write_text(yaml.safe_dump(spec))
    ran = called("run", run, "--local", "--out", tmp_path / "out")
    assert ran.code == 4, ran.err
    assert "Succeeded: 4 items in 3 shards" in ran.out
    assert "dropped: 2 failed items" in ran.out
    assert "could not convert string to float" in ran.out
    assert "retried" not in ran.out + ran.err
    same = "warning: 1 item with the rows of an earlier item: "
    assert same + "mine/series_00000005 equals mine/series_00000000" in ran.out

    verified = called("verify", tmp_path / "out/default/demo")
    assert verified.code == 0, verified.err
    assert "verified: 4 items in 3 of 3 shards, 2 dropped" in verified.out
    files = sorted((tmp_path / "out/default/demo/data/mine").iterdir())
    schemas = [pq.read_schema(file).remove_metadata() for file in files]
    assert len(schemas) == 3
    assert all(one.equals(schemas[0]) for one in schemas)
    table = ds.dataset(files).to_table()
    assert table.to_pydict() == {"index": [0, 0, 5, 5], "at": [0, 1] * 2, "value": [2.0, 4.0] * 2}
