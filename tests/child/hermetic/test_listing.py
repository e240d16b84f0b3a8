"""The order in which a file system lists a folder does not reach a generator."""

from __future__ import annotations

import pytest

from support.generators.probe import Probes

NAMES = [f"{number * 7919 % 1000:03d}" for number in range(40)]
# Each lists the folder `d`, which holds one file for each name, and the folder `e` with one file.
LISTINGS = {
    "os.listdir": "os.listdir('d')",
    "os.listdir of bytes": "[os.fsdecode(name) for name in os.listdir(b'd')]",
    "os.listdir by keyword": "os.listdir(path='d')",
    "os.listdir of a descriptor": "os.listdir(os.open('d', os.O_RDONLY))",
    "os.scandir": "[entry.name for entry in os.scandir('d')]",
    "os.scandir as a context": "in_context('d')",
    "os.walk": "next(iter(os.walk('d')))[2]",
    "glob": "[os.path.basename(path) for path in glob.glob('d/*')]",
    "Path.iterdir": "[path.name for path in pathlib.Path('d').iterdir()]",
    "Path.glob": "[path.name for path in pathlib.Path('d').glob('*')]",
    "Path.rglob": "[path.name for path in pathlib.Path('d').rglob('*')]",
}
PREAMBLE = f"""
import glob, os, pathlib, shutil
os.mkdir("d")
for name in {NAMES!r}:
    open(os.path.join("d", name), "w").close()

def in_context(folder):
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if entry.is_file()]

"""


@pytest.fixture(scope="module")
def listed(probes: Probes) -> dict[str, list[str]]:
    answer: dict[str, list[str]] = probes.evaluate(LISTINGS, PREAMBLE)
    return answer


@pytest.mark.parametrize("listing", LISTINGS)
def test_a_folder_is_listed_in_the_order_of_names(
    listing: str, listed: dict[str, list[str]]
) -> None:
    assert listed[listing] == sorted(NAMES)


def test_a_closed_listing_is_empty_and_a_missing_folder_an_error(probes: Probes) -> None:
    code = """
        import os, shutil
        os.makedirs("a/b/c")
        entries = os.scandir("a")
        entries.close()
        shutil.copytree("a", "copy")
        shutil.rmtree("a")
        try:
            os.listdir("a")
        except FileNotFoundError as error:
            facts = [list(entries), os.listdir("copy"), error.filename]
        facts.append(shutil.rmtree.avoids_symlink_attacks)
    """
    assert probes.run(code) == [[], ["b"], "a", True]
