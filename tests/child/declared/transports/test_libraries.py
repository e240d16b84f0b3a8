"""Libraries as pipelines use them, unmodified, in the sandbox."""

from __future__ import annotations

import pytest

from child.declared.conftest import FILES, Pipelines

ODD = "train/b c+d \u00e9%20.txt"


def test_boto3_reads_and_lists_a_declared_source(pipelines: Pipelines) -> None:
    facts = pipelines.run(
        f"""
import boto3
s3, odd = boto3.client("s3"), "a/{ODD}"
s3.download_file("b", odd, "odd.txt")
big = s3.get_object(Bucket="b", Key="a/train/sub/c.bin", Range="bytes=250-260")["Body"].read()
pages = s3.get_paginator("list_objects_v2").paginate(Bucket="b", Prefix="a/", Delimiter="/")
(page,) = pages
facts = {{
    "keys": [one.key for one in boto3.resource("s3").Bucket("b").objects.filter(Prefix="a/t")],
    "odd": Path("odd.txt").read_text(),
    "big": list(big),
    "size": s3.head_object(Bucket="b", Key=odd)["ContentLength"],
    "page": [[one["Key"] for one in page["Contents"]], page["CommonPrefixes"]],
    "region": s3.get_bucket_location(Bucket="b")["LocationConstraint"],
    "virtual": said(lambda: s3.head_object(Bucket="b", Key="a/none")),
}}
"""
    )
    assert facts["keys"] == sorted(
        (f"a/{name}" for name in FILES if name.startswith("t")), key=str.encode
    )
    assert facts["odd"] == "plain"
    assert facts["big"] == [*range(250, 256), *range(5)]
    assert facts["size"] == 5
    assert facts["page"] == [["a/top.csv"], [{"Prefix": "a/train/"}]]
    assert facts["region"] is None
    assert facts["virtual"] == (
        "ClientError: An error occurred (404) when calling the HeadObject operation: Not Found"
    )


def test_boto3_downloads_a_large_object_in_parallel_ranges(pipelines: Pipelines) -> None:
    facts = pipelines.run(
        """
import boto3, hashlib
from boto3.s3.transfer import TransferConfig
config = TransferConfig(multipart_threshold=4096, multipart_chunksize=4096, max_concurrency=4)
boto3.client("s3").download_file("b", "a/train/sub/c.bin", "c.bin", Config=config)
facts = Path("c.bin").read_bytes() == bytes(range(256)) * 64
"""
    )
    assert facts is True


@pytest.mark.parametrize("operation", ["list_objects_v2", "list_objects"])
def test_boto3_lists_more_than_a_thousand_keys_page_by_page(
    operation: str, pipelines: Pipelines
) -> None:
    facts = pipelines.run(
        f"""
import boto3
pages = boto3.client("s3").get_paginator("{operation}").paginate(Bucket="many")
facts = [[one["Key"] for one in page["Contents"]] for page in pages]
"""
    )
    assert [len(page) for page in facts] == [1000, 205]
    assert [key for page in facts for key in page] == [
        f"{number:04d}.txt" for number in range(1205)
    ]


def test_boto3_refuses_the_rest_by_name_and_at_once(pipelines: Pipelines) -> None:
    code = """
import boto3
s3 = boto3.client("s3", region_name="us-east-2")
Path("up").write_bytes(b"1" * 9_000_000)
facts = [
    said(lambda: s3.get_object(Bucket="b", Key="ab/x")),
    said(lambda: s3.list_objects_v2(Bucket="other", Prefix="p/")),
    said(lambda: s3.put_object(Bucket="b", Key="a/x", Body=b"1")),
    said(lambda: s3.upload_file("up", "b", "a/x")),
    said(lambda: boto3.client("sts").get_caller_identity()),
]
"""
    ended = "is not a declared source of this pipeline; declare it with --source"
    assert pipelines.run(code) == [
        f"ClientError: s3://b/ab/x {ended}",
        f"ClientError: s3://other/p/ {ended}",
        "ClientError: uploads are refused: PUT s3://b/a/x",
        "S3UploadFailedError: Failed to upload up to b/a/x: uploads are refused: POST s3://b/a/x",
        "ClientError: uploads are refused: POST https://sts.us-east-1.amazonaws.com/",
    ]
    refused = pipelines.refused(code)
    what = "tried to read s3://b/ab/x, which is not a declared source (FILE:"
    assert any(what in line for line in refused), refused
    assert any("tried to upload to s3://b/a/x (FILE:" in line for line in refused), refused
    assert not any("network" in line for line in refused)


