"""The files of the samples in an archive of format webdataset, read without a commit marker."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass

from vrdata.dataset import layout
from vrdata.dataset.hashes import dataset_hash

Sample = tuple[str, int]  # generator and index
Files = Mapping[str, str]  # sha256 by file name; ID: the sample's id
ID = "(id)"


@dataclass(frozen=True)
class Member:
    """One file of a sample."""

    index: int
    name: str
    offset: int
    size: int
    sha256: str
    sample_id: str = ""  # of a metadata.json

    @property
    def facts(self) -> Files:
        """What it adds to its sample."""
        return {self.name: self.sha256} | ({ID: self.sample_id} if self.sample_id else {})


def members_of(body: bytes) -> list[Member]:
    """The files of an archive. Raises TarError or ValueError when it is not whole."""
    found = []
    end = 0
    with tarfile.open(fileobj=io.BytesIO(body), mode="r:") as archive:
        for info in archive:
            key, _, name = info.name.rpartition("/")[2].partition(".")
            content = body[info.offset_data : info.offset_data + info.size]
            if len(content) != info.size:
                raise ValueError(f"{info.name} is cut")
            end = info.offset_data + -(-info.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
            digest = hashlib.sha256(content).hexdigest()
            own = str(json.loads(content)["task_id"]) if name == "metadata.json" else ""
            index = layout.sample_index(key)
            found.append(Member(index, name, info.offset_data, info.size, digest, own))
    if len(body) < end + 2 * tarfile.BLOCKSIZE or any(body[end:]):
        raise ValueError("the end of the archive is missing, or followed by something")
    return found


def hash_of(samples: Mapping[Sample, Files]) -> str:
    """The dataset hash of bytes that were read."""
    return dataset_hash(
        (files.get(ID, ""), name, sha256)
        for files in samples.values()
        for name, sha256 in files.items()
        if name != ID
    )
