"""Write a dataset to the Hugging Face Hub: create it, list what it has, add files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import CommitOperationAdd
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]

from vrdata.errors import VrdataError
from vrdata.privacy.texts import without_url_credentials
from vrdata.sources.hub.requests.dataset import DEFAULT_REVISION, HubDataset
from vrdata.sources.port import SourceAccessError, SourceUnavailableError
from vrdata.text import printable_line

_LOG_IN = "set HF_TOKEN to a token that can write to it"


class HubUpload(HubDataset):
    """A dataset that may not exist yet. Raises as HubDataset."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        disable_progress_bars()  # they name temporary files

    @property
    def page(self) -> str:
        """URL of the dataset's page."""
        return f"{without_url_credentials(self.endpoint)}/datasets/{self.name}"

    def digests(self) -> dict[str, str]:
        """The digest of each file by its path, as `digest_of`; nothing if there is no dataset.

        Raises:
            SourceAccessError, SourceUnavailableError: it cannot be listed.
        """
        doing = self.doing("list")
        with self._allowed("list", doing.what):
            if not self._api.repo_exists(self.name, repo_type="dataset"):
                return {}
        return {name: str(file.digest) for name, file in self.files(DEFAULT_REVISION).items()}

    def create(self) -> None:
        """Create the dataset, private, if there is none. Raises as `digests`."""
        with self._allowed("create", f"cannot create {self.url}"):
            self._api.create_repo(self.name, repo_type="dataset", private=True, exist_ok=True)

    def add(self, files: Mapping[str, Path | bytes], message: str) -> str:
        """Add files in one commit; the Hub skips bytes that it has. Raises as `digests`.

        Returns:
            The commit.
        """
        operations = [
            CommitOperationAdd(path, body if isinstance(body, bytes) else str(body))
            for path, body in files.items()
        ]
        with self._allowed("write", f"cannot write to {self.url}"):
            done = self._api.create_commit(
                self.name, operations, commit_message=message, repo_type="dataset"
            )
        return str(done.oid)

    @contextmanager
    def _allowed(self, verb: str, what: str) -> Iterator[None]:
        try:
            yield
        except HfHubHTTPError as error:
            status = error.response.status_code
            said = printable_line(error.response.headers.get("X-Error-Message", ""), " ")[:200]
            why = f"the server answered {status} {said}".rstrip()
            if not self._token:
                why = "there is no token"
            raise SourceAccessError(
                what, why=why, fix=f"{_LOG_IN}; the account must be allowed to {verb} it"
            ) from None
        except ValueError as error:  # the Hub does not accept the metadata of the card
            said = printable_line(without_url_credentials(str(error)), " ")[:500]
            raise SourceAccessError(
                what, why=said, fix="report this message; files that are already uploaded are kept"
            ) from None
        except RuntimeError as error:  # the client wraps what the upload of a file raises
            cause = error.__cause__
            if isinstance(cause, VrdataError):
                raise cause from None
            said = printable_line(without_url_credentials(str(cause or error)), " ")[:200]
            raise SourceUnavailableError(
                what, why=said, fix="run the same command again; it continues"
            ) from None


def digest_of(body: bytes) -> str:
    """The digest of a small file, as `HubUpload.digests` has it: that of git."""
    found = hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()  # noqa: S324 - git's
    return f"git:{found}"
