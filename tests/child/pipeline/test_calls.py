"""What a watched walk records."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

_WATCH = """
import os, subprocess, sys
from pathlib import Path
from vrdata_child.pipeline.calls import Calls

folder = Path(sys.argv[1])
calls = Calls(str(folder), folder / "out")
with calls.watching():
    subprocess.run(["/bin/true"], check=True)
    os.waitpid(os.posix_spawn("/bin/ls", ["ls", "-d", "/"], os.environ), 0)
    os.system("ffmpeg -version > /dev/null 2>&1")
calls.write(folder)
"""


def test_every_way_to_start_a_program_is_seen(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "sources.json").write_text("[]")
    command = [sys.executable, "-c", _WATCH, str(tmp_path)]
    subprocess.run(command, check=True, timeout=60, stdout=subprocess.DEVNULL)
    programs = json.loads((tmp_path / "calls.json").read_text())["programs"]
    assert programs == ["ls", "sh", "true"]
