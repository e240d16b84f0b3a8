"""The doctor names what an installation lacks, and continues with the next check."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from support.lives import SYSTEM, profile_object
from support.operator.fakecluster import FakeCluster
from vrdata_operator.admin.doctor import _main, examine
from vrdata_operator.cluster.port import ClusterError
from vrdata_operator.cluster.rest import Rest
from vrdata_operator.observe.stores import Stores
from vrdata_operator.settings import Home, Settings


class Server:
    """An API server that serves runs (or not) and grants every permission but the denied ones."""

    def __init__(
        self,
        *,
        served: bool = True,
        denied: tuple[str, ...] = (),
        pods: tuple[str, ...] = ("True",),
    ) -> None:
        self.served = served
        self.pods = [
            {
                "metadata": {"name": f"vrdata-{at}"},
                "status": {"conditions": [{"type": "Ready", "status": ready}]},
            }
            for at, ready in enumerate(pods)
        ]
        self.denied = denied
        self.asked: set[tuple[str, str]] = set()

    async def get(self, path: str, *_: str, **_query: object) -> dict[str, Any] | None:
        if path.endswith("/pods"):
            return {"items": self.pods}
        return {"items": []} if self.served else None

    async def create(self, _path: str, _resource: str, body: dict[str, Any]) -> dict[str, Any]:
        wanted = body["spec"]["resourceAttributes"]
        name = "/".join(filter(None, [wanted["resource"], wanted["subresource"]]))
        self.asked.add((wanted["namespace"], name))
        allowed = f"{wanted['verb']} {name}" not in self.denied
        return body | {"status": {"allowed": allowed}}


@pytest.fixture
def examined(capsys: pytest.CaptureFixture[str]) -> Any:
    """Examine an installation; returns (success, its lines by name of check)."""

    def examine_installation(
        server: Server, profile: dict[str, Any] | None, watch: tuple[str, ...] = ()
    ) -> tuple[bool, dict[str, str]]:
        cluster = FakeCluster()
        if profile:
            asyncio.run(cluster.apply_profile(profile))
        settings = Settings(Home(SYSTEM), watch=watch)
        success = asyncio.run(examine(settings, cast("Rest", server), cluster, Stores()))
        lines = capsys.readouterr().out.splitlines()
        found = {line.split()[1].rstrip(":"): line for line in lines}
        assert list(found) == ["runs", "operator", "permissions", "profile", "store"]
        assert len(lines) == len(found)
        return success, found

    return examine_installation


def usable(tmp_path: Path) -> dict[str, Any]:
    return profile_object(storage={"url": f"file://{tmp_path}"})


def test_a_complete_installation_passes_every_check(examined: Any, tmp_path: Path) -> None:
    success, lines = examined(Server(), usable(tmp_path))
    assert success, lines
    assert all(line.startswith("ok ") for line in lines.values())


def test_missing_crds_are_named_and_the_other_checks_run(examined: Any, tmp_path: Path) -> None:
    success, lines = examined(Server(served=False), usable(tmp_path))
    assert not success
    assert lines["runs"].startswith("FAILED runs: the CustomResourceDefinitions are missing")
    assert lines["store"].startswith("ok ")


@pytest.mark.parametrize(
    ("pods", "words"),
    [((), "no pod of the operator exists"), (("True", "False"), "vrdata-1 is not ready")],
)
def test_an_operator_that_serves_no_runs_is_named(
    examined: Any, tmp_path: Path, pods: tuple[str, ...], words: str
) -> None:
    success, lines = examined(Server(pods=pods), usable(tmp_path))
    assert not success
    assert words in lines["operator"]
    assert "no run is served" in lines["operator"]


def test_missing_permissions_are_named_with_their_namespace(examined: Any, tmp_path: Path) -> None:
    server = Server(denied=("create jobs", "patch generationruns/status"))
    success, lines = examined(server, usable(tmp_path))
    assert not success
    assert "may not, in all namespaces" in lines["permissions"]
    assert "create jobs, patch generationruns/status: set rbac.create" in lines["permissions"]


def test_permissions_are_checked_in_every_served_namespace(examined: Any, tmp_path: Path) -> None:
    server = Server()
    examined(server, usable(tmp_path), ("team-a", "team-b"))
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
def test_an_unusable_profile_is_named(examined: Any, profile: Any, words: str) -> None:
    success, lines = examined(Server(), profile)
    assert not success
    assert words in lines["profile"]


def test_a_rejected_profile_is_named_even_if_an_older_one_exists(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Strict(FakeCluster):
        async def apply_profile(self, manifest: dict[str, Any]) -> None:
            assert manifest["metadata"] == {"name": "default", "namespace": SYSTEM}
            raise ClusterError(422, "memoryCeiling 16Gi is below memory 32Gi")

    profiles = tmp_path / "profiles.yaml"
    profiles.write_text("metadata: {name: default}")
    cluster = Strict()
    asyncio.run(FakeCluster.apply_profile(cluster, usable(tmp_path)))
    settings = Settings(Home(SYSTEM), profiles=profiles)
    assert not asyncio.run(examine(settings, cast("Rest", Server()), cluster, Stores()))
    assert "FAILED profile: 422: memoryCeiling 16Gi is below" in capsys.readouterr().out


def test_an_unusable_store_is_named(examined: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    success, lines = examined(
        Server(), profile_object(storage={"url": f"file://{tmp_path}/file/x"})
    )
    assert not success
    assert lines["store"].startswith("FAILED store:")


def test_the_message_of_the_api_server_is_quoted(examined: Any, tmp_path: Path) -> None:
    class Refusing(Server):
        async def get(self, *_path: str, **_query: object) -> None:
            raise ClusterError(403, "generationruns is forbidden")

    _, lines = examined(Refusing(), usable(tmp_path))
    assert lines["runs"] == "FAILED runs: 403: generationruns is forbidden"


@pytest.mark.parametrize(
    ("namespace", "words"), [(SYSTEM, "no cluster is named"), ("", "VRDATA_NAMESPACE")]
)
def test_without_a_cluster_or_a_namespace_it_prints_one_line(
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
