"""`python -m vrdata_child --fd N`: serve a supervisor over an inherited socket."""

from __future__ import annotations

import argparse
import socket

from vrdata_child.forkserver import Template


def main() -> None:
    """Run the template process."""
    parser = argparse.ArgumentParser(prog="vrdata_child")
    parser.add_argument("--fd", type=int, required=True, help="an inherited SOCK_SEQPACKET socket")
    channel = socket.socket(fileno=parser.parse_args().fd)
    Template(channel).serve()


if __name__ == "__main__":
    main()
