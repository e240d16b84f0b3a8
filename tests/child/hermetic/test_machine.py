"""A generator sees no fact of the machine that it could write into content."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

import pytest

from support.generators.probe import Probes, open_probes

FACTS = {
    "host": ("socket.gethostname()", "localhost"),
    "full host": ("socket.getfqdn()", "localhost"),
    "node": ("platform.node()", "localhost"),
    "kernel": ("[platform.release(), platform.version()]", ["6.1.0", "#1"]),
    "uname": ("os.uname().nodename", "localhost"),
    "architecture": ("platform.machine()", platform.machine()),
    "user": ("getpass.getuser()", "vrdata"),
    "login": ("os.getlogin()", "vrdata"),
    "account": ("list(pwd.getpwuid(os.getuid()))[:1]", ["vrdata"]),
    "home of the account": ("pwd.getpwuid(os.getuid()).pw_dir == os.environ['HOME']", True),
    "network address": ("uuid.getnode()", 0x0242_AC11_0002),
    "processors": (
        "[os.cpu_count(), multiprocessing.cpu_count(), len(os.sched_getaffinity(0))]",
        [4, 4, 4],
    ),
    "time zone": ("list(time.tzname)", ["UTC", "UTC"]),
    "git's user": ("git('config', 'user.name')", ""),
}
PREAMBLE = """
import getpass, multiprocessing, os, platform, pwd, socket, subprocess, time, uuid

def git(*words, folder=None):
    done = subprocess.run(["git", *words], capture_output=True, text=True, cwd=folder)
    return done.stdout.strip()

"""


@pytest.fixture(scope="module")
def found(probes: Probes) -> dict[str, object]:
    table = {name: code for name, (code, _) in FACTS.items()}
    answer: dict[str, object] = probes.evaluate(table, PREAMBLE)
    return answer


@pytest.mark.parametrize("fact", FACTS)
def test_a_fact_of_the_machine_is_a_constant(fact: str, found: dict[str, object]) -> None:
    assert found[fact] == FACTS[fact][1]


def test_the_environment_has_no_variable_of_the_user(
    probes: Probes, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = probes.run("import os\nfacts = dict(os.environ)")
    assert set(facts) <= {
        *("PATH", "LD_LIBRARY_PATH", "TMPDIR", "HOME", "MPLCONFIGDIR", "PYTHONPATH"),
        *("PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE", "PYTHONUTF8", "TZ", "LC_ALL"),
        *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
        *("SOURCE_DATE_EPOCH", "MPLBACKEND", "USER", "LOGNAME", "LNAME", "USERNAME"),
        *("NPY_DISABLE_CPU_FEATURES", "OPENBLAS_CORETYPE", "OPENCV_IPP"),
        *("GIT_CEILING_DIRECTORIES", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL"),
    }


@pytest.mark.skipif(
    " avx2 " not in Path("/proc/cpuinfo").read_text(), reason="the libraries have one kind of code"
)
def test_numeric_libraries_use_the_same_code_on_processors_with_and_without_avx512(
    probes: Probes,
) -> None:
    code = """
        import os
        from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
        names = [name for name in __cpu_dispatch__ if name == "X86_V4" or name.startswith("AVX512")]
        facts = {
            "named": set(names) <= set(os.environ["NPY_DISABLE_CPU_FEATURES"].split()),
            "used": [name for name in names if __cpu_features__[name]],
            "blas": os.environ["OPENBLAS_CORETYPE"],
            "opencv": os.environ["OPENCV_IPP"],
        }
    """
    assert probes.run(code) == {"named": True, "used": [], "blas": "Haswell", "opencv": "avx2"}


def test_git_finds_no_repository_around_the_generator(tmp_path: Path) -> None:
    around = tmp_path / "lab"
    around.mkdir()
    for words in (
        ["init", "--quiet", "."],
        ["remote", "add", "origin", "https://user:token@example.org/lab.git"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "a"],
    ):
        subprocess.run(["git", *words], cwd=around, check=True, env={**os.environ, "HOME": "/"})
    inside = around / "home"
    inside.mkdir()
    code = f"""{PREAMBLE}
places = [None, {str(inside / "generator")!r}, {str(inside)!r}, {str(around)!r}]
facts = [git("rev-parse", "HEAD", folder=place) for place in places[:3]]
facts += [git("config", "remote.origin.url", folder=place) for place in places[:3]]
own = os.path.join(os.environ["TMPDIR"], "own")
git("init", "--quiet", own)
facts.append(git("rev-parse", "--show-prefix", folder=own) + str(os.path.isdir(own + "/.git")))
"""
    with open_probes(inside) as probes:
        assert probes.run(code) == ["", "", "", "", "", "", "True"]
