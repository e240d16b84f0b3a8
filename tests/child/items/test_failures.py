"""What a converter does wrong, and items that cannot be read: each has one clear failure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.sources.conversions import Conversions, open_converter

CODE = """
import os, socket, urllib.request
from vrdata_generators.api import Converted, Converter
from PIL import Image

WHITE = Image.new("RGB", (8, 8), "white")

def sample(**change):
    return Converted(**{"first": WHITE, "prompt": "x"} | change)

class Any(Converter):
    name, domain = "M-any", "any"

    def convert(self, item, options):
        yield from eval(item.row["code"])
"""


@pytest.fixture(scope="module")
def converter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Conversions]:
    with open_converter(tmp_path_factory.mktemp("any"), CODE, name="M-any") as opened:
        yield opened


def table(folder: Path, *codes: str) -> Path:
    path = folder / "t.parquet"
    pq.write_table(pa.table({"code": codes}), path)
    return path


FAILURES = {
    "[]": "InvalidItem: #N: the converter gives no sample",
    "[sample(), sample()]": "InvalidItem: #N: the converter gives more than one sample",
    "[{}]": "InvalidItem: #N: the converter gives dict, not a Converted",
    "[int('x')]": "InvalidItem: #N: invalid literal for int()",
    "[item.row['none']]": "GeneratorFailed: KeyError: 'none'",
    "[sample(first=b'<html>')]": "InvalidItem: #N: first: it is not an image but a web page",
    "[sample(first=None)]": "InvalidItem: #N: first: there is no image",
    "[sample(domain=3)]": "InvalidItem: #N: domain: it is int, not text",
    "[sample(prompt=3)]": "InvalidItem: #N: prompt: it is int, not text",
    "[sample(prompt='\\ud800')]": "InvalidItem: #N: prompt: invalid Unicode",
    "[sample(prompt=' ')]": "EmptyPrompt: prompt.txt contains no visible text",
    "[sample(video=b'x' * 600)]": "InvalidItem: #N: ground_truth is not a video: it is text",
    "[sample(video='x.mp4')]": "InvalidItem: #N: ground_truth: str is neither a path nor bytes",
    "[sample(metadata={'x': b''})]": "BadMetadata: the metadata of #N",
    "[sample(metadata={'x': float('nan')})]": "BadMetadata: the metadata of #N",
    "[sample(files={'../x': b''})]": "UnsafeFile: '../x' is not a valid file name",
    "[sample(files={'prompt.txt': b''})]": "UnsafeFile: 'prompt.txt' exists",
    "[sample(files={'rows.arrow': b''})]": "UnsafeFile: only a converter with a schema",
}
DOMAINS = {
    "Eye balling/Puzzle": "Eye_balling_Puzzle",
    "../../etc": "etc",
    "": "any",
    "ü": "any",
    "a" * 300: "a" * 100,
}


def test_a_failed_item_is_named_and_the_others_are_converted(
    converter: Conversions, tmp_path: Path
) -> None:
    codes = ["[sample()]", *FAILURES, "[sample()]"]
    made = converter.rows(table(tmp_path, *codes), "parquet", range(len(codes)))
    assert list(made.samples) == [0, len(codes) - 1]
    for (number, failure), words in zip(made.invalid.items(), FAILURES.values(), strict=True):
        assert failure.startswith(words.replace("#N", f"t.parquet#{number}"))


def test_any_text_becomes_a_safe_domain(converter: Conversions, tmp_path: Path) -> None:
    codes = [f"[sample(domain={domain!r})]" for domain in DOMAINS]
    made = converter.rows(table(tmp_path, *codes), "parquet", range(len(codes)))
    assert [one[:-9] for one in made.ids.values()] == list(DOMAINS.values())
    assert made.metadata(0)["source_domain"] == "Eye balling/Puzzle"
    assert "source_domain" not in made.metadata(2)


def test_the_converter_has_no_network(converter: Conversions, tmp_path: Path) -> None:
    tries = [
        "[socket.create_connection(('93.184.216.34', 80), 1)]",
        "[urllib.request.urlopen('http://93.184.216.34/', timeout=1)]",
    ]
    made = converter.rows(table(tmp_path, *tries), "parquet", [0, 1])
    assert made.samples == {}
    assert made.end is not None
    refused = [str(one) for one in made.end.refused if one.of_network]
    assert refused
    assert "converter.py:" in " ".join(refused)


def test_the_converter_reads_only_its_items(converter: Conversions, tmp_path: Path) -> None:
    secret = Path.home() / "secret"
    code = f"[sample(prompt=open({str(secret.parent)!r} + '/.bashrc').read())]"
    listed = f"[sample(prompt=str(os.listdir({str(tmp_path)!r})))]"
    made = converter.rows(table(tmp_path, code, listed), "parquet", [0, 1])
    assert made.samples == {}
    assert made.end is not None
    assert {one.what.partition(" ")[0] for one in made.end.refused} <= {"read", "list"}
    assert made.end.refused


@pytest.mark.slow
def test_a_template_rejects_a_converter_of_another_kind(tmp_path: Path) -> None:
    from vrdata_worker.child.launch import TemplateBrokenError

    with (
        pytest.raises(TemplateBrokenError, match="gives samples, and the catalogue says otherwise"),
        open_converter(tmp_path, CODE, name="M-any", rows=True),
    ):
        pass
