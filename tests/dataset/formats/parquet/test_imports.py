"""pyarrow is imported only by those who write or read a shard in format parquet."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys, tempfile
from pathlib import Path
import vrdata_worker.supervisor
from vrdata.dataset.formats.registry import FORMATS, format_of
from vrdata.plan.planned import ShardRange
place = ShardRange("O-x", 0, 0, 1, 0, 1)
for output in FORMATS:
    if output.name != "parquet":
        with tempfile.TemporaryDirectory() as scratch:
            output.open_writer(Path(scratch), place).finish()
list(format_of("parquet").keys(place, ()))
assert not {"pyarrow", "numpy"} & set(sys.modules)
"""


def test_the_supervisor_imports_no_pyarrow_for_other_formats() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True, timeout=120)
