"""The command line of `aws`. Pure.

Source: the AWS CLI Command Reference, `s3`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

_FLAGS = {
    "--recursive": "recursive",
    "--quiet": "quiet",
    "--only-show-errors": "quiet",
    "--dryrun": "dry",
    "--delete": "delete",
    "--summarize": "summarize",
    "--version": "version",
}
_IGNORED = frozenset(
    {
        *("--no-progress", "--exact-timestamps", "--size-only", "--follow-symlinks", "--debug"),
        *("--no-follow-symlinks", "--no-sign-request", "--human-readable", "--no-verify-ssl"),
        *("--force-glacier-transfer", "--ignore-glacier-warnings", "--no-paginate"),
        *("--no-cli-pager", "--no-cli-auto-prompt", "--no-guess-mime-type"),
    }
)
_WITH_VALUE = frozenset(
    {
        *("--region", "--profile", "--endpoint-url", "--output", "--query", "--color", "--acl"),
        *("--ca-bundle", "--cli-read-timeout", "--cli-connect-timeout", "--page-size"),
        *("--storage-class", "--source-region", "--content-type", "--request-payer", "--metadata"),
        *("--progress-frequency", "--sse", "--sse-c", "--sse-c-key", "--sse-kms-key-id"),
        "--checksum-mode",
    }
)


class UsageError(Exception):
    """The command line is invalid."""


@dataclass(slots=True)
class Filters:
    """Patterns that exclude and include names, in order: the last one that fits decides."""

    patterns: list[tuple[bool, str]] = field(default_factory=list)

    def keep(self, name: str) -> bool:
        """Whether a name is copied; `*` in a pattern also fits `/`."""
        kept = True
        for includes, pattern in self.patterns:
            if fnmatchcase(name, pattern):
                kept = includes
        return kept


@dataclass(slots=True)
class Options:
    """A command line.

    Attributes:
        words: service, command and places.
        quiet: only errors are shown.
        dry: nothing is copied.
    """

    words: list[str] = field(default_factory=list)
    filters: Filters = field(default_factory=Filters)
    recursive: bool = False
    quiet: bool = False
    dry: bool = False
    delete: bool = False
    summarize: bool = False
    version: bool = False

    @property
    def talks(self) -> bool:
        """Whether copied files are shown."""
        return not self.quiet

    @property
    def prefix(self) -> str:
        """What messages begin with."""
        return "(dryrun) " if self.dry else ""


def parsed(args: Sequence[str]) -> Options:
    """The options of a command line. Raises UsageError."""
    options = Options()
    words = iter(args)
    for word in words:
        if not word.startswith("--"):
            options.words.append(word)
            continue
        name, equals, value = word.partition("=")
        if name in _FLAGS:
            setattr(options, _FLAGS[name], True)
        elif name in ("--exclude", "--include") or name in _WITH_VALUE:
            found = value if equals else next(words, None)
            if found is None:
                raise UsageError(f"argument {name}: expected one argument")
            if name not in _WITH_VALUE:
                options.filters.patterns.append((name == "--include", found))
        elif name not in _IGNORED:
            raise UsageError(f"unknown option: {name}")
    return options
