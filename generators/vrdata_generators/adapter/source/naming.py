"""Names, classes and addresses of generators. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from vrdata.errors import InvalidInputError
from vrdata.model import GeneratorClass
from vrdata.plan.catalogue import GENERATOR_NAME

_MAX_NAME = 100  # GENERATOR_NAME
_CLASS_PREFIX = re.compile(r"^([OGM])[-_]", re.IGNORECASE)
_URL = re.compile(r"^(https|ssh|file)://", re.IGNORECASE)
_SCP_LIKE = re.compile(r"^[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:[^:]")


def is_url(source: str) -> bool:
    """True for what git can fetch: an https, ssh or file URL, or `user@host:path`."""
    return bool(_URL.match(source) or _SCP_LIKE.match(source))


def without_credentials(source: str) -> str:
    """A source to show: a URL without user name, password, query and fragment."""
    if "://" in source:
        try:
            parts = urlsplit(source)
        except ValueError:
            return "an invalid URL"
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    return source.partition("@")[2] if _SCP_LIKE.match(source) else source


def name_from(source: str) -> str:
    """The name of a generator, from its folder or URL.

    Args:
        source: a path or URL; its last part is used, without `.git`.

    Raises:
        InvalidInputError: it has no character that a name can have, or too many.
    """
    last = re.split(r"[/:]", source.rstrip("/"))[-1].removesuffix(".git")
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", last).lstrip("_-")
    if len(name) > _MAX_NAME:
        raise InvalidInputError(
            f"the name {name[:40]}… is too long for a generator",
            why=f"it has {len(name)} characters, and a name has at most {_MAX_NAME}",
            fix="choose one with --name NAME",
        )
    if not name:
        raise InvalidInputError(
            f"{source!r} cannot be turned into a generator name", fix="choose one with --name NAME"
        )
    return name


def check_name(name: str) -> str:
    """Return the name if a catalogue accepts it.

    Raises:
        InvalidInputError: it does not match GENERATOR_NAME.
    """
    if not re.fullmatch(GENERATOR_NAME.strip("^$"), name):
        raise InvalidInputError(
            f"{name!r} is not a generator name",
            why="a name has 1 to 100 letters, digits, - and _, and starts with a letter or digit",
            fix="choose another name with --name NAME",
        )
    return name


def class_of(
    name: str, given: GeneratorClass | None, known: GeneratorClass | None = None
) -> GeneratorClass:
    """The class of a generator: the given one, otherwise that of its prefix (`O-`, `O_`, `G-`, …).

    Args:
        name: of the generator.
        given: by the user.
        known: the class of the generator that has this name now; for a name without prefix.

    Raises:
        InvalidInputError: no class is given and the name has no such prefix; the fix proposes one.
    """
    if given is not None:
        return given
    match = _CLASS_PREFIX.match(name)
    if match is None and known is not None:
        return known
    if match is None:
        raise InvalidInputError(
            f"the class of generator {name} is unknown",
            why="its name does not start with O-, G- or M-",
            fix=_proposal(name),
        )
    letter = match.group(1).upper()
    return "O" if letter == "O" else "G" if letter == "G" else "M"


def _proposal(name: str) -> str:
    """M for a pipeline; otherwise G: it has more memory than O, so both kinds fit it."""
    proposed = "M" if "pipeline" in name.lower() else "G"
    return (
        f"use --class {proposed}, or another one: O (static), G (dynamic, more memory), "
        f"M (converts existing data); in a list, end its line with class={proposed}"
    )
