"""The fixture `hub`: a hub for this test, and an environment in which the client uses it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.services.hub.server import Hub, running_hub


def hub_environment(hub: Hub, home: Path) -> dict[str, str]:
    """Variables that make a program use this hub, and nothing of the user's own."""
    return {
        "HF_ENDPOINT": hub.endpoint,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",
        "NO_PROXY": "127.0.0.1",
    }


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub without datasets; HF_ENDPOINT names it, HF_HOME is empty, there is no token."""
    from huggingface_hub import constants

    home = tmp_path / "hf-home"
    with running_hub() as running:
        for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_OFFLINE"):
            monkeypatch.delenv(name, raising=False)
        for name, value in hub_environment(running, home).items():
            monkeypatch.setenv(name, value)
        # The client reads these variables when it is imported.
        url = running.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "ENDPOINT", running.endpoint)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", url)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
        for name in ("HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_XET"):
            monkeypatch.setattr(constants, name, True)
        yield running
