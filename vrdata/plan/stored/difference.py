"""Describe how two plans differ, for the message of an output conflict. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from vrdata.plan.planned import SAID, Plan, PlannedGenerator
from vrdata.plan.sources import PlannedPlace, PlannedSource
from vrdata.text import count

MAX_LINES = 8
_VERSION_TITLES = {"child": "vrdata's version (its package vrdata_child)"}


def describe_difference(stored: Plan, wanted: Plan) -> list[str]:
    """Short sentences, at most MAX_LINES of them; empty only when the plans have equal hashes."""
    lines = [
        f"{name}: {before} there, {after} wanted"
        for name, before, after in (
            ("metadata.namespace", stored.namespace, wanted.namespace),
            ("metadata.name", stored.run, wanted.run),
            ("seed", stored.seed, wanted.seed),
            ("output.format", stored.output.format, wanted.output.format),
            ("output.video", stored.output.video, wanted.output.video),
        )
        if before != after
    ]
    before = {item.name: item for item in stored.generators}
    after = {item.name: item for item in wanted.generators}
    lines += [f"generator {name} is no longer wanted" for name in before if name not in after]
    lines += [f"generator {name} is wanted and not there" for name in after if name not in before]
    for name in sorted(before.keys() & after.keys()):
        lines += _generator_difference(before[name], after[name])
    if before.keys() == after.keys() and list(before) != list(after):
        lines.append(f"generators: {', '.join(before)} there, {', '.join(after)} wanted")
    for name in sorted(stored.versions.keys() | wanted.versions.keys()):
        old, new = (plan.versions.get(name, "absent") for plan in (stored, wanted))
        if old != new:
            lines.append(f"{_VERSION_TITLES.get(name, name)} was {old}, now {new}")
    if len(lines) > MAX_LINES:
        lines[MAX_LINES - 1 :] = [f"and {count(len(lines) - MAX_LINES + 1, 'more difference')}"]
    return lines


def differs_in_generators_only(stored: Plan, wanted: Plan) -> bool:
    """Whether the same run is planned with other code, environments or versions."""
    digests = {one.name: one.digest for one in wanted.generators}
    generators = tuple(
        one.model_copy(update={"digest": digests.get(one.name, one.digest)})
        for one in stored.generators
    )
    same = {"generators": generators, "versions": wanted.versions}
    return stored.model_copy(update=same).hash == wanted.hash


def _generator_difference(stored: PlannedGenerator, wanted: PlannedGenerator) -> list[str]:
    return [
        f"{stored.name}.{field}: {before} there, {after} wanted"
        for field, before, after in (
            ("class", stored.generator_class, wanted.generator_class),
            ("start", stored.start, wanted.start),
            ("samples", stored.samples, wanted.samples),
            ("blockSize", stored.block_size, wanted.block_size),
            ("blocks per shard", stored.shard_blocks, wanted.shard_blocks),
            ("args", list(stored.args), list(wanted.args)),
            ("converter", stored.catalogue_name, wanted.catalogue_name),
            *_source_difference(stored, wanted),
            *_places_difference(stored, wanted),
            ("digest (its code or environment)", stored.digest[:19], wanted.digest[:19]),
        )
        if before != after
    ]


def _source_difference(
    stored: PlannedGenerator, wanted: PlannedGenerator
) -> list[tuple[str, object, object]]:
    old, new = (one.source.to_dict() if one.source is not None else {} for one in (stored, wanted))
    return [
        (f"source.{name}", old.get(name, "none"), new.get(name, "none"))
        for name in PlannedSource.model_fields
    ]


def _places_difference(
    stored: PlannedGenerator, wanted: PlannedGenerator
) -> Iterator[tuple[str, object, object]]:
    old, new = ({one.place: one.to_dict() for one in each.places} for each in (stored, wanted))
    for place in sorted(old.keys() | new.keys()):
        for name in sorted(PlannedPlace.model_fields.keys() - set(SAID)):
            before, after = (one.get(place, {}).get(name, "none") for one in (old, new))
            yield f"sources[{place}].{name}", before, after
