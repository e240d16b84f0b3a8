"""An environment with a distribution that has no wheel: what its build and the others can do."""

from __future__ import annotations

import os
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

LOOK = """
def look():
    home = os.path.expanduser("~")
    return {"environ": dict(os.environ), "home": os.listdir(home)}
"""
SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "planted-aws",
    "PIP_EXTRA_INDEX_URL": "https://user:planted-index@index.invalid/simple",
    "HTTPS_PROXY": "http://user:planted-proxy@127.0.0.1:9",
}


@dataclass(frozen=True)
class Built:
    """An environment, and what the build of `fromsource` saw."""

    environment: Environment
    seen: dict[str, Any]
    marks: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("index")
    marks = tmp_path_factory.mktemp("marks")
    home = tmp_path_factory.mktemp("home")
    (home / ".config/pip").mkdir(parents=True)
    (home / ".config/pip/pip.conf").write_text(
        f"[global]\nno-index = true\nfind-links = {folder}\n"
    )
    ran = f"open({str(marks)!r} + '/' + __name__, 'w')\n"
    files = {
        "started.pth": f"import sys; {ran}",
        "pip/__init__.py": ran,
        "pip/_internal/self_outdated_check.py": ran,
        "withcode.py": "def main():\n    print('from a script')\n",
        "{info}/entry_points.txt": "[console_scripts]\nwithcode = withcode:main\n",
    }
    write_wheel(folder, "withcode", "1.0", files, [f"direct @ file://{folder}/direct-2.tar.gz"])
    write_source(folder, "fromsource", "1.2", LOOK)
    write_source(folder, "direct", "2", LOOK)
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("PIP_")]:
            patch.delenv(name)
        for name, value in {**SECRETS, "HOME": str(home)}.items():
            patch.setenv(name, value)
        wanted = RequirementSet(("fromsource", "withcode"), {})
        environment = VenvBuilder(tmp_path_factory.mktemp("envs")).build(wanted)
    seen: dict[str, Any] = {}
    exec((site_packages(environment.python) / "fromsource.py").read_text(), seen)  # noqa: S102
    return Built(environment, seen["SEEN"], marks)


def test_a_distribution_without_a_wheel_is_built_and_named(built: Built) -> None:
    assert built.environment.versions == ("direct==2", "fromsource==1.2", "withcode==1.0")
    assert built.environment.built == ("direct 2", "fromsource 1.2")


def test_a_build_sees_an_empty_home_and_no_secret(built: Built) -> None:
    assert built.seen["home"] == []
    assert "planted" not in repr(built.seen)
    assert not any(name.startswith("PIP_") for name in built.seen["environ"])


def test_an_installation_runs_no_code_of_a_wheel(built: Built) -> None:
    assert list(built.marks.iterdir()) == []


def test_a_script_of_a_distribution_runs_in_its_environment(built: Built) -> None:
    script = built.environment.python.parent / "withcode"
    done = subprocess.run([script], capture_output=True, text=True, check=True)
    assert done.stdout == "from a script\n"
