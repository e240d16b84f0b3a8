"""Dataset repositories of the tests' hub: commits, branches, files."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

LFS_SUFFIXES = (".parquet", ".arrow", ".mp4", ".mkv", ".png", ".jpg", ".tar", ".mcap")


@dataclass(frozen=True)
class Blob:
    """The bytes of a file in a commit.

    Attributes:
        content: all of it.
        lfs: it is stored behind a pointer, as the Hub stores large and binary files.
    """

    content: bytes
    lfs: bool

    @cached_property
    def sha256(self) -> str:
        """Hex digest of its bytes."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def oid(self) -> str:
        """The git id of its bytes, or of its pointer."""
        stored = self.pointer if self.lfs else self.content
        return hashlib.sha1(b"blob %d\0" % len(stored) + stored).hexdigest()  # noqa: S324 - git's

    @property
    def pointer(self) -> bytes:
        """What git stores of an LFS file."""
        return (
            "version https://git-lfs.github.com/spec/v1\n"
            f"oid sha256:{self.sha256}\nsize {len(self.content)}\n"
        ).encode()

    @property
    def etag(self) -> str:
        """As the Hub answers it."""
        return self.sha256 if self.lfs else self.oid


@dataclass
class Repository:
    """A dataset. Commits never change; branches move.

    Attributes:
        name: `organisation/name`.
        private: only a known token can see it.
        gated: only a token in `granted` can read its files.
        granted: the tokens that may read a gated set.
        disabled: nobody can read it.
        commits: the files of each commit.
        branches: the commit of each branch and tag.
    """

    name: str
    private: bool = False
    gated: bool = False
    granted: set[str] = field(default_factory=set)
    disabled: bool = False
    commits: dict[str, dict[str, Blob]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def commit(self, files: Mapping[str, bytes | None], branch: str = "main") -> str:
        """Add a commit to a branch and return its id.

        Args:
            files: what it writes; None deletes a file.
            branch: it moves to the new commit; a new one starts with the files of no other.
        """
        tree = dict(self.commits.get(self.branches.get(branch, ""), {}))
        for path, content in files.items():
            tree.pop(path, None)
            if content is not None:
                tree[path] = Blob(content, path.endswith(LFS_SUFFIXES))
        return self.add(tree, branch)

    def add(self, tree: dict[str, Blob], branch: str) -> str:
        """Add a commit with exactly these files to a branch and return its id."""
        number = next(self._numbers)
        sha = hashlib.sha1(f"{self.name} {number}".encode()).hexdigest()  # noqa: S324 - git's
        self.commits[sha] = dict(sorted(tree.items()))
        self.branches[branch] = sha
        return sha

    def find(self, revision: str) -> str | None:
        """The commit of a branch, a tag or a commit id; None = there is none."""
        if revision in self.commits:
            return revision
        return self.branches.get(revision)
