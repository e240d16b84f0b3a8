"""The memory of the guard, where the kernel has no Landlock."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support.attempts.users import as_ordinary_user
from support.services.old_kernel import LANDLOCK, lacking

_INSIDE = """
import os
for process, name in ((os.getpid(), "its own"), (os.getppid(), "its guard")):
    try:
        os.close(os.open(f"/proc/{process}/mem", os.O_RDWR))
        print("opened", name)
    except PermissionError:
        print("refused", name)
"""
_RUN = """
import os, sys
from pathlib import Path
from vrdata_generators.adapter.closed import run_closed
done = run_closed([sys.executable, "-I", "-S", "-c", sys.argv[2]], seconds=60,
    env={"PATH": os.defpath}, cwd=Path(sys.argv[1]), write=[Path(sys.argv[1])])
print(done.stdout, done.stderr)
"""


def test_a_program_cannot_write_to_the_memory_of_its_guard(tmp_path: Path) -> None:
    run = as_ordinary_user([sys.executable, "-c", _RUN, str(tmp_path), _INSIDE])
    done = subprocess.run(
        lacking((LANDLOCK,), run),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert done.stdout.splitlines()[:2] == ["opened its own", "refused its guard"], done.stdout
