"""Licences as guessed from their texts."""

from pathlib import Path

import pytest

from vrdata_generators.adapter.source.licences import forbids_commercial_use, guess, licence_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MIT License\n\nCopyright (c) 2026 X\n", "MIT"),
        ("   Apache License\n   Version 2.0, January 2004\n", "Apache-2.0"),
        ("Creative Commons Attribution-NonCommercial 4.0 International\n", "CC-BY-NC-4.0"),
        ("Creative Commons Attribution 4.0 International\n", "CC-BY-4.0"),
        ("GNU GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007\n", "GPL-3.0"),
        ("\n\nOur own terms\x1b[31m\nmore", "Our own terms[31m"),
        ("", ""),
    ],
)
def test_known_licence_texts_get_their_spdx_name(text: str, expected: str) -> None:
    assert guess(text) == expected


def test_a_folder_without_a_licence_file_has_none(tmp_path: Path) -> None:
    assert licence_of(tmp_path) == ""
    (tmp_path / "LICENSE.md").write_text("MIT License")
    assert licence_of(tmp_path) == "MIT"


def test_a_licence_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / "LICENSE").write_text("Our own terms\n", "utf-16")
    assert licence_of(tmp_path) == "Our own terms"


def test_non_commercial_terms_are_detected() -> None:
    assert forbids_commercial_use("CC-BY-NC-SA-4.0")
    assert not forbids_commercial_use("CC-BY-4.0")
