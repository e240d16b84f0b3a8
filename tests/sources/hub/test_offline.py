"""Datasets that were fetched before: HF_HUB_OFFLINE, and files of the cache instead of requests."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from huggingface_hub import constants, snapshot_download

from sources.hub.conftest import FILE, NAME, URL, Pauses, puzzles
from support.services.hub.server import Hub
from vrdata.api.source import SourceSpec
from vrdata.sources.hub.source import HubSource
from vrdata.sources.port import SourceNotFoundError

SPEC = SourceSpec(url=URL, config="Mazes", split="test")


def fetch(**settings: object) -> None:
    """As `hf download`."""
    snapshot_download(NAME, repo_type="dataset", endpoint=constants.ENDPOINT, **settings)  # type: ignore[arg-type]


def go_offline(monkeypatch: pytest.MonkeyPatch, hub: Hub) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    hub.requests.clear()


@pytest.mark.parametrize("links", [True, False])
def test_an_offline_run_pins_and_stages_what_an_online_one_does(
    puzzle_hub: Hub, pauses: Pauses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_SYMLINKS", not links)
    online = HubSource(SPEC, pauses).resolve(None)
    parts = list(online.parts)
    fetch()
    go_offline(monkeypatch, puzzle_hub)

    source = HubSource(SPEC, pauses)
    resolved = source.resolve(None)
    assert (resolved.revision, resolved.licence) == (online.revision, "mit")
    assert list(resolved.parts) == parts
    source.stage(parts[4], tmp_path)
    assert pq.ParquetFile(tmp_path / FILE).read_row_group(4).num_rows == 20
    assert puzzle_hub.requests == []


def test_a_file_in_the_cache_is_not_fetched_again(
    puzzle_hub: Hub, source: HubSource, tmp_path: Path
) -> None:
    fetch()
    puzzle_hub.requests.clear()
    part = next(source.resolve(None).parts)
    source.stage(part, tmp_path)
    assert puzzle_hub.fetched(FILE) == []


def test_a_file_of_another_commit_in_the_cache_is_not_used(
    puzzle_hub: Hub, source: HubSource, tmp_path: Path
) -> None:
    fetch()
    puzzle_hub.repositories[NAME].commit({FILE: puzzles(60, 20)})
    part = list(source.resolve(None).parts)[2]
    source.stage(part, tmp_path)
    assert part.items == 20
    assert puzzle_hub.sent(FILE) > 0


@pytest.mark.parametrize(
    ("fetched", "text"),
    [
        (None, "revision 'main'"),
        ({"allow_patterns": "README.md"}, FILE),
        ({"allow_patterns": FILE}, "README.md"),
    ],
)
def test_a_file_that_is_not_in_the_cache_is_named_with_the_command_that_downloads_it(
    puzzle_hub: Hub,
    pauses: Pauses,
    monkeypatch: pytest.MonkeyPatch,
    fetched: dict[str, str] | None,
    text: str,
) -> None:
    if fetched is not None:
        fetch(**fetched)
    go_offline(monkeypatch, puzzle_hub)
    with pytest.raises(SourceNotFoundError) as caught:
        HubSource(SPEC, pauses).resolve(None)
    assert caught.value.what.startswith(f"{text} of {URL} is not in the cache")
    assert f"hf download {NAME} --repo-type dataset" in caught.value.fix
    assert puzzle_hub.requests == []
