"""Readers that others wrote accept the output: one sample for each key, with exactly its files.

The same run is made in every format; what each reader gives must be the bytes that lie in the
folders of format `files`.
"""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.dataset as ds
import pytest

from support.cli import vrdata, write_run
from support.trees import read_tree

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # the libraries' own
]

SAMPLES = {"O-maze": 6, "G-pendulum": 3}
DOMAINS = {"maze": "O-maze", "pendulum": "G-pendulum"}
REQUIRED = {"first_frame.png", "prompt.txt", "metadata.json"}

Dataset = Callable[[str], Path]
Samples = dict[str, dict[str, bytes]]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Gives the finished run in a format; each is made once, by the command line."""
    folder = tmp_path_factory.mktemp("readers")

    def make(output_format: str) -> Path:
        out = folder / output_format
        if not out.exists():
            run = write_run(
                folder / f"{output_format}.json",
                SAMPLES,
                block_size=2,
                shard_size=4,
                output_format=output_format,
            )
            ran = vrdata("run", run, "--local", "--out", out)
            assert ran.code == 0, ran.err
        return out / "default" / "demo"

    return make


@pytest.fixture
def expected(dataset: Dataset) -> Samples:
    """The files of each sample by WebDataset key, from the folders of format files."""
    return by_key(dataset("files") / "questions")


def by_key(folder: Path) -> Samples:
    """The files of `GENERATOR/DOMAIN_task/DOMAIN_INDEX/` folders by `GENERATOR-INDEX`."""
    samples: Samples = {}
    for path, body in read_tree(folder).items():
        generator, task, sample, name = path.split("/")
        domain, _, index = sample.rpartition("_")
        assert DOMAINS[domain] == generator
        assert task == f"{domain}_task"
        samples.setdefault(f"{generator}-{index}", {})[name] = body
    return samples


def shards(folder: Path) -> list[str]:
    return sorted(map(str, folder.glob("shards/*/*.tar")))


def indexes(folder: Path) -> list[Path]:
    return sorted(folder.glob("index/*.parquet"))


def as_bytes(value: Any) -> bytes:
    """A member as a reader of Hugging Face gives it: bytes, text, or undecoded media."""
    if isinstance(value, dict):
        return bytes(value["bytes"])
    return value.encode() if isinstance(value, str) else bytes(value)


def test_the_folders_contain_every_sample(expected: Samples) -> None:
    keys = {f"{name}-{index:08d}" for name, count in SAMPLES.items() for index in range(count)}
    assert set(expected) == keys
    assert all(set(files) >= REQUIRED and all(files.values()) for files in expected.values())


def test_webdataset_reads_exactly_one_sample_for_each_key(
    dataset: Dataset, expected: Samples
) -> None:
    import webdataset

    read = list(webdataset.WebDataset(shards(dataset("webdataset")), shardshuffle=False))
    assert Counter(sample["__key__"] for sample in read) == Counter(list(expected))
    for sample in read:
        members = {name: body for name, body in sample.items() if not name.startswith("__")}
        assert members == expected[sample["__key__"]]


def test_webdataset_decodes_every_member(dataset: Dataset) -> None:
    import webdataset

    reader = webdataset.WebDataset(shards(dataset("webdataset")), shardshuffle=False)
    for sample in reader.decode("pil"):
        assert sample["first_frame.png"].size[0] > 0
        assert sample["prompt.txt"].strip()
        assert sample["metadata.json"]["task_id"].endswith(sample["__key__"][-8:])


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`datasets.load_dataset` without network and with a cache of its own."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    import datasets

    def load_split(kind: str, files: list[str], **options: Any) -> Any:
        return datasets.load_dataset(
            kind, data_files=files, split="train", cache_dir=str(tmp_path / "cache"), **options
        )

    return load_split


def test_hugging_face_datasets_reads_exactly_one_sample_for_each_key(
    dataset: Dataset, expected: Samples, load: Callable[..., Any]
) -> None:
    rows = load("webdataset", shards(dataset("webdataset")), streaming=True).decode(False)
    read = list(rows)
    assert Counter(row["__key__"] for row in read) == Counter(list(expected))
    for row in read:
        members = {name: value for name, value in row.items() if not name.startswith("__")}
        files = expected[row["__key__"]]
        assert set(members) == set(files)
        # JSON comes as the parsed object; every other member as it lies in the shard.
        texts = {name: as_bytes(members[name]) for name in files if name != "metadata.json"}
        assert texts == {name: files[name] for name in texts}
        assert members["metadata.json"]["generator"] in SAMPLES


def test_hugging_face_datasets_reads_the_index(
    dataset: Dataset, expected: Samples, load: Callable[..., Any]
) -> None:
    rows = load("parquet", [str(path) for path in indexes(dataset("webdataset"))])
    keys = [f"{row['generator']}-{row['index']:08d}" for row in rows]
    assert Counter(keys) == Counter(list(expected))
    for key, row in zip(keys, rows, strict=True):
        sizes = {file["name"]: file["size"] for file in row["files"]}
        assert sizes == {name: len(body) for name, body in expected[key].items()}


@pytest.mark.parametrize("output_format", ["webdataset", "tar", "files", "parquet"])
def test_pyarrow_reads_all_indexes_together(
    dataset: Dataset, expected: Samples, output_format: str
) -> None:
    folder = dataset(output_format)
    assert [path.stem for path in indexes(folder)] == sorted(SAMPLES)
    rows = ds.dataset(folder / "index", format="parquet").to_table().to_pylist()
    assert len(rows) == len(expected)
    for row in rows:
        files = expected[f"{row['generator']}-{row['index']:08d}"]
        assert {file["name"]: file["size"] for file in row["files"]} == {
            name: len(body) for name, body in files.items()
        }


def test_duckdb_reads_all_indexes_together(dataset: Dataset, expected: Samples) -> None:
    folder = dataset("webdataset")
    with duckdb.connect() as connection:
        keys = connection.execute(
            "SELECT generator || '-' || lpad(\"index\"::VARCHAR, 8, '0') FROM read_parquet(?)",
            [str(folder / "index/*.parquet")],
        ).fetchall()
        sizes = connection.execute(
            "SELECT object, any_value(object_size) FROM read_parquet(?) GROUP BY object",
            [str(folder / "index/*.parquet")],
        ).fetchall()
    assert sorted(key for (key,) in keys) == sorted(expected)
    assert dict(sizes) == {
        str(Path(shard).relative_to(folder)): Path(shard).stat().st_size for shard in shards(folder)
    }


def test_the_index_gives_the_place_of_each_file_in_its_shard(
    dataset: Dataset, expected: Samples
) -> None:
    folder = dataset("webdataset")
    rows = ds.dataset(folder / "index", format="parquet").to_table().to_pylist()
    assert len(rows) == len(expected)
    for row in rows:
        shard = (folder / row["object"]).read_bytes()
        files = {
            file["name"]: shard[file["offset"] : file["offset"] + file["size"]]
            for file in row["files"]
        }
        assert files == expected[f"{row['generator']}-{row['index']:08d}"]


def members(archive: str | Path) -> Iterator[tuple[str, bytes]]:
    """Every member of a tar archive: name and bytes."""
    with tarfile.open(archive) as opened:
        for member in opened:
            body = opened.extractfile(member)
            assert body is not None, f"{member.name} is no plain file"
            yield member.name, body.read()


def test_python_reads_the_shards_of_format_webdataset(dataset: Dataset, expected: Samples) -> None:
    names = Counter(name for shard in shards(dataset("webdataset")) for name, _ in members(shard))
    assert names == Counter(f"{key}.{name}" for key, files in expected.items() for name in files)


def test_format_tar_unpacks_into_the_folders_of_format_files(
    dataset: Dataset, expected: Samples, tmp_path: Path
) -> None:
    archives = sorted((dataset("tar") / "questions").glob("*.tar.gz"))
    names = Counter(name for archive in archives for name, _ in members(archive))
    assert set(names.values()) == {1}
    for archive in archives:
        with tarfile.open(archive) as opened:
            opened.extractall(tmp_path / "unpacked", filter="data")
    assert by_key(tmp_path / "unpacked") == expected


def test_every_format_has_the_same_dataset_hash(dataset: Dataset) -> None:
    hashes = {
        (dataset(name) / "_SUCCESS").read_text()
        for name in ("webdataset", "tar", "files", "parquet")
    }
    assert len(hashes) == 1
