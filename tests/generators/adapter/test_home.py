"""The home of added generators and the catalogue in it."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.plans.catalogues import make_run, planned
from vrdata.api.source import SourceSpec
from vrdata.errors import InvalidInputError, NotFoundError, VrdataError
from vrdata.plan.catalogue import Catalogue, CatalogueEntry
from vrdata.plan.sources import PinnedSource, PinnedSources, PlannedSource
from vrdata_generators.adapter.home import (
    Home,
    default_home,
    launch_for,
    load_catalogue_with_builtin,
    write_atomically,
)
from vrdata_generators.adapter.keeping import keep, remove
from vrdata_generators.adapter.presentation import relocated, requirement_sets
from vrdata_worker.child.launch import launch_of
from vrdata_worker.image.catalogues import builtin_catalogue, locate_planned


def entry(name: str, **facts: object) -> CatalogueEntry:
    return CatalogueEntry.model_validate(
        {
            "name": name,
            "class": "O",
            "kind": "repository",
            "digest": "sha256:" + "0" * 64,
            "path": f"repos/{name}-000000000000",
            "python": "envs/abc/bin/python",
            **facts,
        }
    )


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    with home.exclusive():
        home.write(Catalogue(generators=(entry("O-2"), entry("O-1"))))
    for name in ("O-1", "O-2"):
        (home.path / f"repos/{name}-000000000000").mkdir()
    (home.path / "envs/abc/bin").mkdir(parents=True)
    return home


def test_the_default_home_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VRDATA_GENERATORS", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert default_home() == Path("/data/vrdata/generators")
    monkeypatch.setenv("VRDATA_GENERATORS", "/own")
    assert default_home() == Path("/own")


def test_a_new_home_has_an_empty_catalogue(tmp_path: Path) -> None:
    assert Home(tmp_path / "none").read() == Catalogue()


def test_a_written_catalogue_is_read_back_in_name_order(home: Home) -> None:
    assert [one.name for one in home.read().generators] == ["O-1", "O-2"]
    assert [path.name for path in home.path.iterdir() if ".json-" in path.name] == []


def test_first_party_and_added_generators_are_merged(home: Home) -> None:
    catalogue, file = load_catalogue_with_builtin(home)
    names = [one.name for one in catalogue.generators]
    own = [one.name for one in builtin_catalogue().generators]
    assert names == sorted([*own, "O-1", "O-2"])
    assert file == home.catalogue


def test_a_home_without_a_catalogue_has_the_first_party_generators_only(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VRDATA_GENERATORS", str(home.path))
    catalogue, file = load_catalogue_with_builtin(Home(tmp_path / "another"))
    assert {one.name for one in catalogue.generators} == {
        one.name for one in builtin_catalogue().generators
    }
    assert file == tmp_path / "another/catalogue.json"


def test_an_added_generator_cannot_have_a_first_party_name(home: Home) -> None:
    own = builtin_catalogue().generators[0].name
    with home.exclusive():
        home.write(Catalogue(generators=(entry(own),)))
    with pytest.raises(InvalidInputError, match=own):
        load_catalogue_with_builtin(home)


def test_an_entry_is_started_from_its_folder_with_its_interpreter(home: Home) -> None:
    launch = launch_for(entry("O-1"), home.catalogue, "asIs")
    assert launch.root == str(home.path / "repos/O-1-000000000000")
    assert launch.python == str(home.path / "envs/abc/bin/python")
    assert launch.video == "asIs"


def new_copy(home: Home, text: str) -> Path:
    folder = home.path / "staged"
    folder.mkdir(exist_ok=True)
    (folder / "generate.py").write_text(text)
    return folder


def second(**facts: object) -> CatalogueEntry:
    return entry("O-1", digest="sha256:" + "1" * 64, path="repos/O-1-111111111111", **facts)


def test_a_replaced_generator_keeps_its_copy_until_it_is_replaced_again(home: Home) -> None:
    keep(home, second(python="envs/new/bin/python"), new_copy(home, "2"), replace=True)
    assert home.read().get("O-1") == second(python="envs/new/bin/python")
    assert (home.path / "repos/O-1-111111111111/generate.py").read_text() == "2"
    assert (home.path / "repos/O-1-000000000000").exists()
    third = entry("O-1", digest="sha256:" + "2" * 64, path="repos/O-1-222222222222")
    keep(home, third, new_copy(home, "3"), replace=True)
    assert not (home.path / "repos/O-1-000000000000").exists()
    assert (home.path / "repos/O-1-111111111111").exists()
    remove(home, "O-1")
    assert [path.name for path in home.repositories.iterdir()] == ["O-2-000000000000"]
    assert not (home.path / "replaced.json").exists()


def test_a_run_in_progress_finds_the_generator_that_it_planned(home: Home) -> None:
    plan = planned(make_run("O-1", "O-2"), *home.read().generators)
    keep(home, second(), new_copy(home, "2"), replace=True)
    found = locate_planned((home.catalogue,), plan)
    assert found["O-1"].entry == entry("O-1")
    assert found["O-2"].entry == entry("O-2")
    again = planned(make_run("O-1"), *home.read().generators)
    assert locate_planned((home.catalogue,), again)["O-1"].entry == second()


def test_a_converter_is_started_with_both_of_its_names() -> None:
    (own,) = (one for one in builtin_catalogue().generators if one.name == "M-import")
    digest = "sha256:" + "0" * 64
    source = PlannedSource(url="sets", items=3, digest=digest)
    pinned = PinnedSource(requested=SourceSpec(url="sets"), source=source)
    run = make_run({"name": "mazes", "converter": "M-import", "source": {"url": "sets"}})
    plan = planned(run, own, sources=PinnedSources(sources={"mazes": pinned}))
    launch = launch_of(locate_planned((), plan)["mazes"], "h264")
    assert (launch.name, launch.converter) == ("mazes", "M-import")


def test_a_replaced_generator_can_come_back(home: Home) -> None:
    old = home.read().get("O-1")
    assert old is not None
    keep(home, second(), new_copy(home, "2"), replace=True)
    keep(home, old, new_copy(home, "1"), replace=True)
    assert home.read().get("O-1") == old
    assert (home.path / "repos/O-1-000000000000/generate.py").read_text() == "1"
    assert (home.path / "repos/O-1-111111111111").exists()


def test_a_name_is_replaced_only_on_request(home: Home) -> None:
    with pytest.raises(InvalidInputError, match="is taken") as caught:
        keep(home, second(), new_copy(home, "2"), replace=False)
    assert "--replace" in caught.value.fix
    assert home.read().get("O-1") == entry("O-1")


def test_the_old_entry_stays_when_the_new_one_cannot_be_written(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Home, "write", fail)
    with pytest.raises(OSError, match="No space"):
        keep(home, second(), new_copy(home, "2"), replace=True)
    assert home.read().get("O-1") == entry("O-1")
    assert sorted(path.name for path in home.repositories.iterdir()) == [
        "O-1-000000000000",
        "O-2-000000000000",
    ]


def test_an_environment_stays_until_its_last_generator_is_removed(home: Home) -> None:
    remove(home, "O-1")
    assert [one.name for one in home.read().generators] == ["O-2"]
    assert not (home.path / "repos/O-1-000000000000").exists()
    assert (home.path / "envs/abc").exists()
    remove(home, "O-2")
    assert not (home.path / "envs/abc").exists()


def test_an_interpreter_outside_the_home_is_never_removed(home: Home, tmp_path: Path) -> None:
    outside = tmp_path / "venv/bin/python"
    outside.parent.mkdir(parents=True)
    outside.touch()
    with home.exclusive():
        home.write(Catalogue(generators=(entry("O-1", python=str(outside)),)))
    remove(home, "O-1")
    assert outside.exists()


def test_removing_an_unknown_generator_is_an_error(home: Home) -> None:
    with pytest.raises(NotFoundError, match="O-9"):
        remove(home, "O-9")


def test_a_home_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VrdataError, match="cannot be used") as caught:
        Home(tmp_path / "file/home").create()
    assert "--home" in caught.value.fix


STAGE = """
import sys
from pathlib import Path
from vrdata_generators.adapter.home import Home

