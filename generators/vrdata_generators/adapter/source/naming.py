"""Names, classes and addresses of generators. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from vrdata.errors import InvalidInputError
from vrdata.plan.catalogue import GENERATOR_NAME, GeneratorClass

_MAX_NAME = 100  # GENERATOR_NAME
_CLASS_PREFIX = re.compile(r"^([OGM])[-_]", re.IGNORECASE)
_URL = re.compile(r"^(https|ssh|file)://", re.IGNORECASE)
_SCP_LIKE = re.compile(r"^[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:[^:]")


def is_url(source: str) -> bool:
    """True for an address that git fetches: https, ssh or file, or `user@host:path`."""
    return bool(_URL.match(source) or _SCP_LIKE.match(source))


def without_credentials(source: str) -> str:
    """A source fit to be shown: an address loses user name, password, query and fragment."""
    if "://" in source:
        try:
            parts = urlsplit(source)
        except ValueError:
            return "an address that cannot be read"
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    return source.partition("@")[2] if _SCP_LIKE.match(source) else source


def name_from(source: str) -> str:
    """A generator's name made from a folder or address.

    Args:
        source: a path or URL; its last part is used, without `.git`.

    Raises:
        InvalidInputError: nothing of it can stand in a name.
    """
    last = re.split(r"[/:]", source.rstrip("/"))[-1].removesuffix(".git")
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", last).lstrip("_-")[:_MAX_NAME]
    if not name:
        raise InvalidInputError(
            f"no generator name can be made from {source!r}", fix="name it: --name NAME"
        )
    return name


def check_name(name: str) -> str:
    """Return a name that a catalogue accepts.

    Raises:
        InvalidInputError: it does not match GENERATOR_NAME.
    """
    if not re.fullmatch(GENERATOR_NAME.strip("^$"), name):
        raise InvalidInputError(
            f"{name!r} is not a generator name",
            why="it must be 1 to 100 letters, digits, - and _, and start with a letter or digit",
            fix="choose another: --name NAME",
        )
    return name


def class_of(name: str, given: GeneratorClass | None) -> GeneratorClass:
    """A generator's class: the one given, else the name's prefix (`O-`, `O_`, `G-`, … ).

    Raises:
        InvalidInputError: none is given and the name has no such prefix.
    """
    if given is not None:
        return given
    match = _CLASS_PREFIX.match(name)
    if match is None:
        raise InvalidInputError(
            f"the class of generator {name} is not known",
            why="its name does not start with O-, G- or M-",
            fix="say which: --class O (static), G (dynamic) or M (converts existing data)",
        )
    letter = match.group(1).upper()
    return "O" if letter == "O" else "G" if letter == "G" else "M"
