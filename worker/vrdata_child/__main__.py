"""`python -m vrdata_child --fd N`: serve a supervisor over an inherited socket, in a sandbox."""

from __future__ import annotations

import argparse
import gc
import os
import socket

from vrdata_child import own_folder
from vrdata_child.sandbox.__main__ import GUARD_VARIABLE, LANDLOCK_VARIABLE


def main() -> None:
    """Run the template process."""
    gc.disable()  # until the generator is imported: imported code is no garbage
    from vrdata_child.forkserver import Template

    parser = argparse.ArgumentParser(prog="vrdata_child")
    parser.add_argument("--fd", type=int, required=True, help="an inherited SOCK_SEQPACKET socket")
    channel = socket.socket(fileno=parser.parse_args().fd)
    guard = socket.socket(fileno=int(os.environ.pop(GUARD_VARIABLE)))
    for inherited in (channel, guard):
        inherited.set_inheritable(False)
    own_folder.settle(".")
    Template(channel, guard, landlock=int(os.environ.pop(LANDLOCK_VARIABLE))).serve()


if __name__ == "__main__":
    main()
