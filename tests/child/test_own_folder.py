"""Folders that libraries choose when they are imported, and that blocks write to later."""

import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.generators.probe import Probes, open_probes
from vrdata_child import own_folder

AT_IMPORT = """
import os, pathlib, tempfile
HOME = pathlib.Path.home()
TMP = tempfile.gettempdir()
CACHE = os.path.join(os.environ["MPLCONFIGDIR"], "cache")
"""
USE = """
import os, pathlib
from core import CACHE, HOME, TMP
seen = [os.listdir(HOME), os.listdir(TMP), os.path.exists(CACHE)]
for place in (HOME / "a", pathlib.Path(TMP, "b"), pathlib.Path(CACHE)):
    place.write_text("x")
own = os.path.dirname(os.getcwd())
facts = [seen, [os.path.realpath(place).startswith(own) for place in (HOME, TMP, CACHE)]]
"""


@pytest.fixture(scope="module")
def probes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Probes]:
    with open_probes(tmp_path_factory.mktemp("probes"), AT_IMPORT) as running:
        yield running


def test_a_folder_chosen_at_import_is_private_to_each_block(probes: Probes) -> None:
    for _ in range(2):
        seen, own = probes.run(USE)
        assert seen == [[], [], False], "a block sees what another one wrote"
        assert own == [True, True, True]


def test_matplotlib_finds_its_folders_again_in_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    place = ["template"]

    def remembered() -> object:
        called, ret = False, ""

        def wrapper() -> str:
            nonlocal called, ret
            if not called:
                ret, called = place[0], True
            return ret

        return wrapper

    library = types.ModuleType("matplotlib")
    texts = types.ModuleType("matplotlib.texmanager")
    manager = type("TexManager", (), {"_texcache": "template/tex.cache"})
    vars(library).update(get_configdir=remembered(), get_cachedir=remembered())
    vars(texts)["TexManager"] = manager
    monkeypatch.setitem(sys.modules, "matplotlib", library)
    monkeypatch.setitem(sys.modules, "matplotlib.texmanager", texts)
    assert library.get_configdir() == library.get_cachedir() == "template"
    place[0] = "block"
    own_folder.move_matplotlib()
    assert library.get_configdir() == library.get_cachedir() == "block"
    assert str(Path("block", "tex.cache")) == vars(manager)["_texcache"]
