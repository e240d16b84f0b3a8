"""The data of converters in `vrdata generators test`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrdata.errors import UsageError

if TYPE_CHECKING:
    from vrdata_generators.adapter.proof.sampling import SamplingTarget, TrialSource


def read_source(
    url: str,
    config: str,
    split: str,
    include: tuple[str, ...],
    options: tuple[str, ...],
    limit: int,
) -> TrialSource | None:
    """The first items of the source that was named; None without one.

    Raises:
        UsageError: there are options for a source, and none is named; or an invalid one.
        VrdataError: the source cannot be read.
    """
    if not url:
        if config or split or include or options:
            raise UsageError("there is no source", fix="name data with --source URL")
        return None
    for option in options:
        name, sign, _ = option.partition("=")
        if not sign or not name:
            raise UsageError(f"{option!r} is not an option", fix="use --option NAME=VALUE")
    from vrdata.api.source import SourceSpec
    from vrdata_generators.adapter.proof.items import TrialItems
    from vrdata_generators.adapter.proof.sampling import TrialSource

    try:
        source = SourceSpec(url=url, config=config, split=split, include=include)
    except ValueError as error:
        raise UsageError("the source is invalid", why=str(error)) from None
    return TrialSource(TrialItems(source, limit), options)


def with_source(
    targets: list[SamplingTarget], source: TrialSource | None, *, named: bool
) -> list[SamplingTarget]:
    """The generators that can be tested: converters with a source, the others without one.

    Args:
        targets: as the command names them.
        source: what converters convert.
        named: by their names; otherwise what cannot be tested is skipped.

    Raises:
        UsageError: one that was named cannot be tested.
    """
    fits = [one for one in targets if (one.launch.kind == "converter") == (source is not None)]
    if named and len(fits) < len(targets):
        other = next(one for one in targets if one not in fits)
        if source is None:
            raise UsageError(
                f"{other.name} is a converter: it needs data", fix="name data with --source URL"
            )
        raise UsageError(f"{other.name} is a generator: it reads no data", fix="remove --source")
    return fits
