"""`aws s3`: copy and list declared sources; everything else is refused by name."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from vrdata_child.declared.programs.aws_options import Options, UsageError, parsed
from vrdata_child.declared.programs.copies import Copies, copy
from vrdata_child.declared.refusing import unanswered, undeclared, upload
from vrdata_child.declared.sources import Declared, Found, read

_USAGE, _FAILED = 252, 1
_WRITES = frozenset({"mb", "mv", "rb", "rm", "presign", "website"})
_DATE = "2020-01-01 00:00:00"


def run(folder: Path, args: Sequence[str]) -> int:
    """Run a command; returns its exit code, as the real program documents it.

    Args:
        folder: of the block.
        args: arguments of the program.

    Raises:
        RefusedError: it uploads, or reads what is not declared.
        OSError: a file cannot be read or written.
    """
    try:
        return _run(folder, parsed(args))
    except UsageError as error:
        _tell(f"aws: {error}")
        return _USAGE


def _run(folder: Path, options: Options) -> int:
    service, command, *places = *options.words, "", ""
    places = [place for place in places if place]
    if options.version:
        print("aws-cli/2.0.0 vrdata")  # noqa: T201 - a program
        return 0
    if service == "configure":
        return 0  # it needs no settings
    if service != "s3" or command not in {"sync", "cp", "ls", *_WRITES}:
        raise unanswered(f"aws {' '.join(options.words)}".strip())
    if command in _WRITES:
        raise upload(command, places[-1] if places else "s3://")
    if command == "ls":
        return _list(read(folder), places[0] if places else "", options)
    return _copy(folder, command, places, options)


def _copy(folder: Path, command: str, places: Sequence[str], options: Options) -> int:
    if len(places) != 2:
        raise UsageError(f"s3 {command} needs a source and a destination")
    source, destination = places
    if destination.startswith("s3://"):
        raise upload(command, destination)
    if not source.startswith("s3://"):
        raise UsageError("one of source and destination is s3://BUCKET/KEY")
    if command == "sync" or options.recursive:
        return _copy_all(read(folder), source, destination, options, sync=command == "sync")
    return _copy_one(read(folder), source, destination, options)


def _copy_all(
    declared: Declared, source: str, destination: str, options: Options, *, sync: bool
) -> int:
    prefix = source if source.endswith("/") else f"{source}/"
    if not declared.covers(prefix):
        raise undeclared(prefix)
    found = declared.below(prefix)
    if not found:
        _tell(f"warning: the declared source has no object below {prefix}")
    copies = Copies(Path(destination), dry=options.dry, skip_equal=sync)
    for url, one in found.items():
        name = url.removeprefix(prefix)
        if options.filters.keep(name) and copies.add(name, one) and options.talks:
            print(f"{options.prefix}download: {url} to {copies.shown(name)}")  # noqa: T201
    if sync and options.delete:
        names = {url.removeprefix(prefix) for url in found}
        copies.remove_others(name for name in copies.names() if _goes(name, names, options))
    return 0


def _goes(name: str, kept: set[str], options: Options) -> bool:
    return name not in kept and options.filters.keep(name)


def _copy_one(declared: Declared, source: str, destination: str, options: Options) -> int:
    found = _found(declared, source)
    if found is None:
        key = source.partition("://")[2].partition("/")[2]
        _tell(
            "fatal error: An error occurred (404) when calling the HeadObject operation:"
            f' Key "{key}" does not exist'
        )
        return _FAILED
    if destination == "-":
        sys.stdout.flush()
        with found.source.open(found.name) as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        return 0
    target = Path(destination)
    if destination.endswith("/") or target.is_dir():
        target /= source.rpartition("/")[2]
    if not options.dry:
        copy(found, target)
    if options.talks:
        print(f"{options.prefix}download: {source} to {target}")  # noqa: T201 - a program
    return 0


def _found(declared: Declared, url: str) -> Found | None:
    found = declared.find(url)
    if found is None:
        raise undeclared(url)
    return found if found.size is not None else None


def _list(declared: Declared, url: str, options: Options) -> int:
    if not url.removeprefix("s3://"):
        for bucket in declared.buckets():
            print(f"{_DATE} {bucket}")  # noqa: T201 - a program
        return 0
    prefix = _with_key(url if url.startswith("s3://") else f"s3://{url}")
    if not declared.covers(prefix):
        raise undeclared(prefix)
    folder = prefix[: prefix.rindex("/") + 1]
    bucket = "/".join(prefix.split("/")[:3]) + "/"
    shown: set[str] = set()
    number = total = 0
    for found, one in declared.below(prefix).items():
        inner = found.removeprefix(folder)
        number, total = number + 1, total + (one.size or 0)
        if options.recursive:
            print(f"{_DATE} {one.size:>10} {found.removeprefix(bucket)}")  # noqa: T201
        elif "/" not in inner:
            print(f"{_DATE} {one.size:>10} {inner}")  # noqa: T201 - a program
        elif (common := inner.partition("/")[0]) not in shown:
            shown.add(common)
            print(f"{'PRE':>30} {common}/")  # noqa: T201 - a program
    if options.summarize:
        print(f"\nTotal Objects: {number}\n   Total Size: {total}")  # noqa: T201 - a program
    return 0 if number else _FAILED


def _with_key(url: str) -> str:
    """A URL of S3 with a slash after the bucket."""
    return url if "/" in url.removeprefix("s3://") else f"{url}/"


def _tell(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201 - a program
