"""HubSource: a dataset of the Hugging Face Hub as a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from huggingface_hub import constants

from vrdata.api.source import SourceSpec
from vrdata.errors import InvalidInputError
from vrdata.sources.globs import included
from vrdata.sources.hub.cache import CachedDataset
from vrdata.sources.hub.contents.address import dataset_of
from vrdata.sources.hub.contents.card import CardError, Config, card_of, configs_of
from vrdata.sources.hub.contents.choice import INCLUDE, choices, chosen_files, no_file, tables_alone
from vrdata.sources.hub.fetching import Fetcher
from vrdata.sources.hub.requests.dataset import DEFAULT_REVISION, HubDataset
from vrdata.sources.hub.requests.patience import Patience
from vrdata.sources.hub.requests.remote import RemoteFile
from vrdata.sources.objects.grouping import Group, grouped
from vrdata.sources.objects.listing import Listed
from vrdata.sources.parts import cut_parts
from vrdata.sources.port import (
    OnRead,
    Part,
    PartFile,
    Resolved,
    SourceChangedError,
    SourceNotFoundError,
    ignore_reads,
)
from vrdata.sources.staged import staged_path, write_staged
from vrdata.sources.tables.companions import is_metadata
from vrdata.sources.tables.formats import table_format
from vrdata.sources.tables.parts import parts_of_table
from vrdata.store.keys import key_problem

CARD = "README.md"
MAX_CARD_BYTES = 1 << 24  # its YAML is at the start


class Contents(NamedTuple):
    """What a dataset has at a commit.

    Attributes:
        commit: the revision's commit.
        licence: as its card declares it, or "".
        configs: the splits of each configuration, in the card's order.
    """

    commit: str
    licence: str
    configs: Mapping[str, tuple[str, ...]]


class HubSource:
    """`hf://ORGANISATION/NAME`; see `Source`. HF_HUB_OFFLINE reads the cache of huggingface_hub.

    Only requests of `resolve` are repeated: the caller of `stage` waits.

    Args:
        spec: of a run; or with the pinned commit as its revision.
        patience: how long requests of `resolve` are repeated.

    Raises:
        InvalidInputError: the URL names no dataset.
        SourceAccessError: HF_TOKEN is not a token.
    """

    def __init__(self, spec: SourceSpec, patience: Patience | None = None) -> None:
        name = dataset_of(spec.url)
        self._spec = spec
        self._dataset = CachedDataset(name) if constants.is_offline_mode() else HubDataset(name)
        self._patience = patience or Patience()
        self._commit = spec.revision  # until it is resolved: `stage` needs a pinned one
        self._fetcher = Fetcher(self._dataset)
        self._on_read: OnRead = ignore_reads

    def contents(self) -> Contents:
        """The configurations and splits that can be named. Raises as `resolve`."""
        commit, files = self._pinned()
        card = self._card(commit, files)
        return Contents(commit, licence_of(card), choices(self._configs(card), list(files)))

    def resolve(self, limit: int | None, on_read: OnRead = ignore_reads) -> Resolved:
        """Pin the commit and list the parts; see `Source.resolve`.

        Of Parquet and Arrow files, only the footers are read.
        """
        self._on_read = on_read
        commit, files = self._pinned()
        card = self._card(commit, files)
        names = chosen_files(self._spec, lambda: self._configs(card), list(files))
        groups = list(self._groups(names, files))
        self._dataset.require(files[one.name] for group in groups for one in group.files)
        parts = self._parts(commit, groups, files, limit)
        return Resolved(commit, licence_of(card), cut_parts(parts, limit))

    def stage(self, part: Part, folder: Path) -> None:
        """Fetch the files of a part; see `Source.stage`."""
        for file in part.files:
            fetch = partial(self._fetcher.fetch_once, self._commit, file)
            try:
                write_staged(file, part.format, folder, fetch)
            except SourceChangedError:  # or damaged on its way
                staged_path(folder, file.name).unlink(missing_ok=True)
                write_staged(file, part.format, folder, fetch)

    def _pinned(self) -> tuple[str, dict[str, PartFile]]:
        revision = self._spec.revision or DEFAULT_REVISION
        commit = self._patience.repeat(lambda: self._dataset.pin(revision))
        self._commit = commit
        return commit, self._patience.repeat(lambda: self._dataset.files(commit))

    def _card(self, commit: str, files: Mapping[str, PartFile]) -> dict[str, object]:
        if CARD not in files or not files[CARD].size:
            return {}
        self._dataset.require([files[CARD]])
        readme = self._read(commit, files[CARD], 0, min(files[CARD].size, MAX_CARD_BYTES))
        try:
            return card_of(readme.decode(errors="replace"))
        except CardError as error:
            raise self._bad_card(error) from None

    def _configs(self, card: Mapping[str, object]) -> list[Config]:
        try:
            return configs_of(card)
        except CardError as error:
            raise self._bad_card(error) from None

    def _bad_card(self, error: CardError) -> InvalidInputError:
        return InvalidInputError(
            f"the card of {self._spec.url} is invalid",
            why=f"{CARD}: {error}",
            fix=f"name the files in {INCLUDE}, without config and split",
        )

    def _groups(self, names: list[str], files: Mapping[str, PartFile]) -> Iterator[Group]:
        """The tables in the order of the card, or the items in the order of their names."""
        include = self._spec.include
        names = names if include else tables_alone(names)
        chosen = [name for name in names if included(name, include)]
        if not chosen:
            raise no_file(self._spec, names)
        if not include and any(map(is_metadata, chosen)) and not all(map(table_format, chosen)):
            chosen = [name for name in chosen if is_metadata(name)]  # its rows name the other files
        tables = all(map(table_format, chosen))
        listed = [_listed(files[name]) for name in (chosen if tables else sorted(names))]
        for one in listed:
            if problem := key_problem(one.name):
                what = f"{one.name!r} in {self._spec.url} cannot be the name of an item"
                raise InvalidInputError(what, why=problem, fix=f"choose other files in {INCLUDE}")
        if tables:
            yield from (Group((one,), is_table=True) for one in listed)
        else:
            yield from grouped(listed, include)

    def _parts(
        self,
        commit: str,
        groups: Sequence[Group],
        files: Mapping[str, PartFile],
        limit: int | None,
    ) -> Iterator[Part]:
        first = 0
        for group in groups:
            members = tuple(files[one.name] for one in group.files)
            form = table_format(members[0].name)
            if form is None or not group.is_table:
                yield Part(first, 1, members)
                first += 1
                continue
            name, size, digest = members[0].name, members[0].size, members[0].digest
            opened = cast("BinaryIO", RemoteFile(partial(self._read, commit, members[0]), size))
            left = None if limit is None else limit - first
            find = partial(self._find, files)
            for part in parts_of_table(opened, name, size, digest, form, first, left, find):
                yield part
                first += part.items
        if not first:
            why = "its tables have no rows"
            raise SourceNotFoundError(f"{self._spec.url} has no items", why=why)

    def _find(self, files: Mapping[str, PartFile], name: str) -> PartFile | None:
        """A file that a row names."""
        found = files.get(name)
        self._dataset.require([found] if found else [])
        return found

    def _read(self, commit: str, file: PartFile, start: int, stop: int) -> bytes:
        body = self._patience.repeat(
            lambda: b"".join(self._fetcher.fetch(commit, file, start, stop))
        )
        self._on_read(file.name, len(body))
        return body


def _listed(file: PartFile) -> Listed:
    return Listed(file.name, file.size, file.digest)


def licence_of(card: Mapping[str, object]) -> str:
    """The licence, or the licences, that a card declares."""
    found = card.get("license")
    names = found if isinstance(found, list) else [found]
    return ", ".join(name for name in names if isinstance(name, str))
