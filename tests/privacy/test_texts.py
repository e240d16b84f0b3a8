"""Texts of other programs, without the credentials of URLs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.privacy.texts import without_url_credentials


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("fatal: 'https://u:PLANTED@example.org/x/': 403", "fatal: 'https://example.org/x/': 403"),
        ("https://PLANTED@example.org", "https://example.org"),
        ("https://u:PLANTED@PLANTED@example.org/a@b", "https://example.org/a@b"),
        ("https://u:PLANTED/PLANTED@example.org/x", "https://example.org/x"),
        ('proxy URL: "http://socks5://u:PLANTED@h:9"', 'proxy URL: "http://socks5://h:9"'),
        ("git+https://example.org/x@v2 is unchanged", "git+https://example.org/x@v2 is unchanged"),
        ("https://example.org:8080/x@v2", "https://example.org:8080/x@v2"),
        ("someone@example.org: no URL", "someone@example.org: no URL"),
    ],
)
def test_urls_are_shown_without_credentials(text: str, shown: str) -> None:
    assert without_url_credentials(text) == shown


WORDS = st.text("abc019._~%!$&*+,;=-", min_size=1)


@given(WORDS, WORDS, WORDS, st.text())
def test_no_part_of_credentials_is_shown(user: str, password: str, path: str, after: str) -> None:
    text = f"failed: 'https://X{user}X:Y{password}Y@example.org/{path}' {after}"
    shown = without_url_credentials(text)
    assert f"X{user}X" not in shown
    assert f"Y{password}Y" not in shown
    assert shown.startswith(f"failed: 'https://example.org/{path}' ")
