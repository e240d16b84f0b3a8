"""Signals that the process which starts `vrdata` has ignored."""

import subprocess
import sys

SCRIPT = """
import signal, sys
from vrdata.cli.main import main
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
sys.argv[1:] = ["--version"]
try:
    main()
except SystemExit:
    print(subprocess.run([sys.executable, "-c", "raise SystemExit(3)"]).returncode)
"""


def test_exit_codes_are_known_if_the_caller_ignores_the_end_of_processes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import subprocess{SCRIPT}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "3"