def test_urllib_reads_a_declared_source(pipelines: Pipelines) -> None:
    facts = pipelines.run(
        """
import urllib.request
from urllib.request import Request, build_opener, urlopen, urlretrieve
host = "https://b.s3.us-east-2.amazonaws.com/"
urlretrieve("https://data.example/x/top.csv", "top.csv")
ranged = Request(host + "a/train/a.txt", headers={"Range": "bytes=1-3"})
with urlopen(ranged, timeout=5) as response:
    part = response.status, response.read().decode(), response.headers["Content-Range"]
facts = {
    "top": Path("top.csv").read_text(),
    "part": part,
    "opener": build_opener().open(host + "a/train/a.txt").read().decode(),
    "listed": b"<Key>a/top.csv</Key>" in urlopen(host + "?list-type=2&prefix=a/").read(),
    "head": urlopen(Request(host + "a/top.csv", method="HEAD")).headers["Content-Length"],
    "missing": said(lambda: urlopen(host + "a/none")),
    "other": said(lambda: urlopen("https://other.example/x")),
    "put": said(lambda: urlopen(Request(host + "a/x", data=b"1", method="PUT"))),
    "metadata": said(lambda: urlopen("http://169.254.169.254/latest/meta-data/")),
}
"""
    )
    ended = "is not a declared source of this pipeline; declare it with --source>"
    assert facts == {
        "top": "x,y\n1,2\n",
        "part": [206, "ell", "bytes 1-3/5"],
        "opener": "hello",
        "listed": True,
        "head": "8",
        "missing": "HTTPError: HTTP Error 404: Not Found",
        "other": f"URLError: <urlopen error https://other.example/x {ended}",
        "put": "URLError: <urlopen error uploads are refused: PUT s3://b/a/x>",
        "metadata": (
            "URLError: <urlopen error the metadata of the machine is refused:"
            " http://169.254.169.254/latest/meta-data/>"
        ),
    }


def test_requests_and_urllib3_read_a_declared_source(pipelines: Pipelines) -> None:
    facts = pipelines.run(
        """
import requests, urllib3
url = "https://data.example/x/train/"
with requests.Session() as session, session.get(url + "sub/c.bin", stream=True) as response:
    parts = [len(part) for part in response.iter_content(10_000)]
facts = {
    "odd": requests.get(url + "b%20c%2Bd%20%C3%A9%2520.txt", timeout=5).text,
    "parts": parts,
    "missing": requests.get(url + "none").status_code,
    "other": said(lambda: requests.get("https://other.example/x")),
    "post": said(lambda: requests.post(url, json={"x": 1})),
    "pool": urllib3.PoolManager().request("GET", url + "a.txt").data.decode(),
    "refused": said(lambda: urllib3.PoolManager().request("GET", "https://other.example/x")),
}
"""
    )
    ended = "https://other.example/x is not a declared source of this pipeline; declare it with"
    assert facts["refused"].startswith(f"HTTPError: {ended}")
    assert facts["other"].startswith(f"RequestException: {ended}")
    assert facts["post"].startswith("RequestException: uploads are refused: POST https://data")
    assert (facts["odd"], facts["pool"], facts["missing"]) == ("plain", "hello", 404)
    assert facts["parts"] == [10_000, 6_384]


