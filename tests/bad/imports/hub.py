"""Datasets of the Hub that cannot be read, and a hub that fails."""

from __future__ import annotations

import hashlib

from bad.imports.files import PAGE, PARQUET
from bad.imports.places import CARD, FILE, SET, Case, committed, every, failing, setting, table_file
from support.services.hub.faults import Fault, refused
from support.services.hub.server import TOKEN

URL = f"hf://{SET} --config easy"
INFO, TREE, BYTES = r"/api/datasets/.*/revision/", r"/tree/", r"/resolve/.*parquet|^/[0-9a-f]{64}"
LARGE = table_file({"image": {"bytes": hashlib.shake_128(b"x").digest(1 << 18), "path": None}})
GATED = setting("gated", True)

HUB = {
    "no organisation": Case("hf://set", 3, "has an organisation"),
    "a model": Case("hf://models/a/b", 3, "only datasets"),
    "a path that climbs": Case("hf://a/..", 3, "not a dataset"),
    "no such dataset": Case("hf://nobody/nothing", 5, "no dataset of this name"),
    "no such configuration": Case(f"hf://{SET} --config medium", 5, "easy, hard"),
    "no configuration of several": Case(f"hf://{SET}", 5, "easy, hard"),
    "no such split": Case(f"{URL} --split train", 5, "test"),
    "no such revision": Case(f"{URL} --revision v9", 5, "v9"),
    "no such configuration of a known dataset": Case(
        "videothinkbench --config Maze",
        5,
        "Mazes",
        lambda place: place.hub.create(
            "OpenMOSS-Team/VideoThinkBench",
            {"README.md": CARD.replace("easy", "Mazes").encode(), FILE: PARQUET},
        ),
    ),
    "no such column": Case(f"{URL} --map final=solution", 3, "image, solution_image"),
    "no files of a card": Case(URL, 5, "has no files", committed(FILE, None)),
    "private without a token": Case(URL, 5, "HF_TOKEN", setting("private", True)),
    "gated without a token": Case(URL, 5, "there is no token", GATED),
    "gated with the token of another": Case(URL, 5, "account of the token", GATED, TOKEN),
    "token that the hub does not know": Case(URL, 5, "does not accept the token", bool, "hf_other"),
    "token with a letter of no token": Case(URL, 5, "HF_TOKEN", bool, "hf_ä"),
    "disabled dataset": Case(URL, 5, "has disabled", setting("disabled", True)),
    "401": Case(URL, 5, "set HF_TOKEN", failing(refused(401), TREE)),
    "403": Case(URL, 5, "Egress", failing(refused(403, "", "Egress is restricted"), INFO)),
    "404 of a file that is listed": Case(
        URL, 3, FILE, failing(refused(404, "EntryNotFound"), BYTES)
    ),
    "429 with a Retry-After that is too long": Case(
        URL, 7, "asks to wait 400 s", failing(refused(429, Retry_After="400"), INFO)
    ),
    "429 without Retry-After": Case(URL, 7, "answered 429", failing(refused(429), TREE)),
    "500": Case(URL, 7, "answered 500", failing(refused(500), INFO)),
    "503 while a footer is read": Case(URL, 7, "answered 503", failing(refused(503), BYTES)),
    "no answer": Case(URL, 7, "no answer within", failing(Fault("hang"), INFO)),
    "half an answer": Case(URL, 7, "no answer within", failing(Fault("stall"), TREE)),
    "ended connection": Case(URL, 7, "connection ended", failing(Fault("drop"), TREE)),
    "half a footer": Case(URL, 7, "connection ended", failing(Fault("cut"), BYTES)),
    "redirects in circles": Case(URL, 7, "circles", failing(Fault("loop"), INFO)),
    "login page instead of facts": Case(URL, 7, "login page", failing(Fault("page"), INFO)),
    "login page instead of a file": Case(URL, 7, "login page", failing(Fault("page"), BYTES)),
    "other JSON": Case(URL, 7, "not the Hub's", failing(Fault("garbage"), INFO)),
    "server that ignores ranges": Case(
        URL,
        7,
        "ignores the header",
        every(committed(FILE, LARGE), failing(Fault("whole"), BYTES)),
    ),
    "other file": Case(URL, 3, "digest", failing(Fault("other file"), BYTES)),
    "web page in the repository": Case(URL, 3, "Parquet", committed(FILE, PAGE)),
    "truncated file": Case(URL, 3, "truncated", committed(FILE, PARQUET[:-9])),
    "card that is not YAML": Case(URL, 3, "README.md", committed("README.md", b"---\na: [\n---\n")),
    "files of a card elsewhere": Case(
        URL,
        3,
        "outside of the dataset",
        committed("README.md", CARD.replace("data/test", "https://x/test").encode()),
    ),
    "endpoint where nobody listens": Case(
        URL,
        7,
        "cannot reach",
        lambda place: place.patch.setenv("HF_ENDPOINT", "http://127.0.0.1:9"),
    ),
}
