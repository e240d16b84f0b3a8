"""A local run ends with the undisturbed dataset, whatever is deleted or torn at any time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.builders import build_run, commit_shard, make_plan
from vrdata.api.profile import default_profile
from vrdata.api.run import GenerationRun
from vrdata.contract.worker import StoreSettings
from vrdata.dataset import layout
from vrdata.dataset.finish.shards import IncompleteRunError
from vrdata.dataset.outputs import write_outputs
from vrdata.dataset.plans import store_plan
from vrdata.dataset.verify.run import verify
from vrdata.errors import VrdataError
from vrdata.local import complete as module
from vrdata.local.complete import ROUNDS, complete
from vrdata.local.execution.executor import ExecutionResult
from vrdata.local.finish import RunSummary
from vrdata.local.run import LocalOptions, Prepared, compare
from vrdata.store.opening import open_store

PLAN = make_plan({"O-1_maze": 4, "G-2_ball": 2}, shard_blocks=1)
RUN = GenerationRun.model_validate(
    {
        "apiVersion": "vrdata.dev/v1alpha1",
        "kind": "GenerationRun",
        "metadata": {"name": "small"},
        "spec": {"generators": [{"name": "O-1_maze", "samples": 4}]},
    }
)
TAR, MARKER = layout.shard_tar_key("O-1_maze", 1), layout.commit_key("O-1_maze", 1)
KEYS = (TAR, MARKER, layout.PLAN, layout.index_key("O-1_maze"), layout.DATASET, layout.SUCCESS)
Damage = Callable[[Path], None]


def delete(*keys: str) -> Damage:
    def damage(folder: Path) -> None:
        for key in keys:
            (folder / key).unlink(missing_ok=True)

    return damage


def change(key: str, edit: Callable[[bytes], bytes]) -> Damage:
    def damage(folder: Path) -> None:
        if (folder / key).exists():
            body = (folder / key).read_bytes()
            (folder / key).unlink()
            (folder / key).write_bytes(edit(body))

    return damage


def tear(body: bytes) -> bytes:
    return body[: len(body) // 2]


def flip(body: bytes) -> bytes:
    return body[:-1] + bytes([body[-1] ^ 1])


DAMAGES: dict[str, Damage] = {
    **{key: delete(key) for key in KEYS},
    "marker-and-data": delete(MARKER, TAR),
    "everything-derived": delete(*KEYS[2:]),
    "torn-data": change(TAR, tear),
    "flipped-data": change(TAR, flip),
    "torn-index": change(layout.index_key("O-1_maze"), tear),
}


class Laptop:
    """Local runs below a folder whose workers are played by the test.

    Attributes:
        meanwhile: damage that happens before each round of work ends, in order.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.meanwhile: list[Damage] = []
        self.store = open_store(str(folder))
        monkeypatch.setattr(module, "execute", self._execute)

    def run(self) -> RunSummary:
        """The same command once more."""
        options = LocalOptions(store=StoreSettings(url=str(self.folder)))
        prepared = Prepared(RUN, default_profile(), options, self.store, "", PLAN, {})
        store_plan(self.store, PLAN)
        compare(prepared)
        return complete(prepared, progress, detect=False, again=lambda _: None, say=print)

    def _execute(self, prepared: Prepared, *_: Any, **__: Any) -> ExecutionResult:
        damaged = {one.shard for one in prepared.damaged}
        missing = list(PLAN.missing_shards(prepared.committed - damaged))
        for shard in missing:
            commit_shard(self.store, PLAN, *shard)
        if self.meanwhile:
            self.meanwhile.pop(0)(self.folder)
        return ExecutionResult(committed=len(missing), restored=len(damaged))


def progress(*_: Any) -> Any:
    return None


@pytest.fixture
def laptop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Laptop:
    return Laptop(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Every object of a finished run that was never disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    store = open_store(str(folder))
    build_run(store, PLAN)
    write_outputs(store, PLAN, detect=False)
    return objects(folder)


def objects(folder: Path) -> dict[str, bytes]:
    hint = folder / layout.DATA_READ
    paths = (path for path in folder.rglob("*") if path.is_file() and path != hint)
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.mark.parametrize("name", DAMAGES)
def test_the_same_command_restores_a_finished_run(
    laptop: Laptop, undisturbed: dict[str, bytes], name: str
) -> None:
    laptop.run()
    DAMAGES[name](laptop.folder)
    assert laptop.run().phase == "Succeeded"
    assert objects(laptop.folder) == undisturbed


@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_deleted_or_torn_during_a_run_is_restored_before_it_ends(
    laptop: Laptop, undisturbed: dict[str, bytes], name: str
) -> None:
    laptop.meanwhile = [DAMAGES[name]]
    assert laptop.run().phase == "Succeeded"
    assert objects(laptop.folder) == undisturbed


@pytest.mark.parametrize("edit", [tear, flip])
def test_a_damaged_marker_is_named_and_its_deletion_heals(
    laptop: Laptop, undisturbed: dict[str, bytes], edit: Callable[[bytes], bytes]
) -> None:
    laptop.run()
    change(MARKER, edit)(laptop.folder)
    with pytest.raises(VrdataError, match=MARKER) as caught:
        laptop.run()
    assert f"remove {MARKER}" in caught.value.fix
    delete(MARKER)(laptop.folder)
    assert laptop.run().phase == "Succeeded"
    assert objects(laptop.folder) == undisturbed


def test_a_folder_that_something_else_keeps_deleting_from_ends_the_run(laptop: Laptop) -> None:
    laptop.meanwhile = [delete(TAR)] * ROUNDS
    with pytest.raises(IncompleteRunError, match=TAR):
        laptop.run()
    assert not (laptop.folder / layout.SUCCESS).exists()


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_damage_at_any_time_is_healed_or_named(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    undisturbed: dict[str, bytes],
    data: st.DataObject,
) -> None:
    """Success means that nothing is missing, and an error names an object that was damaged."""
    laptop = Laptop(tmp_path_factory.mktemp("run"), monkeypatch)
    keys = [key for key in undisturbed if not key.startswith("report/")]
    kinds = (delete, lambda key: change(key, tear), lambda key: change(key, flip))
    damage = st.builds(
        lambda kind, key: (kind(key), key), st.sampled_from(kinds), st.sampled_from(keys)
    )
    sets = st.lists(st.lists(damage, max_size=3), min_size=1, max_size=4)
    hit: set[str] = set()
    for number, chosen in enumerate(data.draw(sets)):
        hit.update(key for _, key in chosen)

        def apply(folder: Path, chosen: list[tuple[Damage, str]] = chosen) -> None:
            for one, _ in chosen:
                one(folder)

        if number % 2:
            apply(laptop.folder)
        else:
            laptop.meanwhile = [apply]
        try:
            summary = laptop.run()
        except VrdataError as error:
            assert any(key in str(error) for key in hit), str(error)  # noqa: PT017 - may also end well
            return
        assert summary.phase == "Succeeded"
        assert verify(laptop.store, decode=False).ok
        assert objects(laptop.folder) == undisturbed
