"""The code of a generator that tells in its samples what it can do with staged sources."""

GENERATOR = """
import json
import os
import socket
from pathlib import Path

from PIL import Image
from vrdata_generators.api import Generator, Sample

OWN = Path("/proc/self/fd/200")


def tried(action):
    try:
        action()
    except OSError as error:
        return type(error).__name__
    return "done"


def rewritten(link):
    link.chmod(0o666)
    with link.open("r+b") as file:
        file.write(b"changed")


def linked(file):
    os.link(file, "linked")
    rewritten(Path("linked"))


def renamed(file):
    os.rename(file, "moved")


def asked(entry, number, name, start, stop):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(OWN / entry["socket"]))
        request = {"source": number, "name": name, "start": start, "stop": stop}
        client.sendall(json.dumps(request).encode() + b"\\n")
        stream = client.makefile("rb")
        answer = json.loads(stream.readline())
        return answer.get("error") or stream.read(answer["bytes"]).decode()


class Probe(Generator):
    name, domain, generator_class = "M-scans", "scan", "M"

    def params(self, rng, index):
        entries = json.loads((OWN / "sources.json").read_bytes())
        facts = {"places": [entry["place"] for entry in entries]}
        for number, entry in enumerate(entries):
            if not entry["folder"]:
                name, size = entry["files"][0]
                facts["range"] = asked(entry, number, name, 2, size)
                facts["outside"] = asked(entry, number, "../other", 0, 1)
                continue
            tree = Path(entry["folder"])
            file = tree / "labels.csv"
            Path("link").symlink_to(file)
            facts |= {
                "text": file.read_text(),
                "write": tried(lambda: file.open("r+b")),
                "create": tried(lambda: (tree / "new").open("wb")),
                "remove": tried(file.unlink),
                "chmod": tried(lambda: file.chmod(0o666)),
                "chmod of the folder": tried(lambda: tree.chmod(0o777)),
                "hard link": tried(lambda: linked(file)),
                "link": tried(lambda: rewritten(Path("link"))),
                "rename": tried(lambda: renamed(file)),
                "other sources": tried(lambda: os.listdir(tree.parent.parent)),
                "locks": tried(lambda: os.listdir(tree.parent.parent.parent / "locks")),
            }
            os.unlink("link")
        return facts

    def render(self, params):
        picture = Image.new("RGB", (16, 16), (1, 2, 3))
        return Sample(picture, picture, "Look.", iter([picture] * 4), ground_truth=params)
"""
