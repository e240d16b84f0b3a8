"""The doctor names what an installation lacks, and goes on to the next check."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from support.fakecluster import FakeCluster
from support.lives import SYSTEM, profile_object
from vrdata_operator.admin.doctor import _main, examine
from vrdata_operator.cluster.port import ClusterError
from vrdata_operator.cluster.rest import Rest
from vrdata_operator.observe.stores import Stores
from vrdata_operator.settings import Home, Settings


class Server:
    """An API server that serves runs (or not) and allows all but what is named."""

    def __init__(self, *, served: bool = True, denied: tuple[str, ...] = ()) -> None:
        self.served = served
        self.denied = denied
        self.asked: set[tuple[str, str]] = set()

    async def get(self, *_path: str, **_query: int) -> dict[str, Any] | None:
        return {"items": []} if self.served else None

    async def create(self, _path: str, _resource: str, body: dict[str, Any]) -> dict[str, Any]:
        wanted = body["spec"]["resourceAttributes"]
        name = "/".join(filter(None, [wanted["resource"], wanted["subresource"]]))
        self.asked.add((wanted["namespace"], name))
        allowed = f"{wanted['verb']} {name}" not in self.denied
        return body | {"status": {"allowed": allowed}}


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Any:
    """Examine an installation; returns (well, its lines by name of check)."""

    def look(
        server: Server, profile: dict[str, Any] | None, watch: tuple[str, ...] = ()
    ) -> tuple[bool, dict[str, str]]:
        cluster = FakeCluster(profiles={"default": profile} if profile else {})
        settings = Settings(Home(SYSTEM), watch=watch)
        well = asyncio.run(examine(settings, cast("Rest", server), cluster, Stores()))
        lines = capsys.readouterr().out.splitlines()
        found = {line.split()[1].rstrip(":"): line for line in lines}
        assert list(found) == ["runs", "rights", "profile", "store"]
        assert len(lines) == len(found)
        return well, found

    return look


def usable(tmp_path: Path) -> dict[str, Any]:
    return profile_object(storage={"url": f"file://{tmp_path}"})


def test_a_good_installation_is_well(said: Any, tmp_path: Path) -> None:
    well, lines = said(Server(), usable(tmp_path))
    assert well, lines
    assert all(line.startswith("ok ") for line in lines.values())


def test_a_missing_definition_is_named_and_the_rest_is_examined(said: Any, tmp_path: Path) -> None:
    well, lines = said(Server(served=False), usable(tmp_path))
    assert not well
    assert lines["runs"].startswith("FAILED runs: the CustomResourceDefinitions are missing")
    assert lines["store"].startswith("ok ")


def test_missing_rights_are_named_with_their_place(said: Any, tmp_path: Path) -> None:
    server = Server(denied=("create jobs", "patch generationruns/status"))
    well, lines = said(server, usable(tmp_path))
    assert not well
    assert "not allowed in all namespaces" in lines["rights"]
    assert "create jobs, patch generationruns/status: set rbac.create" in lines["rights"]


def test_rights_are_asked_for_where_the_operator_works(said: Any, tmp_path: Path) -> None:
    server = Server()
    said(server, usable(tmp_path), ("team-a", "team-b"))
    assert {space for space, name in server.asked if name == "jobs"} == {
        SYSTEM,
        "team-a",
        "team-b",
    }
    assert {space for space, name in server.asked if name == "generationprofiles"} == {SYSTEM}


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        (None, "there is no GenerationProfile 'default'"),
        (profile_object(image="", storage={"url": "file:///proc/none/x"}), "spec.image is empty"),
        (profile_object(storage={}), "spec.storage is empty"),
        (profile_object(storage={"url": "file:///proc/none/x"}, colour="red"), "colour"),
    ],
)
def test_an_unusable_profile_is_named(said: Any, profile: Any, words: str) -> None:
    well, lines = said(Server(), profile)
    assert not well
    assert words in lines["profile"]


def test_a_profile_that_the_server_refuses_is_named_though_an_older_one_stands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Strict(FakeCluster):
        async def apply_profile(self, manifest: dict[str, Any]) -> None:
            assert manifest["metadata"] == {"name": "default", "namespace": SYSTEM}
            raise ClusterError(422, "memoryCeiling 16Gi is below memory 32Gi")

    brought = tmp_path / "profiles.yaml"
    brought.write_text("metadata: {name: default}")
    cluster = Strict(profiles={"default": usable(tmp_path)})
    settings = Settings(Home(SYSTEM), profiles=brought)
    assert not asyncio.run(examine(settings, cast("Rest", Server()), cluster, Stores()))
    assert "FAILED profile: 422: memoryCeiling 16Gi is below" in capsys.readouterr().out


def test_an_unusable_store_is_named(said: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    well, lines = said(Server(), profile_object(storage={"url": f"file://{tmp_path}/file/x"}))
    assert not well
    assert lines["store"].startswith("FAILED store:")


def test_a_server_that_refuses_is_quoted(said: Any, tmp_path: Path) -> None:
    class Refusing(Server):
        async def get(self, *_path: str, **_query: int) -> None:
            raise ClusterError(403, "generationruns is forbidden")

    _, lines = said(Refusing(), usable(tmp_path))
    assert lines["runs"] == "FAILED runs: 403: generationruns is forbidden"


@pytest.mark.parametrize(
    ("namespace", "words"), [(SYSTEM, "no cluster is named"), ("", "VRDATA_NAMESPACE")]
)
def test_without_a_cluster_or_a_namespace_it_says_so_in_a_line(
    namespace: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("VRDATA_NAMESPACE", namespace)
    assert asyncio.run(_main()) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("FAILED start:")
    assert words in line