with Home(Path(sys.argv[1])).staging() as staging:
    print(staging, flush=True)
    sys.stdin.read()
"""


def test_only_staging_folders_of_killed_processes_are_removed(home: Home) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STAGE, str(home.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        other = Path(process.stdout.readline().strip())
        with home.staging() as staging:
            assert staging.parent == home.path
            assert other.is_dir()
        process.kill()
        process.wait()
        assert other.is_dir()
        with home.staging() as staging:
            assert staging.is_dir()
            assert not other.exists()
    assert not staging.exists()


def test_a_relocated_catalogue_refers_to_the_same_files(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "else/where"
    changed = relocated(home.read(), home.path, folder).generators[0]
    assert (folder / changed.path).resolve() == home.path / "repos/O-1-000000000000"
    assert relocated(home.read(), home.path, home.path) == home.read()


def test_requirement_sets_list_their_generators() -> None:
    entries = [
        entry("O-1", requirements=("a==1",)),
        entry("O-3", requirements=("b==1",), python="envs/x/bin/python"),
        entry("O-2", requirements=("a==1",)),
    ]
    views = requirement_sets(entries)
    assert [(view.environment, view.generators) for view in views] == [
        ("envs/abc", ("O-1", "O-2")),
        ("envs/x", ("O-3",)),
    ]


def test_a_catalogue_that_cannot_be_replaced_leaves_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "catalogue.json").mkdir()
    with pytest.raises(OSError, match="catalogue"):
        write_atomically(tmp_path / "catalogue.json", "{}")
    assert [path.name for path in tmp_path.iterdir()] == ["catalogue.json"]
