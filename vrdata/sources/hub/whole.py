"""A dataset of the Hub whose files are staged together: each file is a part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vrdata.errors import InvalidInputError
from vrdata.sources.globs import included
from vrdata.sources.hub.contents.choice import config_files, no_file
from vrdata.sources.hub.source import CARD, HubSource, licence_of
from vrdata.sources.parts import cut_parts
from vrdata.sources.port import OnRead, Part, PartFile, Resolved, ignore_reads
from vrdata.store.keys import key_problem


class WholeDataset(HubSource):
    """All files of a dataset, documents and tables too, which are not divided.

    With a configuration: its files, and the card, which says how they are read.
    """

    def resolve(self, limit: int | None, on_read: OnRead = ignore_reads) -> Resolved:
        """Pin the commit and list the files; see `Source.resolve`. Only the card is read."""
        self._on_read = on_read
        commit, files = self._pinned()
        card = self._card(commit, files)
        names = list(files)
        if self._spec.config:
            names = [
                *config_files(self._spec, self._configs(card), names),
                *({CARD} & files.keys()),
            ]
        chosen = sorted(name for name in set(names) if included(name, self._spec.include))
        if not chosen:
            raise no_file(self._spec, names)
        self._dataset.require(files[name] for name in chosen)
        return Resolved(commit, licence_of(card), cut_parts(self._files(chosen, files), limit))

    def _files(self, names: list[str], files: Mapping[str, PartFile]) -> Iterator[Part]:
        for first, name in enumerate(names):
            if problem := key_problem(name):
                what = f"{name!r} in {self._spec.url} cannot be the name of a file"
                raise InvalidInputError(what, why=problem, fix="choose other files in include")
            yield Part(first, 1, (files[name],))
