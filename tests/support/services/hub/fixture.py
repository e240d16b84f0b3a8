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


def use_hub(hub: Hub, home: Path, patch: pytest.MonkeyPatch) -> None:
    """Let this process use a hub, without a token, and with nothing of the user's own."""
    from huggingface_hub import constants

    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_OFFLINE"):
        patch.delenv(name, raising=False)
    for name, value in hub_environment(hub, home).items():
        patch.setenv(name, value)
    # The client reads these variables when it is imported.
    url = hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    patch.setattr(constants, "ENDPOINT", hub.endpoint)
    patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", url)
    patch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    patch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
    for name in ("HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_XET"):
        patch.setattr(constants, name, True)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub without datasets; HF_ENDPOINT names it, HF_HOME is empty, there is no token."""
    with running_hub() as running:
        use_hub(running, tmp_path / "hf-home", monkeypatch)
        yield running
