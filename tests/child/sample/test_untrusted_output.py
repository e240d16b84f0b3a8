"""A generator's output is untrusted: names, sizes and texts that later steps could not handle."""

from __future__ import annotations

import json
import socket
import struct
import zlib
from pathlib import Path

import pytest

from support.generators.samples import write_sample
from vrdata_child.forkserver import Template
from vrdata_child.hermetic.folders import find_samples
from vrdata_child.sample import media
from vrdata_child.sample.finish import finish_sample
from vrdata_child.sample.invalid import SampleInvalidError


@pytest.mark.parametrize(
    ("domain", "stored"),
    [
        ("two\nlines", "two_lines"),
        ("half \udcff", "half"),
        ("x" * 200, "x" * 100),
        (".hidden", "hidden"),
        ("Multi 01 (größte Schlösser)", "Multi_01_gr_te_Schl_sser"),
    ],
)
def test_any_folder_name_becomes_a_domain_and_a_note_has_its_spelling(
    tmp_path: Path, domain: str, stored: str
) -> None:
    block = write_sample(tmp_path, domain)
    (found,) = find_samples(tmp_path / "out")
    sample = finish_sample(found, 0, block)
    assert (sample["domain"], sample["id"]) == (stored, f"{stored}_00000000")
    assert sample["notes"] == [f"the domain {domain!r} is stored as {stored}"]
    metadata = json.loads((Path(sample["folder"]) / "metadata.json").read_text())
    own = json.loads(metadata["generator_metadata"])
    assert (metadata["domain"], own["vrdata_notes"]) == (stored, sample["notes"])


@pytest.mark.parametrize("domain", ["", "___", "鍵"])
def test_a_folder_name_without_a_letter_or_digit_makes_the_sample_invalid(
    tmp_path: Path, domain: str
) -> None:
    block = write_sample(tmp_path, domain)
    (found,) = find_samples(tmp_path / "out")
    with pytest.raises(SampleInvalidError) as caught:
        finish_sample(found, 0, block)
    assert caught.value.reason == "UnsafeFile"
    assert not found.path.exists()


@pytest.mark.parametrize("domain", ["maze", "grid_shift-2.1", "O", "maze_", "v1."])
def test_usual_domains_are_accepted(tmp_path: Path, domain: str) -> None:
    block = write_sample(tmp_path, domain)
    (found,) = find_samples(tmp_path / "out")
    assert finish_sample(found, 0, block)["id"] == f"{domain}_00000000"


def test_a_png_of_20000_pixels_each_way_is_too_large(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 20000, 20000, 8, 2, 0, 0, 0))
    path = tmp_path / "first_frame.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
    with pytest.raises(SampleInvalidError) as caught:
        media.check_png(path)
    assert caught.value.reason == "TooLarge"


def test_a_lone_surrogate_in_a_message_is_sent_as_a_question_mark() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        Template(theirs, theirs)._send({"event": "end", "error": {"message": "no \ud800 ä"}})
        assert json.loads(ours.recv(1000))["error"]["message"] == "no ? ä"


def test_neither_metadata_nor_marker_contains_the_private_folder(
    tmp_path: Path,
) -> None:
    block = write_sample(tmp_path, "maze")
    (found,) = find_samples(tmp_path / "out")
    (found.path / "metadata.json").write_text(
        json.dumps({"param_hash": f"{tmp_path}/7", "sizes": [{f"{tmp_path}/a.png": 8}]})
    )
    packet = finish_sample(found, 0, block)
    written = json.loads((tmp_path / "done/000000/metadata.json").read_text())
    assert packet["paramHash"] == written["param_hash"] == "./7"
    own = json.loads(written["generator_metadata"])
    assert own == {"param_hash": "./7", "sizes": [{"./a.png": 8}]}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"score": NaN}', "NaN or an infinite number"),
        ('{"deep": [{"score": -Infinity}]}', "NaN or an infinite number"),
        ('{"score": 1e999}', "NaN or an infinite number"),
        ('{"deep": ' + "[" * 700 + "]" * 700 + "}", "nested too deep"),
    ],
)
def test_metadata_that_strict_readers_refuse_makes_the_sample_invalid(
    tmp_path: Path, text: str, why: str
) -> None:
    block = write_sample(tmp_path, "maze")
    (found,) = find_samples(tmp_path / "out")
    (found.path / "metadata.json").write_text(text)
    with pytest.raises(SampleInvalidError, match=why) as caught:
        finish_sample(found, 0, block)
    assert caught.value.reason == "BadMetadata"
