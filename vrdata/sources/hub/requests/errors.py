"""What the Hub refuses, as errors that say why and how to fix it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from huggingface_hub.errors import HfHubHTTPError

from vrdata.errors import VrdataError
from vrdata.privacy.texts import without_url_credentials
from vrdata.sources.hub.requests.client import NoAnswerError
from vrdata.sources.port import (
    SourceAccessError,
    SourceChangedError,
    SourceNotFoundError,
    SourceUnavailableError,
)
from vrdata.text import printable_line

_GONE = {404, 410, 416}
_ALLOW = (
    "set HF_TOKEN to a token that can read it; on a cluster, name its Secret in "
    "sources.existingSecret of the profile"
)
_MAX_MESSAGE = 200


@dataclass(frozen=True)
class Doing:
    """A request, for its error.

    Attributes:
        what: `cannot read FILE of hf://…`.
        page: URL of the dataset's page.
        token: a token is sent.
        pinned: the commit is known: what is missing now has been there.
    """

    what: str
    page: str
    token: bool
    pinned: bool = False


@contextmanager
def explained(doing: Doing) -> Iterator[None]:
    """Raise what the client raises as errors of vrdata.sources.port."""
    try:
        yield
    except HfHubHTTPError as error:
        raise _refusal(error, doing) from None


@contextmanager
def unexpected_answers(doing: Doing) -> Iterator[None]:
    """Raise SourceUnavailableError for JSON that the client cannot read."""
    try:
        yield
    except HfHubHTTPError:  # one of its kinds is a ValueError
        raise
    except (ValueError, KeyError, TypeError, AttributeError):
        raise web_page(doing.what) from None


def web_page(what: str) -> SourceUnavailableError:
    """Something between this machine and the Hub answers in its place."""
    return NoAnswerError(
        what,
        why="the answer is not the Hub's: a proxy or a login page may have sent it",
        fix="log in to the network; check HF_ENDPOINT and the proxy variables",
    )


def _refusal(error: HfHubHTTPError, doing: Doing) -> VrdataError:
    headers, status = error.response.headers, error.response.status_code
    code = headers.get("X-Error-Code", "")
    said = printable_line(without_url_credentials(headers.get("X-Error-Message", "")), " ")
    if code == "GatedRepo":
        return _gated(doing)
    if code == "RepoNotFound" or (status == 401 and not doing.token):
        return _hidden(doing, refused=status == 401)
    answered = f"the server answered {status} {said[:_MAX_MESSAGE]}".rstrip()
    if status in {401, 403, 451}:
        return _denied(doing, answered, status, said)
    if status not in _GONE:
        fix = "check HF_ENDPOINT; try again later"
        return SourceUnavailableError(doing.what, why=answered, fix=fix)
    if doing.pinned:
        why = "the file or its commit is no longer on the Hub"
        return SourceChangedError(doing.what, why=why, fix="start a new run of the latest commit")
    return SourceNotFoundError(doing.what, why=answered, fix="check the name and the revision")


def _denied(doing: Doing, answered: str, status: int, said: str) -> SourceAccessError:
    why, fix = answered, _ALLOW
    if status == 401:
        why, fix = "the Hub does not accept the token", "set HF_TOKEN to a valid token, or unset it"
    elif "disabled" in said:
        why, fix = "the Hub has disabled the dataset", "use another dataset"
    return SourceAccessError(doing.what, why=why, fix=fix)


def _gated(doing: Doing) -> VrdataError:
    why = "the dataset is gated: its owner grants access to accounts"
    why += ", and the account of the token has none" if doing.token else ", and there is no token"
    fix = f"ask for access at {doing.page}; then {_ALLOW}"
    return SourceAccessError(doing.what, why=why, fix=fix)


def _hidden(doing: Doing, *, refused: bool) -> VrdataError:
    """The Hub does not say which private datasets exist."""
    if doing.pinned:
        kind: type[VrdataError] = SourceAccessError if refused else SourceChangedError
        why = "the dataset has been deleted, or is private and "
    else:
        kind, why = (
            SourceNotFoundError,
            "the Hub has no dataset of this name, or it is private and ",
        )
    why += "the token cannot read it" if doing.token else "there is no token"
    return kind(doing.what, why=why, fix=f"check the name; for a private dataset, {_ALLOW}")
