"""The card of a pushed dataset: columns, licences and origin; text of others stays text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from huggingface_hub import constants

from support.builders import build_finished_run, make_plan
from support.datasets.rowsets import NAME, build_rows
from support.memorystore import MemoryStore
from support.services.hub.fixture import hub  # noqa: F401 - fixture
from support.services.hub.server import TOKEN, Hub
from vrdata.dataset.finish.card import card
from vrdata.dataset.finish.summary import DatasetSummary
from vrdata.dataset.formats.parquet.columns import SCHEMA
from vrdata.dataset.outputs import succeed, summarise
from vrdata.plan.planned import Plan
from vrdata.plan.sources import PlannedSource
from vrdata.sources.hub.upload import HubUpload
from vrdata.sources.port import SourceAccessError
from vrdata.store.file.store import FileStore
from vrdata.transfer.card import hubcard
from vrdata.transfer.card.features import features_of
from vrdata.transfer.card.hubcard import hub_card
from vrdata.transfer.push import push

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

SAMPLES = {"O-1_maze": 2, "G-2_rooms": 1}
PLAN = make_plan(SAMPLES, output_format="parquet")
HOSTILE = "a`` | <script>alert(1)</script>\n---\nlicense: mit\n\n# x\u202e [y](javascript:z)"


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> DatasetSummary:
    return build_finished_run(FileStore(tmp_path_factory.mktemp("run")), PLAN)


@pytest.fixture
def account(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:  # noqa: F811 - fixture
    """A hub on which this user can write."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    return hub


def described(plan: Plan, summary: DatasetSummary, schema: pa.Schema = SCHEMA) -> str:
    return hub_card(card(summary), summary, plan, {"default": schema}).decode()


@pytest.mark.parametrize(
    ("samples", "size"),
    [
        (0, "n<1K"),
        (999, "n<1K"),
        (1000, "1K<n<10K"),
        (999_999, "100K<n<1M"),
        (10**7, "10M<n<100M"),
        (10**12, "1B<n<10B"),
    ],
)
def test_the_card_has_the_size_category_of_the_hub(
    summary: DatasetSummary, samples: int, size: str
) -> None:
    counted = summary.model_copy(update={"samples": samples})
    assert front_of(described(PLAN, counted))["size_categories"] == [size]


def front_of(text: str) -> dict[str, Any]:
    # The expression with which the Hub and its client find the metadata.
    found = re.match(r"^(\s*---[\r\n]+)([\S\s]*?)([\r\n]+---(\r\n|\n|$))", text)
    assert found is not None
    return dict(yaml.safe_load(found[2]))


def with_source(url: str, **facts: str) -> PlannedSource:
    return PlannedSource(url=url, items=1, digest=f"sha256:{0:064}", **facts)


def plan_with(*changes: dict[str, Any]) -> Plan:
    """PLAN with these fields of its first generators; the others have no licence."""
    changes = (*changes, *({} for _ in PLAN.generators))
    return PLAN.model_copy(
        update={
            "generators": tuple(
                one.model_copy(update=change)
                for one, change in zip(PLAN.generators, changes, strict=False)
            )
        }
    )


def test_the_card_has_counts_files_and_provenance(summary: DatasetSummary) -> None:
    text = described(PLAN, summary)
    front = front_of(text)
    assert front["size_categories"] == ["n<1K"]
    assert front["configs"][0]["data_files"][0]["path"] == "data/*/*.parquet"
    for part in ("O-1_maze: 2 samples", "`first_frame.png`", summary.dataset_hash):
        assert part in text
    assert all(f"digest `{one.digest}`" in text for one in PLAN.generators)


TYPES = [
    *(pa.null(), pa.bool_(), pa.int8(), pa.uint64(), pa.float16(), pa.float32(), pa.float64()),
    *(pa.string(), pa.large_string(), pa.binary(), pa.binary(4), pa.large_binary()),
    *(pa.date32(), pa.date64(), pa.time32("ms"), pa.time64("us"), pa.duration("ns")),
    *(pa.timestamp("us"), pa.timestamp("ns", "Europe/Berlin"), pa.decimal128(9, 2)),
    *(pa.decimal256(50, 3), pa.list_(pa.int64()), pa.list_(pa.string(), 3)),
    pa.large_list(pa.struct([("x", pa.float32()), ("on", pa.list_(pa.list_(pa.bool_())))])),
    pa.struct([("a", pa.struct([("b", pa.date32())]))]),
]


def test_columns_of_every_type_are_those_that_datasets_reads() -> None:
    import datasets

    schema = pa.schema([(f"c{at}", kind) for at, kind in enumerate(TYPES)])
    for one in (schema, SCHEMA):
        features = datasets.Features.from_arrow_schema(one)
        assert features_of(one) == features._to_yaml_list()


@pytest.mark.parametrize("kind", [pa.map_(pa.string(), pa.int8()), pa.month_day_nano_interval()])
def test_columns_that_datasets_cannot_read_are_only_in_the_table(
    summary: DatasetSummary, kind: pa.DataType
) -> None:
    text = described(PLAN, summary, pa.schema([("counts", kind)]))
    assert "dataset_info" not in front_of(text)
    assert f"| `counts` | `{kind}` |" in text


def test_the_columns_of_samples_are_on_the_card(summary: DatasetSummary) -> None:
    text = described(PLAN, summary)
    (info,) = front_of(text)["dataset_info"]
    kinds = {one["name"]: one.get("dtype") for one in info["features"]}
    assert info["config_name"] == "default"
    assert (kinds["first_frame"], kinds["ground_truth"], kinds["index"]) == (
        "image",
        "video",
        "int64",
    )
    assert "| `first_frame` | `image` |" in text


