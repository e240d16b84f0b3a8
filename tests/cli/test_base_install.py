"""Without the packages of the extras, a command runs or names the extra in one line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

OPTIONAL = {
    "boto3": "s3",
    "numpy": "local",
    "PIL": "local",
    "cv2": "local",
    "av": "local",
    "zlib_ng": "local",
    "packaging": "local",
    "pyarrow": "local",
    "jinja2": "local",
    "huggingface_hub": "import",
}
COMMANDS = [
    "--version",
    "init --output new.yaml",
    "validate run.yaml",
    "plan run.yaml --out out",
    "run run.yaml --local --out out",
    "verify out",
    "verify out --no-decode",
    "report out --out page",
    "download out copy",
    "upload folder store",
    "download s3://bucket/x back",
    "upload folder s3://bucket/x",
    "verify s3://bucket/x",
    "export out exported --layout vbvr",
    "export out exported.tar.gz --layout pro",
    "import hf://a/b --output q",
    "generators list",
    "generators add ./folder --name O-x --no-proof",
    "generators test O-maze -n 1",
    "generators new O-mine --dir mine",
    "generators requirements",
    "generators catalog",
    "generators remove O-none",
    "doctor -o json",
]
# Blocks modules, then runs each command in a fork, so that none sees the imports of another.
SCRIPT = """
import json, os, sys
blocked = set(sys.argv[1].split(","))
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocker())
from typer import testing
from vrdata.cli.main import app
commands = testing._get_command(app)
testing._get_command = lambda _: commands  # built once, not in each fork
for line in json.loads(sys.argv[2]):
    sys.stdout.flush()
    child = os.fork()
    if not child:
        result = testing.CliRunner().invoke(app, line.split())
        failed = result.exception is not None and not isinstance(result.exception, SystemExit)
        what = repr(result.exception) if failed else result.stderr
        print(json.dumps([line, result.exit_code, what, failed]), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("VRDATA_GENERATORS", str(tmp_path / "home"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "any")
    (tmp_path / "run.yaml").write_text(
        '{"apiVersion": "vrdata.dev/v1alpha1", "kind": "GenerationRun", "metadata": '
        '{"name": "demo"}, "spec": {"generators": [{"name": "O-maze", "samples": 1}]}}'
    )
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/file").write_text("x")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/file").write_text("x")
    return tmp_path


def run_without(blocked: list[str], lines: list[str], folder: Path) -> dict[str, tuple[int, str]]:
    """Exit code and standard error of each command."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, ",".join(blocked), json.dumps(lines)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line for line, _, _, _ in results] == lines, done.stderr
    tracebacks = {line: what for line, _, what, failed in results if failed}
    assert tracebacks == {}
    return {line: (code, what) for line, code, what, _ in results}


def test_a_base_install_runs_what_it_can_and_names_the_extra_of_the_rest(here: Path) -> None:
    found = run_without([*OPTIONAL, "botocore"], COMMANDS, here)
    needs = {
        "run run.yaml --local --out out": ".[local]",
        "report out --out page": ".[local]",
        "generators test O-maze -n 1": ".[local]",
        "generators add ./folder --name O-x --no-proof": ".[local]",
        "download s3://bucket/x back": ".[s3]",
        "upload folder s3://bucket/x": ".[s3]",
        "verify s3://bucket/x": ".[s3]",
        "import hf://a/b --output q": ".[local]",
    }
    named = {line: extra for line, extra in needs.items() if extra in found[line][1]}
    assert named == needs
    assert all(found[line][0] != 0 for line in needs)
    works = ("--version", "init", "validate", "plan", "download out", "upload folder store")
    failed = {line: found[line] for line in found if line.startswith(works) and "s3:" not in line}
    assert {code for code, _ in failed.values()} == {0}, failed


@pytest.mark.slow
@pytest.mark.parametrize("module", OPTIONAL)
def test_without_one_package_no_command_ends_in_a_traceback(here: Path, module: str) -> None:
    lines = [line for line in COMMANDS if line.startswith(("run", "verify out", "report"))]
    if module == "boto3":
        lines = [line for line in COMMANDS if "s3://" in line]
    if module == "huggingface_hub":
        lines = [line for line in COMMANDS if "hf://" in line]
    found = run_without([module], lines, here)
    for line, (code, text) in found.items():
        if "not installed" in text:
            assert code == 1, line
            assert f".[{OPTIONAL[module]}]" in text or ".[worker]" in text, line
