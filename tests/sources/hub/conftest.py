"""A dataset in the schema of VideoThinkBench on the tests' hub."""

from __future__ import annotations

import io
import json
from functools import cache

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from support.services.hub.fixture import hub  # noqa: F401 - fixture
from support.services.hub.server import Hub
from vrdata.api.source import SourceSpec
from vrdata.sources.hub.requests.patience import Patience
from vrdata.sources.hub.source import HubSource

NAME = "OpenMOSS-Team/VideoThinkBench"
URL = f"hf://{NAME}"
FILE = "Vision-Centric_Reasoning/Mazes.parquet"
CARD = """---
license: mit
configs:
- config_name: Mazes
  data_files:
  - split: test
    path: Vision-Centric_Reasoning/Mazes.parquet
  - split: minitest
    path: minitest_Vision-Centric_Reasoning/Mazes.parquet
- config_name: ARC_AGI_2
  data_files:
  - split: test
    path: Vision-Centric_Reasoning/ARC_AGI_2.parquet
---
# VideoThinkBench
"""
_IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
_TEXTS = ("task", "id", "prompt")
_FEATURES = {name: {"dtype": "string", "_type": "Value"} for name in _TEXTS}
_FEATURES |= {name: {"_type": "Image"} for name in ("image", "solution_image")}
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in _TEXTS),
        ("image", _IMAGE),
        ("solution_image", _IMAGE),
    ],
    metadata={"huggingface": json.dumps({"info": {"features": _FEATURES}})},
)


@cache
def puzzles(rows: int, group: int) -> bytes:
    """A Parquet file of puzzles with small images.

    Args:
        rows: their number.
        group: rows of a row group.
    """
    images = []
    for number in range(50):
        body = io.BytesIO()
        Image.effect_noise((24, 24), 5 + number).convert("RGB").save(body, "PNG")
        images.append(body.getvalue())
    table = pa.Table.from_pylist(
        [
            {
                "task": "maze",
                "id": f"maze_{number}",
                "prompt": f"Solve maze {number}.",
                "image": {"bytes": images[number % 50], "path": f"{number}.png"},
                "solution_image": {"bytes": images[(number + 1) % 50], "path": None},
            }
            for number in range(rows)
        ],
        SCHEMA,
    )
    body = io.BytesIO()
    pq.write_table(table, body, row_group_size=group)
    return body.getvalue()


@pytest.fixture
def puzzle_hub(hub: Hub) -> Hub:  # noqa: F811 - the fixture
    """A hub with two configurations of puzzles."""
    hub.create(
        NAME,
        {
            "README.md": CARD.encode(),
            ".gitattributes": b"*.parquet filter=lfs\n",
            FILE: puzzles(200, 20),
            "minitest_Vision-Centric_Reasoning/Mazes.parquet": puzzles(20, 20),
            "Vision-Centric_Reasoning/ARC_AGI_2.parquet": puzzles(40, 20),
        },
    )
    return hub


class Pauses(Patience):
    """Patience that does not wait.

    Attributes:
        seconds: the pauses so far.
    """

    def __init__(self) -> None:
        self.seconds: list[float] = []
        super().__init__(self.seconds.append, lambda: sum(self.seconds))


@pytest.fixture
def pauses() -> Pauses:
    """Records the waits of `resolve`."""
    return Pauses()


@pytest.fixture
def source(puzzle_hub: Hub, pauses: Pauses) -> HubSource:
    """Split test of Mazes: 200 items in 10 row groups."""
    return HubSource(SourceSpec(url=URL, config="Mazes", split="test"), pauses)
