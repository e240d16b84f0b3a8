"""Settings of every test, the tools that several folders share, and the list of untested tiers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from support.cluster.api import ApiServer, api_server
from support.cluster.artifacts.binaries import MissingToolError
from support.generators.trap_bodies import DETERMINISTIC
from support.services.reuse import share_commands, share_service_models
from support.services.s3server import s3, s3_server  # noqa: F401 - fixtures
from support.services.sharing import shared_folder
from support.services.weak_s3 import weak_s3  # noqa: F401 - fixture
from support.tiers import (  # noqa: F401 - hooks
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_deselected,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)
from support.tools import built, missing

# The time that an example takes depends on the load of the machine: no deadline. `make test-all`
# asks for more examples with --hypothesis-profile=thorough.
settings.register_profile("quick", deadline=None, max_examples=30)
settings.register_profile("thorough", deadline=None, max_examples=60)
settings.load_profile("quick")
share_service_models()
share_commands()


@pytest.fixture(scope="session")
def traps_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the traps that vrdata makes deterministic, and those with the flag --armed."""
    from support.generators.traps import add_traps

    armed = ("failing", "greedy", "stuck", "growing", "seedless", "limited")
    folder = shared_folder(
        tmp_path_factory, "traps", lambda empty: add_traps(empty, *DETERMINISTIC, *armed)
    )
    return folder / "home"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A Kubernetes API server that has the CRDs of this source tree."""
    try:
        with api_server(tmp_path_factory.mktemp("api")) as running:
            yield running
    except MissingToolError as error:
        missing(f"cannot start an API server: {error}")


@pytest.fixture(scope="session")
def helm() -> Path:
    """Path of helm. Its tests also download the schemas of Kubernetes with Go."""
    if shutil.which("go") is None:
        missing("Go is not installed: it builds helm and downloads the schemas of Kubernetes")
    return built("helm") / "helm"