def test_the_columns_of_rows_are_those_of_each_generator(account: Hub, tmp_path: Path) -> None:
    memory = MemoryStore()
    plan = build_rows(memory)
    found, _ = summarise(memory, plan, detect=False)
    succeed(memory, found)
    push(memory, HubUpload("lab/rows"))
    repository = account.repositories["lab/rows"]
    files = repository.commits[repository.branches["main"]]
    front = front_of(files["README.md"].content.decode())
    columns = [("index", "int64"), ("step", "int64"), ("text", "string")]
    features = [{"name": name, "dtype": kind} for name, kind in columns]
    assert front["dataset_info"] == [{"config_name": NAME, "features": features}]
    for name, blob in files.items():
        path = tmp_path / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(blob.content)
    import datasets

    read = datasets.load_dataset(
        str(tmp_path / "set"), NAME, split="train", cache_dir=str(tmp_path / "cache")
    )
    assert read.column_names == [name for name, _ in columns]
    assert read.num_rows == sum(item % 3 for item in range(8))


@pytest.mark.parametrize(
    ("changes", "expected", "stated"),
    [
        pytest.param([], None, "unknown", id="none-is-known"),
        pytest.param([{"licence": "MIT"}] * 2, "mit", "`MIT`", id="of-generators"),
        pytest.param([{"licence": "MIT"}], ["mit", "unknown"], "`MIT`, unknown", id="one-unknown"),
        pytest.param([{"licence": "Our own terms"}] * 2, "other", "`Our own terms`", id="other"),
        pytest.param(
            [{"licence": "MIT", "source": with_source("hf://a/b", licence="cc-by-4.0")}] * 2,
            "cc-by-4.0",
            "`cc-by-4.0`",
            id="of-the-source-of-a-converter",
        ),
        pytest.param(
            [{"source": with_source("hf://a/b", licence="mit, apache-2.0")}] * 2,
            ["apache-2.0", "mit"],
            "`apache-2.0`, `mit`",
            id="several-of-a-source",
        ),
        pytest.param(
            [{"licence": "MIT", "source": with_source("s3://b/c")}] * 2,
            None,
            "unknown",
            id="a-source-that-tells-none",
        ),
    ],
)
def test_the_licences_are_those_of_sources_and_generators(
    summary: DatasetSummary, changes: list[dict[str, Any]], expected: object, stated: str
) -> None:
    text = described(plan_with(*changes), summary)
    assert front_of(text).get("license") == expected
    assert f"Licence of the data: {stated}. " in text


def test_the_provenance_has_the_licence_of_a_converter_and_of_its_source(
    summary: DatasetSummary,
) -> None:
    source = with_source("hf://a/b", revision="0" * 40, split="test", licence="cc-by-4.0")
    text = described(plan_with({"licence": "MIT", "source": source}), summary)
    assert f"digest `{PLAN.generators[0].digest}`, licence `MIT`\n" in text
    assert f"converts `hf://a/b` at `{'0' * 40}` `test`, licence `cc-by-4.0`\n" in text


def test_a_card_that_the_hub_refuses_is_one_error(
    account: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileStore(tmp_path / "run")
    build_finished_run(store, PLAN)
    monkeypatch.setattr(hubcard, "hub_licences", lambda _plan: ["My terms"])
    with pytest.raises(SourceAccessError) as error:
        push(store, HubUpload("lab/mazes"))
    assert '"license" must be one of' in error.value.why
    assert account.repositories["lab/mazes"].private


def test_text_of_others_is_neither_yaml_nor_markdown(summary: DatasetSummary) -> None:
    hostile = summary.model_copy(update={"file_names": (HOSTILE, "`", "prompt.txt")})
    texts = dict.fromkeys(("config", "split", "revision", "licence"), HOSTILE)
    source = with_source("/data/a`` | <script>b [y](javascript:z)", **texts)
    plan = plan_with(
        {"licence": HOSTILE, "commit": HOSTILE, "source": source}, {"licence": HOSTILE}
    )
    names = [HOSTILE, "\x00\x1b[31m", "no", "ü|\n| x", "`"]
    kind = pa.struct([(HOSTILE, pa.int8())])
    schema = pa.schema([(name, kind) for name in names])
    text = described(plan, hostile, schema)
    front = front_of(text)
    assert front["license"] == "other"
    features = [{"name": name, "struct": [{"name": HOSTILE, "dtype": "int8"}]} for name in names]
    assert front["dataset_info"][0]["features"] == features
    below = text.partition("\n---\n")[2]
    assert "\n---\n" not in below
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", below)
    outside = re.sub(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", "", below)
    assert "`" not in outside
    for part in ("script", "javascript", "# x", "license: mit"):
        assert part not in outside
    rows = [line for line in below.splitlines() if line.startswith("| ") and "column" not in line]
    assert len(rows) == len(names)
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 3 for row in rows)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("/home/alice/secret project/quiz.parquet", "converts `quiz.parquet`,"),
        ("file:///home/alice/quiz/", "converts `quiz`,"),
        ("FILE:///home/alice/quiz", "converts `quiz`,"),
        ("s3://bucket/quiz", "converts `s3://bucket/quiz`,"),
    ],
)
def test_the_card_does_not_name_folders_of_this_machine(
    summary: DatasetSummary, url: str, shown: str
) -> None:
    text = described(plan_with({"source": with_source(url)}), summary)
    assert shown in text
    assert "alice" not in text
