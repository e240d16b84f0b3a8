"""The code of a converter that tells in its metadata what it can reach."""

CONVERTER = """
import os
import socket

from PIL import Image
from vrdata_generators.api import Converted, Converter


def tried(action):
    try:
        action()
    except OSError as error:
        return type(error).__name__
    return "done"


def everything():
    found = dict(os.environ)
    for process in (os.getpid(), os.getppid()):
        try:
            found[f"process {process}"] = open(f"/proc/{process}/environ").read()
        except OSError:
            pass
    return repr(found)


class Probe(Converter):
    name, domain = "M-probe", "probe"

    def convert(self, item, options):
        path = next(iter(item.files.values()))
        if path.name == options.get("bad"):
            raise ValueError("it is bad")
        facts = {
            "write": tried(lambda: open(path, "r+b")),
            "create": tried(lambda: open(path.parent / "new", "wb")),
            "remove": tried(path.unlink),
            "chmod": tried(lambda: path.chmod(0o666)),
            "network": tried(lambda: socket.create_connection(("127.0.0.1", 9), 1)),
            "environment": everything(),
        }
        yield Converted(first=Image.open(path), prompt=item.key, metadata=facts)
"""
