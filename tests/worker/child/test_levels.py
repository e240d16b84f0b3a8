"""A template says how far the kernel sandboxes it, and refuses to import if that is too little."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.services.old_kernel import LANDLOCK, LISTENER, lacking
from vrdata.contract.worker import StoreSettings, WorkerConfig

_START = """
import json, sys
from pathlib import Path
from vrdata_worker.child.launch import Launch, TemplateBrokenError
from vrdata_worker.child.template import GeneratorTemplate

root, scratch, required = sys.argv[1:]
launch = Launch("O-x", "api", root, hermetic=required or None)
template = GeneratorTemplate(launch, Path(scratch))
found = {}
try:
    template.start()
except TemplateBrokenError as error:
    found = {"reason": error.reason, "message": str(error)}
finally:
    template.close()
(log,) = Path(scratch).glob("*/template.log")
print(json.dumps(found | template.hermetic.to_dict() | {"imported": "imported" in log.read_text()}))
"""


def start(folder: Path, *lacks: str, required: str = "") -> Any:
    """What became of a template whose kernel lacks these parts."""
    root, scratch = folder / "root", folder / "scratch"
    root.mkdir()
    scratch.mkdir()
    (root / "generator.py").write_text("print('imported', flush=True)\n")
    command = [sys.executable, "-c", _START, str(root), str(scratch), required]
    done = subprocess.run(
        lacking(lacks, command), capture_output=True, text=True, timeout=120, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("lacks", "landlock", "missing"),
    [
        ((LANDLOCK,), False, "the kernel has no Landlock"),
        ((LISTENER,), True, "seccomp"),
        ((LANDLOCK, LISTENER), False, "the kernel has no Landlock; seccomp"),
    ],
    ids=["no Landlock", "no listener", "neither"],
)
def test_a_kernel_that_lacks_a_part_gives_the_level_python(
    tmp_path: Path, lacks: tuple[str, ...], landlock: bool, missing: str
) -> None:
    found = start(tmp_path, *lacks)
    assert (found["level"], bool(found["landlock"])) == ("python", landlock)
    assert missing in found["missing"]
    assert found["imported"]


def test_a_template_that_requires_the_kernel_imports_nothing_without_it(tmp_path: Path) -> None:
    found = start(tmp_path, LANDLOCK, required="kernel")
    assert found["reason"] == "NotHermetic"
    assert "hermetic: Kernel" in found["message"]
    assert found["missing"] in found["message"]
    assert not found["imported"]


def test_a_configuration_without_a_required_level_is_one_of_earlier_versions() -> None:
    config = WorkerConfig(store=StoreSettings(url="s3://b"), prefix="", plan="sha256:1")
    assert b"hermetic" not in config.to_json()
    required = config.model_copy(update={"hermetic": "kernel"})
    assert WorkerConfig.model_validate_json(required.to_json()).hermetic == "kernel"
