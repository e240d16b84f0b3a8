"""An environment with a distribution that has no wheel: what its build and the others can do."""

from __future__ import annotations

import errno
import os
import re
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.generators.distributions import write_source, write_wheel
from vrdata_generators.adapter.environment.pip.run import site_packages
from vrdata_generators.adapter.environment.requirements import RequirementSet
from vrdata_generators.adapter.environment.venv import Environment, VenvBuilder

pytestmark = pytest.mark.slow

# `attempt` is what a call returned, or the number of its error.
LOOK = """
import signal, socket, subprocess

def attempt(call, *arguments):
    try:
        return repr(call(*arguments))
    except OSError as error:
        return error.errno

def read(file):
    with open(file, "rb") as opened:
        return opened.read()

def look():
    parent = os.getppid()
    memory = [f"/proc/{{parent}}/environ", f"/proc/{vrdata}/environ", f"/proc/{vrdata}/mem"]
    files = [*{files!r}, *memory]
    outside = {outside!r}
    return dict(
        environ=dict(os.environ),
        home=os.listdir(os.path.expanduser("~")),
        read=[attempt(read, file) for file in files],
        cat=subprocess.run(["cat", *files], capture_output=True, text=True).stdout,
        listed=[attempt(os.listdir, folder) for folder in outside],
        written=[attempt(open, f"{{folder}}/planted", "x") for folder in outside],
        signalled=[attempt(os.kill, process, signal.SIGCONT) for process in (parent, {vrdata})],
        connected=attempt(socket.socket(socket.AF_UNIX).connect, {socket!r}),
        network=attempt(socket.socket),
    )
"""
SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "planted-aws",
    "PIP_EXTRA_INDEX_URL": "https://user:planted-index@index.invalid/simple",
    "HTTPS_PROXY": "http://user:planted-proxy@127.0.0.1:9",
}


@dataclass(frozen=True)
class Built:
    """An environment, and what the build of `fromsource` saw.

    Attributes:
        marks: a folder that code of the wheels would write to.
    """

    environment: Environment
    seen: dict[str, Any]
    marks: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("index")
    marks = tmp_path_factory.mktemp("marks")
    home, other = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("other")
    envs = tmp_path_factory.mktemp("envs")
    (home / ".config/pip").mkdir(parents=True)
    (home / ".netrc").write_text("machine x.invalid login user password planted-netrc")
    (other / "credentials").write_text("planted-file")
    (home / ".config/pip/pip.conf").write_text(
        f"[global]\nno-index = true\nfind-links = {folder}\n"
    )
    ran = f"open({str(marks)!r} + '/' + __name__, 'w')\n"
    modules = {
        "started.pth": f"import sys; {ran}",
        "pip/__init__.py": ran,
        "pip/_internal/self_outdated_check.py": ran,
        "withcode.py": "def main():\n    print('from a script')\n",
        "{info}/entry_points.txt": "[console_scripts]\nwithcode = withcode:main\n",
    }
    write_wheel(folder, "withcode", "1.0", modules, [f"direct @ file://{folder}/direct-2.tar.gz"])
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(other / "socket"))
    listener.listen()
    files = [
        str(path)
        for path in (home / ".netrc", home / ".config/pip/pip.conf", other / "credentials")
    ]
    outside = [str(path) for path in (home, other, envs)]
    look = LOOK.format(
        files=files, outside=outside, vrdata=os.getpid(), socket=str(other / "socket")
    )
    write_source(folder, "fromsource", "1.2", look)
    write_source(folder, "direct", "2", "def look(): pass")
    with listener, pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("PIP_")]:
            patch.delenv(name)
        for name, value in {**SECRETS, "HOME": str(home)}.items():
            patch.setenv(name, value)
        wanted = RequirementSet(("fromsource", "withcode"), {})
        environment = VenvBuilder(envs).build(wanted)
    seen: dict[str, Any] = {}
    exec((site_packages(environment.python) / "fromsource.py").read_text(), seen)  # noqa: S102
    return Built(environment, seen["SEEN"], marks)


def test_a_distribution_without_a_wheel_is_built_and_named(built: Built) -> None:
    assert built.environment.versions == ("direct==2", "fromsource==1.2", "withcode==1.0")
    named = [warning.partition(" has no wheel")[0] for warning in built.environment.warnings]
    assert named[:2] == ["direct 2", "fromsource 1.2"]


def test_a_build_sees_an_empty_home_and_no_secret(built: Built) -> None:
    assert built.seen["home"] == []
    assert "planted" not in repr(built.seen)
    assert not any(name.startswith("PIP_") for name in built.seen["environ"])


def test_a_build_can_neither_read_nor_write_outside_its_folders(built: Built) -> None:
    assert set(built.seen["read"]) == {errno.EACCES}
    assert set(built.seen["listed"]) == set(built.seen["written"]) == {errno.EACCES}
    assert built.seen["cat"] == ""
    warnings = " ".join(built.environment.warnings)
    for attempt in ("read", "list", "write"):
        assert re.search(rf"tried to {attempt} /\S+ and was refused", warnings)
    assert f"read /proc/{os.getpid()}/environ" in warnings


def test_a_build_reaches_the_network_and_no_other_program(built: Built) -> None:
    assert "socket" in built.seen["network"]
    assert built.seen["connected"] == errno.EACCES
    assert set(built.seen["signalled"]) == {errno.EPERM}
    warnings = " ".join(built.environment.warnings)
    assert "tried to connect to a socket of another program (python" in warnings
    assert "tried to signal" in warnings


def test_an_installation_runs_no_code_of_a_wheel(built: Built) -> None:
    assert list(built.marks.iterdir()) == []


def test_a_script_of_a_distribution_runs_in_its_environment(built: Built) -> None:
    script = built.environment.python.parent / "withcode"
    done = subprocess.run([script], capture_output=True, text=True, check=True)
    assert done.stdout == "from a script\n"
