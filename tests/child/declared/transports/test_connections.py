"""Connections of http.client and of aiohttp, and fsspec over them, in the sandbox."""

from __future__ import annotations

from child.declared.conftest import Pipelines


def test_connections_of_http_client_read_a_declared_source(pipelines: Pipelines) -> None:
    facts = pipelines.run(
        """
from http.client import HTTPConnection, HTTPSConnection

def ask(connection, *words, **options):
    connection.request(*words, **options)
    answer = connection.getresponse()
    return [answer.status, answer.read().decode()]

kept = HTTPSConnection("data.example", timeout=5)
facts = {
    "whole": ask(kept, "GET", "/x/top.csv"),
    "again": ask(kept, "GET", "/x/train/a.txt", headers={"Range": "bytes=1-3"}),
    "plain": ask(HTTPConnection("data.example:80"), "HEAD", "/x/top.csv"),
    "other": said(lambda: ask(HTTPConnection("other.example", 8080), "GET", "/x")),
    "put": said(lambda: ask(kept, "PUT", "/x/new", body=b"1")),
}
"""
    )
    assert facts == {
        "whole": [200, "x,y\n1,2\n"],
        "again": [206, "ell"],
        "plain": [200, ""],
        "other": (
            "HTTPException: https://other.example:8080/x is not a declared source of this pipeline;"
            " declare it with --source"
        ),
        "put": "HTTPException: uploads are refused: PUT https://data.example/x/new",
    }


def test_aiohttp_and_fsspec_read_a_declared_source(pipelines: Pipelines) -> None:
    facts = pipelines.run(
        """
import aiohttp, asyncio, fsspec

async def ask():
    async with aiohttp.ClientSession() as session:
        async with session.get("https://b.s3.us-east-2.amazonaws.com/a/train/sub/c.bin") as large:
            whole = len(await large.read())
        ranged = {"Range": "bytes=1-3"}
        async with session.get("http://data.example/x/train/a.txt", headers=ranged) as answer:
            part = answer.status, await answer.text()
        async with session.get("https://data.example/x/none") as answer:
            missing = answer.status
        try:
            await session.put("https://data.example/x/new", data=b"1")
        except aiohttp.ClientError as error:
            return [whole, part, missing, str(error)]

with fsspec.open("https://data.example/x/train/sub/c.bin", block_size=4096) as file:
    file.seek(-6, 2)
    end = list(file.read())
refused = said(lambda: fsspec.open("https://other.example/x").open())
facts = {"answers": asyncio.run(ask()), "end": end, "refused": refused}
"""
    )
    assert facts["answers"] == [
        16384,
        [206, "ell"],
        404,
        "uploads are refused: PUT https://data.example/x/new",
    ]
    assert facts["end"] == [250, 251, 252, 253, 254, 255]
    assert "https://other.example/x" in facts["refused"]
