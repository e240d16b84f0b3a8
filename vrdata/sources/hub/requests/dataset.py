"""One dataset of the Hub: its commit, its files, and bytes of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from huggingface_hub import HfApi, constants, get_session, get_token, hf_raise_for_status
from huggingface_hub.errors import RevisionNotFoundError
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

from vrdata.privacy.texts import without_url_credentials
from vrdata.sources.hub.requests.answers import check_answer
from vrdata.sources.hub.requests.client import NoAnswerError, use_client
from vrdata.sources.hub.requests.errors import Doing, explained, unexpected_answers
from vrdata.sources.port import PartFile, SourceAccessError, SourceNotFoundError

DEFAULT_REVISION = "main"
_SHOWN = 20


class HubDataset:
    """A dataset, by the variables HF_ENDPOINT and HF_TOKEN. Threads may share one.

    Args:
        name: `organisation/name`.

    Raises:
        SourceAccessError: HF_TOKEN is not a token.
    """

    def __init__(self, name: str) -> None:
        use_client()
        self.name = name
        self.url = f"hf://{name}"
        self.endpoint = (os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")
        self._token = _token() or False
        self._api = HfApi(self.endpoint, token=self._token)

    def pin(self, revision: str) -> str:
        """The commit of a branch, a tag or a commit id.

        Raises:
            SourceNotFoundError: there is no such dataset or revision.
            SourceAccessError, SourceUnavailableError: it cannot be read.
        """
        doing = self.doing("read")
        with explained(doing), unexpected_answers(doing):
            try:
                info = self._api.dataset_info(self.name, revision=revision)
            except RevisionNotFoundError:
                raise self._no_revision(revision) from None
            if not isinstance(info.sha, str):
                raise TypeError
            if info.gated:
                self._api.auth_check(self.name, repo_type="dataset")
            return info.sha

    def files(self, commit: str) -> dict[str, PartFile]:
        """All files of a commit by name. Raises as `pin`."""
        doing = self.doing("list")
        with explained(doing), unexpected_answers(doing):
            tree = self._api.list_repo_tree(
                self.name, recursive=True, revision=commit, repo_type="dataset"
            )
            found = [part_file(one) for one in tree if isinstance(one, RepoFile)]
            return {one.name: one for one in sorted(found, key=lambda file: file.name)}

    def require(self, files: Iterable[PartFile]) -> None:
        """Check that files can be fetched: the Hub has all that it lists."""

    def read(self, commit: str, file: PartFile, start: int, stop: int) -> Iterator[bytes]:
        """The bytes `[start, stop)` of a file, in chunks; there is at least one.

        Raises:
            SourceChangedError: it is not the pinned file, or it is missing.
            SourceAccessError, SourceUnavailableError: it cannot be fetched.
        """
        doing = self.doing(f"fetch {file.name} of", pinned=True)
        headers = build_hf_headers(token=self._token, library_name="vrdata")
        headers |= {"Accept-Encoding": "identity"}
        if (start, stop) != (0, file.size):
            headers["Range"] = f"bytes={start}-{stop - 1}"
        url = f"{self.endpoint}/datasets/{self.name}/resolve/{commit}/{quote(file.name)}"
        with explained(doing), get_session().stream("GET", url, headers=headers) as response:
            hf_raise_for_status(response)
            check_answer(response, doing.what, commit, file, start, stop)
            left = stop - start
            for chunk in response.iter_raw():
                yield chunk[:left]
                left -= len(chunk)
                if left <= 0:
                    return
            why = f"the answer ended {left} bytes too early"
            raise NoAnswerError(doing.what, why=why, fix="try again later")

    def doing(self, verb: str, *, pinned: bool = False) -> Doing:
        """A request of this dataset, for its error."""
        page = f"{without_url_credentials(self.endpoint)}/datasets/{self.name}"
        return Doing(f"cannot {verb} {self.url}", page, bool(self._token), pinned)

    def _no_revision(self, revision: str) -> SourceNotFoundError:
        refs = self._api.list_repo_refs(self.name, repo_type="dataset")
        names = [ref.name for ref in (*refs.branches, *refs.tags)]
        more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        return SourceNotFoundError(
            f"{self.url} has no revision {revision!r}",
            why=f"its branches and tags: {', '.join(names[:_SHOWN])}{more}",
            fix="name one of them, or a commit, in source.revision or --revision",
        )


def part_file(file: RepoFile) -> PartFile:
    """A file of a listing: its digest is that of its bytes, also for files behind a pointer."""
    if file.lfs is not None:
        return PartFile(file.path, file.lfs.size, f"sha256:{file.lfs.sha256}")
    return PartFile(file.path, file.size, f"git:{file.blob_id}")


def _token() -> str | None:
    """Of HF_TOKEN, or of `hf auth login`."""
    token = get_token()
    if token and not (token.isascii() and token.isprintable() and " " not in token):
        raise SourceAccessError(
            "the token of the Hub is invalid",
            why="it contains a space or a character that no token has",
            fix="set HF_TOKEN to a valid token",
        )
    return token
