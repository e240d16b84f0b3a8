"""Which files a generator can read: its code and the system's, nothing of the user's home."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata_child.sandbox import places
from vrdata_child.sandbox.landlock import READ, READ_FILE, WRITE, WRITE_FILE, Grant
from vrdata_child.sandbox.places import readable, without_needless, writable


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's home."""
    folder = tmp_path / "home" / "user"
    folder.mkdir(parents=True)
    monkeypatch.setattr(places, "_home", lambda: os.path.realpath(folder))
    return folder


def made(*paths: Path) -> Path:
    """Make empty files; returns the first."""
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return paths[0]


def can_read(path: Path, python: Path, **environ: str) -> bool:
    """Whether a grant of the interpreter and the variables holds for a file."""
    granted = {grant.path for grant in readable([], str(python), environ) if grant.rights & READ}
    real = Path(os.path.realpath(path))
    return any(str(one) in granted for one in (path, *path.parents, real, *real.parents))


def test_an_environment_and_the_installation_below_it_are_readable(home: Path) -> None:
    installed = made(home / ".pyenv/versions/3.12/bin/python3.12", home / ".pyenv/secret").parents[
        1
    ]
    environment = home / "code/.venv"
    made(environment / "bin/activate")
    (environment / "bin/python").symlink_to(installed / "bin/python3.12")
    (environment / "pyvenv.cfg").write_text(f"home = {installed / 'bin'}\nversion = 3.12\n")
    python = environment / "bin/python"
    assert can_read(environment / "lib/python3.12/site-packages/x.py", python)
    assert can_read(installed / "lib/python3.12/os.py", python)
    assert not can_read(home / ".pyenv/secret", python)
    assert not can_read(home / "code/notes", python)
    assert not can_read(home / ".aws/credentials", python)


@pytest.mark.parametrize("place", [".", ".."], ids=["in the home", "above the home"])
def test_an_environment_in_the_home_itself_opens_only_its_own_folders(
    home: Path, place: str
) -> None:
    environment = (home / place).resolve()
    python = made(environment / "bin/python", environment / "pyvenv.cfg")
    assert can_read(environment / "lib/python3.12/os.py", python)
    assert can_read(python, python)
    assert not can_read(home / ".aws/credentials", python)
    assert not can_read(environment / ".ssh/id_rsa", python)


@pytest.mark.parametrize("name", ["bin/python", "python"])
def test_an_interpreter_in_the_home_itself_does_not_open_the_home(home: Path, name: str) -> None:
    python = made(home / name)
    assert not can_read(home / ".aws/credentials", python)
    assert not can_read(home.parent / "other/.ssh/id_rsa", python)


def test_a_conda_environment_is_readable_as_a_whole(home: Path) -> None:
    conda = home / "miniconda3/envs/x"
    made(conda / "conda-meta/history", conda / "bin/ffmpeg")
    python = Path(sys.executable)
    assert can_read(conda / "etc/fonts/fonts.conf", python, PATH=f"{conda}/bin:/usr/bin")
    assert not can_read(home / "miniconda3/pkgs/x", python, PATH=f"{conda}/bin:/usr/bin")


def test_folders_of_programs_open_the_libraries_beside_them(home: Path) -> None:
    python = Path(sys.executable)
    path = f"{home}/.local/bin:relative/bin::{home}:{home}/code/../:/:{home}/bin"
    assert can_read(home / ".local/bin/blender", python, PATH=path)
    assert can_read(home / ".local/lib/libx.so", python, PATH=path)
    assert can_read(home / "bin/tool", python, PATH=path)
    assert not can_read(home / ".local/share/keyrings/x", python, PATH=path)
    assert not can_read(home / "lib/x", python, PATH=path)
    assert not can_read(home / ".aws/credentials", python, PATH=path)
    assert not can_read(home / ".aws/credentials", python, LD_LIBRARY_PATH=f"{home}:/:{home}/lib")


def test_packages_are_readable_where_they_are(home: Path) -> None:
    source = home / "source/package"
    made(source / "__init__.py")
    packages = home / "template/packages"
    packages.mkdir(parents=True)
    (packages / "package").symlink_to(source)
    python = Path(sys.executable)
    assert can_read(source / "__init__.py", python, PYTHONPATH=str(packages))
    assert not can_read(home / "source/secret", python, PYTHONPATH=str(packages))
    assert not can_read(home / "x", python, PYTHONPATH=f"{home}::{home}/missing")


def test_nothing_secret_of_the_system_is_readable(home: Path) -> None:
    python = Path(sys.executable)
    closed = "/etc/shadow /etc/machine-id /etc/sudoers /etc/ssl/private/x /root/.aws/credentials"
    closed += " /run/secrets/x /var/run/docker.sock /tmp/x /var/lib/x /dev/pts/0 /dev/sda /boot/x"
    assert [path for path in closed.split() if can_read(Path(path), python)] == []


def test_only_the_folders_and_shared_memory_are_writable() -> None:
    rights = {grant.path: grant.rights for grant in writable(["/block"])}
    assert rights.keys() == {"/block", places.SHARED_MEMORY}
    assert rights["/block"] == READ | WRITE
    for grant in readable([], sys.executable, {}):
        assert not grant.rights & WRITE & ~WRITE_FILE
        assert not grant.rights & WRITE_FILE or grant.path.startswith("/dev/")


paths = st.lists(st.sampled_from("abc"), max_size=3).map(lambda parts: "/" + "/".join(parts))
grants = st.lists(st.builds(Grant, paths, st.sampled_from([READ, READ_FILE, READ | WRITE])))


@given(grants, paths)
def test_fewer_rules_give_the_same_rights(given_grants: list[Grant], path: str) -> None:
    def rights(found: list[Grant]) -> int:
        above = {path, *(str(one) for one in Path(path).parents)}
        total = 0
        for grant in found:
            total |= grant.rights if grant.path in above else 0
        return total

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "exists", lambda _path: True)
        fewer = without_needless(given_grants)
    assert rights(fewer) == rights(given_grants)
    assert len(fewer) <= len({os.path.realpath(grant.path) for grant in given_grants})
