"""pip with sandboxed builds: what the programs that it starts get, with a stand-in for pip."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from vrdata_generators.adapter.environment.pip import closed
from vrdata_generators.adapter.environment.pip.run import (
    separate_wheels,
    with_settings,
    without_settings,
)
from vrdata_generators.adapter.environment.pip.sandbox import Heard

# It runs its first argument; started by pip for pip, it is `__pip-runner__.py`.
PIP = "import os, subprocess, sys\nexec(sys.argv[1])\n"
SHOW = "import json, os; print(json.dumps(dict(os.environ)))"
RUN = "subprocess.run([sys.executable, '-c', {code!r}], check=True{more})"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    package = tmp_path / "pip"
    package.mkdir()
    for name in ("__init__.py", "__pip-runner__.py"):
        (package / name).write_text("raise SystemExit('not run')" if "runner" in name else "")
    (package / "__main__.py").write_text(PIP)
    return tmp_path


def run_pip(folder: Path, code: str, *command: str) -> subprocess.CompletedProcess[str]:
    plan = folder / "plan.json"
    plan.write_text(
        json.dumps(
            {"command": command, "environ": {"TMPDIR": str(folder)}, "report": 2, "watch": []}
        )
    )
    return subprocess.run(
        [sys.executable, "-I", closed.__file__, str(folder), str(plan), code],
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": "/user",
            "PIP_INDEX_URL": "https://u:secret@x.invalid",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_build_gets_no_setting_of_pip_and_another_home(folder: Path) -> None:
    done = run_pip(folder, RUN.format(code=SHOW, more=""))
    seen = json.loads(done.stdout)
    assert list(Path(seen["HOME"]).iterdir()) == []
    assert "secret" not in done.stdout
    assert not any(name.startswith("PIP_") for name in seen)


def test_what_a_build_leaves_in_its_home_does_not_reach_the_next(folder: Path) -> None:
    code = "import os; open(os.path.expanduser('~/.pydistutils.cfg'), 'x').close()"
    twice = ";".join([RUN.format(code=code, more="")] * 2)
    assert run_pip(folder, twice).returncode == 0


def test_a_build_gets_the_variables_that_pip_sets_for_it(folder: Path) -> None:
    more = ", env={**os.environ, 'PYTHONPATH': '/build', 'PIP_X': '1', '_PIP_Y': '1'}"
    seen = json.loads(run_pip(folder, RUN.format(code=SHOW, more=more)).stdout)
    assert seen["PYTHONPATH"] == "/build"
    assert not {"PIP_X", "_PIP_Y"} & seen.keys()


@pytest.mark.parametrize("program", [[sys.executable, "-c", "pass"], ["git", "clone"], ["uname"]])
def test_every_program_is_started_in_a_sandbox(folder: Path, program: list[str]) -> None:
    done = run_pip(folder, f"subprocess.run({program!r}, check=True)", "echo", "closed")
    assert done.stdout.split() == ["closed", *program]


def test_pip_keeps_its_settings_and_sandboxes_builds_when_it_starts_itself(
    folder: Path,
) -> None:
    inner = "print(os.environ['PIP_INDEX_URL'], flush=True); " + RUN.format(code=SHOW, more="")
    runner = str(folder / "pip" / "__pip-runner__.py")
    done = run_pip(folder, f"subprocess.run([sys.executable, {runner!r}, {inner!r}], check=True)")
    first, second = done.stdout.splitlines()
    assert "secret" in first
    assert "secret" not in second
    assert json.loads(second)["HOME"] != "/user"


@pytest.mark.parametrize(
    "start",
    [
        "os.system('echo started')",
        "os.posix_spawn('/bin/echo', ['echo', 'started'], os.environ)",
        "os.execv('/bin/echo', ['echo', 'started'])",
        "os.fork()",
        "subprocess.run('echo started', shell=True)",
        "subprocess.run(['x', 'started'], executable='/bin/echo')",
    ],
)
def test_a_program_that_cannot_be_sandboxed_does_not_start(folder: Path, start: str) -> None:
    done = run_pip(folder, start)
    assert "PermissionError" in done.stderr
    assert "started\n" not in done.stdout


USER = {
    "PATH": "/bin",
    "HOME": "/user",
    "XDG_CONFIG_HOME": "/user/config",
    "LANG": "C.UTF-8",
    "HDF5_DIR": "/opt/hdf5",
    "AWS_SECRET_ACCESS_KEY": "aws",
    "PIP_INDEX_URL": "https://u:index@x.invalid/simple",
    "PIP_TARGET": "/elsewhere",
    "PYTHONPATH": "/user/modules",
    "NETRC": "/user/netrc",
    "https_proxy": "http://u:proxy@proxy.invalid",
    "no_proxy": "localhost",
}


def test_pip_gets_its_settings_and_no_other_secret(tmp_path: Path) -> None:
    given = with_settings(USER, tmp_path)
    assert USER.keys() - given.keys() == {"AWS_SECRET_ACCESS_KEY", "PIP_TARGET", "PYTHONPATH"}
    assert given["TMPDIR"] == str(tmp_path / "tmp")


def test_a_build_gets_neither_settings_nor_secrets_nor_the_home_of_the_user(
    tmp_path: Path,
) -> None:
    kept = {name: USER[name] for name in ("PATH", "LANG", "HDF5_DIR", "no_proxy")}
    assert without_settings(USER, tmp_path) == {**kept, "TMPDIR": str(tmp_path / "tmp")}


def test_attempts_are_read_from_a_file_only(tmp_path: Path) -> None:
    record, heard = tmp_path / "record", Heard()
    record.write_text('"read /home/user/.ssh/id"\nnot JSON\n\n')
    heard.read(record)
    assert heard.refusals() == [
        "a program that built its environment tried to read /home/user/.ssh/id and was refused"
    ]
    (tmp_path / "link").symlink_to(record)
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", "missing"):
        other = Heard()
        other.read(tmp_path / name)
        assert other.refusals() == []


def test_pip_shares_downloads_but_no_built_wheels_with_the_user(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    (shared / "wheels").mkdir(parents=True)
    separate_wheels(shared, tmp_path / "cache")
    assert with_settings(USER, tmp_path)["PIP_CACHE_DIR"] == str(tmp_path / "cache")
    assert (tmp_path / "cache" / "http-v2").resolve() == shared / "http-v2"
    assert (tmp_path / "cache" / "wheels").resolve() == tmp_path / "cache" / "wheels"


def test_a_cache_that_cannot_be_written_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    separate_wheels(tmp_path / "file", tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["wheels"]