def test_httpx_reads_a_declared_source_in_both_kinds_of_clients(pipelines: Pipelines) -> None:
    facts = pipelines.run(
        """
import asyncio, httpx2
url = "https://data.example/x/train/a.txt"

async def read():
    async with httpx2.AsyncClient() as client:
        return (await client.get(url)).text

facts = [httpx2.get(url).text, asyncio.run(read()),
    said(lambda: httpx2.get("https://other.example/x"))]
"""
    )
    assert facts[:2] == ["hello", "hello"]
    assert facts[2].startswith("TransportError: https://other.example/x is not a declared source")


def test_the_client_of_the_hub_downloads_into_the_folder_of_the_block(
    pipelines: Pipelines,
) -> None:
    facts = pipelines.run(
        """
from huggingface_hub import HfApi, HfFileSystem, hf_hub_download, snapshot_download
one = hf_hub_download("org/name", "train/a.txt", repo_type="dataset")
local = hf_hub_download("org/name", "top.csv", repo_type="dataset", local_dir="raw")
whole = Path(snapshot_download("org/name", repo_type="dataset"))
fs = HfFileSystem()
facts = {
    "one": [Path(one).read_text(), Path(one).is_relative_to(block)],
    "local": [Path(local).read_text(), str(Path(local).relative_to(Path.cwd()))],
    "whole": sorted(str(path.relative_to(whole)) for path in whole.rglob("*.*")),
    "info": sorted(one.rfilename for one in HfApi().dataset_info("org/name").siblings),
    "fs": fs.read_text("datasets/org/name/train/a.txt"),
    "missing": said(lambda: hf_hub_download("org/name", "no", repo_type="dataset")),
    "other": said(lambda: hf_hub_download("org/other", "x", repo_type="dataset")),
}
"""
    )
    names = sorted(FILES)
    assert facts["one"] == ["hello", True]
    assert facts["local"] == ["x,y\n1,2\n", "raw/top.csv"]
    assert (facts["whole"], facts["info"]) == (names, names)
    assert facts["fs"] == "hello"
    assert facts["missing"].startswith("RemoteEntryNotFoundError")
    assert "hf://org/other is not a declared source of this pipeline" in facts["other"]


def test_datasets_loads_a_declared_repository(pipelines: Pipelines) -> None:
    facts = pipelines.run(
        """
from datasets import load_dataset
rows = load_dataset("org/name", data_files="top.csv", split="train")
facts = [rows[0], Path(os.environ["HF_HOME"]).is_relative_to(block)]
"""
    )
    assert facts == [{"x": 1, "y": 2}, True]


def test_a_started_interpreter_gets_the_declared_sources_too(pipelines: Pipelines) -> None:
    facts = pipelines.run(
        """
code = "import urllib.request as u; print(u.urlopen('https://data.example/x/train/a.txt').read())"
done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
facts = [done.stdout, done.stderr]
"""
    )
    assert facts == ["b'hello'\n", ""]


def test_a_source_is_read_by_range_through_the_socket_of_the_block(pipelines: Pipelines) -> None:
    line = {"place": "raw", "serves": ["s3://big/"], "folder": "", "socket": "ranges"}
    pipelines.sources.append(line | {"files": [["x.zip", 70_000_000_000]]})
    facts = pipelines.run(
        """
import boto3, socket, threading
listener = socket.socket(socket.AF_UNIX)
listener.bind(str(block / "ranges"))
listener.listen()

def serve():
    connection, _ = listener.accept()
    asked = connection.makefile("rb").readline()
    connection.sendall(b'{"bytes": 4}\\n' + b"tail")
    served.append(json.loads(asked))

served = []
threading.Thread(target=serve, daemon=True).start()
s3 = boto3.client("s3")
body = s3.get_object(Bucket="big", Key="x.zip", Range="bytes=-4")["Body"].read()
facts = [body.decode(), served, s3.head_object(Bucket="big", Key="x.zip")["ContentLength"]]
"""
    )
    size = 70_000_000_000
    asked = {"source": 2, "name": "x.zip", "start": size - 4, "stop": size}
    assert facts == ["tail", [asked], size]
