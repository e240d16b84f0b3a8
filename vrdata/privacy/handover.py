"""Hand secrets to a worker through its pipe: the environment of a process can be read.

The worker sets them as its own variables after it has made itself non-dumpable. They stay there,
because boto3 reads them again when it renews credentials. Every program that vrdata starts gets an
explicit environment without them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TextIO


def handover(secrets: Mapping[str, str]) -> bytes:
    """The line for `take_over`."""
    return json.dumps(dict(secrets)).encode() + b"\n"  # ASCII, also for bytes that are not UTF-8


def take_over(pipe: TextIO) -> None:
    """Read one line of `handover` from a pipe and set its variables in this process.

    At the end of the pipe, nothing is set: the sender has ended.

    Raises:
        ValueError: the line has another form.
    """
    line = pipe.readline()
    if line:
        os.environ.update(json.loads(line))
