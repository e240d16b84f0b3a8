"""The licences of a dataset: those of its sources, and of the generators of the rest. Pure."""

from __future__ import annotations

from vrdata.plan.planned import Plan, PlannedGenerator

UNKNOWN, OTHER = "unknown", "other"
_NAMES = """
lgpl gpl cc bsd
afl-3.0 agpl-3.0 apache-2.0 artistic-2.0 bsd-2-clause bsd-3-clause bsd-3-clause-clear bsl-1.0
c-uda cc-by-2.0 cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0
cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nd-4.0
cc-by-sa-3.0 cc-by-sa-4.0 cc0-1.0 cdla-permissive-1.0 cdla-permissive-2.0 cdla-sharing-1.0 ecl-2.0
epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 gfdl gpl-2.0 gpl-3.0 isc lgpl-2.1 lgpl-3.0 lppl-1.3c
mit mpl-2.0 ms-pl ncsa odbl odc-by ofl-1.1 openrail osl-3.0 pddl postgresql unlicense wtfpl zlib
"""
_ACCEPTED = frozenset(_NAMES.split())
"""Licences that the Hub accepts in a card, beside `other` and `unknown`; it refuses all others."""


def licences_of(one: PlannedGenerator) -> list[str]:
    """The licences of a generator's samples as they are declared; nothing if none is known.

    A converter or pipeline changes data of others: the licence is that of its sources, not of its
    code.
    """
    if one.places:
        return [
            text for place in one.places for text in (place.licence or UNKNOWN).split(", ") if text
        ]
    if one.source is None:
        return [one.licence] if one.licence else []
    return [text for text in one.source.licence.split(", ") if text]


def hub_licences(plan: Plan) -> list[str]:
    """The licences of a dataset as the Hub names them, sorted; nothing if none is known."""
    found = {_hub(text) for one in plan.generators for text in licences_of(one) or [UNKNOWN]}
    return [] if found == {UNKNOWN} else sorted(found)


def _hub(text: str) -> str:
    name = text.strip().lower()
    return name if name in _ACCEPTED or name == UNKNOWN else OTHER
