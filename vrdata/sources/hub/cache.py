"""Files that `hf download` or `load_dataset` fetched before, and datasets without a network."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from huggingface_hub import HfApi, constants, get_cached_repo_tree, try_to_load_from_cache
from huggingface_hub.errors import CachedRepoTreeNotFoundError, RevisionResolutionError

from vrdata.sources.port import PartFile, SourceChangedError, SourceNotFoundError

CHUNK = 1 << 20
_KINDS = {40: "git", 64: "sha256"}  # length of the hex digest that names a file of the cache


def local_copy(name: str, commit: str, file: PartFile) -> Path | None:
    """The file in the cache of huggingface_hub; None = it is not there, or another one.

    Args:
        name: of the dataset.
        commit: of the dataset.
        file: as pinned.
    """
    found = try_to_load_from_cache(
        name, file.name, constants.HF_HUB_CACHE, revision=commit, repo_type="dataset"
    )
    if not isinstance(found, str):
        return None
    path = Path(found)
    digests = {_digest_by_name(path), file.digest} - {""}  # what is known of it
    return path if path.stat().st_size == file.size and len(digests) < 2 else None


def read_copy(path: Path, start: int, stop: int) -> Iterator[bytes]:
    """The bytes `[start, stop)` of a file, in chunks."""
    with path.open("rb") as stream:
        stream.seek(start)
        while start < stop and (chunk := stream.read(min(CHUNK, stop - start))):
            yield chunk
            start += len(chunk)


class CachedDataset:
    """A dataset in the cache, for HF_HUB_OFFLINE.

    Args:
        name: `organisation/name`.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.url = f"hf://{name}"

    def pin(self, revision: str) -> str:
        """The commit that a branch or tag had when it was fetched.

        Raises:
            SourceNotFoundError: it was never fetched.
        """
        try:
            found = HfApi().resolve_revision(
                self.name, repo_type="dataset", revision=revision, local_files_only=True
            )
        except RevisionResolutionError:
            raise self._missing(f"revision {revision!r}") from None
        return found.resolved

    def files(self, commit: str) -> dict[str, PartFile]:
        """All files of a commit by name; those that were not fetched have no digest.

        Raises:
            SourceNotFoundError: the list of its files is not in the cache.
        """
        try:
            tree = get_cached_repo_tree(
                self.name, repo_type="dataset", revision=commit, cache_dir=constants.HF_HUB_CACHE
            )
        except CachedRepoTreeNotFoundError:
            raise self._missing(f"the list of files of commit {commit}") from None
        found = {}
        for one in sorted(tree, key=lambda file: file.path):
            path = local_copy(self.name, commit, PartFile(one.path, one.size))
            digest = _digest(path, one.blob_id) if path else ""
            found[one.path] = PartFile(one.path, one.size, digest)
        return found

    def require(self, files: Iterable[PartFile]) -> None:
        """Check that files were fetched. Raises SourceNotFoundError."""
        for file in files:
            if not file.digest:
                raise self._missing(file.name)

    def read(self, commit: str, file: PartFile, start: int, stop: int) -> Iterator[bytes]:
        """The bytes `[start, stop)` of a file that is not in the cache now.

        Raises:
            SourceChangedError: always.
        """
        del commit, start, stop
        error = self._missing(file.name)
        raise SourceChangedError(error.what, why=error.why, fix=error.fix)

    def _missing(self, what: str) -> SourceNotFoundError:
        return SourceNotFoundError(
            f"{what} of {self.url} is not in the cache {constants.HF_HUB_CACHE}",
            why="HF_HUB_OFFLINE is set, so nothing is fetched",
            fix=f"without HF_HUB_OFFLINE, run: hf download {self.name} --repo-type dataset",
        )


def _digest_by_name(path: Path) -> str:
    """The digest in the name of the file that a link of the cache leads to; "" = it is no link."""
    if not path.is_symlink():
        return ""
    name = path.readlink().name
    kind = _KINDS.get(len(name), "")
    return f"{kind}:{name}" if kind else ""


def _digest(path: Path, blob: str) -> str:
    """The digest of a cached file, as the Hub lists it.

    Args:
        path: of the file.
        blob: the git id of its content, or of its LFS pointer.
    """
    if known := _digest_by_name(path):
        return known
    git, sha256 = hashlib.sha1(usedforsecurity=False), hashlib.sha256()
    size = path.stat().st_size
    git.update(b"blob %d\0" % size)
    for chunk in read_copy(path, 0, size):
        git.update(chunk)
        sha256.update(chunk)
    return f"git:{blob}" if git.hexdigest() == blob else f"sha256:{sha256.hexdigest()}"
