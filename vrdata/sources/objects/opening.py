"""Open a folder, a file or a bucket as a source."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from vrdata.sources.objects.errors import as_source_errors
from vrdata.sources.objects.finding import BucketFinder, find_in_folder
from vrdata.sources.objects.listing import Listed, list_bucket, list_folder
from vrdata.sources.objects.source import ObjectsSource, Root
from vrdata.sources.port import SourceAccessError, SourceNotFoundError
from vrdata.store.file.store import FileStore
from vrdata.store.opening import open_store
from vrdata.store.port import ObjectStore

NAMED = 5  # names that an error lists


def open_path(
    url: str, path: Path, include: tuple[str, ...] = (), kind: type[ObjectsSource] = ObjectsSource
) -> ObjectsSource:
    """A folder, or one file. A link that is named here is followed. Nothing is read yet.

    Args:
        url: as the user wrote it.
        path: where it is.
        include: see `included`.
        kind: how its files are items.
    """
    return kind(partial(_path_root, url, path.absolute(), include), url, include)


def open_bucket(
    url: str, include: tuple[str, ...] = (), kind: type[ObjectsSource] = ObjectsSource
) -> ObjectsSource:
    """The objects below a prefix, or one object. No request is sent yet.

    Args:
        url: `s3://bucket/prefix`; with the key of an object, only that one.
        include: see `included`.
        kind: how its files are items.

    Raises:
        UsageError: the URL names no bucket.
        VrdataError: boto3 is not installed.
        SourceAccessError: the AWS profile does not exist.
    """
    with as_source_errors(url):
        whole = open_store(url)
        parent, _, name = url.rpartition("/")
        if not name or parent == "s3:/":  # a folder, or a bucket
            return kind(lambda: _bucket_root(whole, include), url, include)
        above = open_store(parent)
        return kind(lambda: _object_root(above, name, whole, include), url, include)


def _path_root(url: str, path: Path, include: tuple[str, ...]) -> Root:
    try:
        real = path.resolve(strict=True)
    except (FileNotFoundError, NotADirectoryError):
        raise _missing(url, path) from None
    except (OSError, RuntimeError) as error:  # no permission, or a circle of links
        raise SourceAccessError(f"cannot read {url}", why=str(error)) from None
    if real.is_dir():
        names = partial(list_folder, real, include)
        return Root(FileStore(real), names, partial(find_in_folder, real))
    if not real.is_file():
        raise SourceNotFoundError(f"{url} is not a folder or a regular file")
    one = partial(_one, Listed(real.name, real.stat().st_size))
    return Root(FileStore(real.parent), one, partial(find_in_folder, real.parent))


def _bucket_root(store: ObjectStore, include: tuple[str, ...]) -> Root:
    return Root(store, partial(list_bucket, store, include), BucketFinder(store).find)


def _object_root(
    above: ObjectStore, name: str, whole: ObjectStore, include: tuple[str, ...]
) -> Root:
    """The object `name`, if it exists, else the objects below it as a prefix.

    Other objects are not part of the source, even if a table names them: a cluster may allow only
    this one.
    """
    info = above.head(name)
    if info is None:
        return _bucket_root(whole, include)
    return Root(above, partial(_one, Listed(name, info.size, info.etag and f"etag:{info.etag}")))


def _one(file: Listed) -> Iterator[Listed]:
    yield file


def _missing(url: str, path: Path) -> SourceNotFoundError:
    folder = next(one for one in path.parents if one.is_dir())
    name = path.relative_to(folder).parts[0]
    try:
        names = sorted(one.name for one in folder.iterdir() if not one.name.startswith("."))
    except OSError:
        names = []
    near = difflib.get_close_matches(name, names, NAMED) or names[:NAMED]
    return SourceNotFoundError(
        f"{url} does not exist",
        why=f"{folder} has {', '.join(near)}" if near else f"{folder} has no files",
        fix="check the path; a relative path is relative to the current folder",
    )
