"""What the API server checks beyond types: CEL rules and list types. Pure data.

Each rule says in the same words what the pydantic models say when a file is loaded; here the
user learns it from `kubectl apply`.
"""

from __future__ import annotations

from dataclasses import dataclass

from vrdata.api.metadata import DNS_LABEL, MAX_RUN_NAME
from vrdata.api.run import GenerationRunSpec
from vrdata.crd.schema import aliases


@dataclass(frozen=True, slots=True)
class Rule:
    """One CEL rule.

    Attributes:
        path: the schema it stands at.
        rule: the expression.
        message: what the user reads.
    """

    path: str
    rule: str
    message: str


# Everything else decides what is made, and stays as it was when the run began.
MUTABLE = frozenset({"parallelism", "suspend", "activeDeadlineSeconds", "ttlSecondsAfterFinished"})

LISTS: dict[str, tuple[str, tuple[str, ...]]] = {
    ".spec.generators": ("map", ("name",)),
    ".spec.generators[].args": ("atomic", ()),
    ".status.conditions": ("map", ("type",)),
    ".status.classes": ("map", ("name",)),
    ".status.failures": ("atomic", ()),
    ".spec.allowedQueues": ("set", ()),
    **{f".spec.classes.{name}.tolerations": ("atomic", ()) for name in "OGM"},
}


def _immutable(field: str) -> Rule:
    """Also when the field is added or removed, which a rule on the field itself would not see."""
    same = f"self.{field} == oldSelf.{field}"
    there = f"has(self.{field}) == has(oldSelf.{field})"
    return Rule(
        ".spec",
        f"{there} && (!has(self.{field}) || {same})",
        f"{field} cannot be changed: it decides what the run makes. Apply a run with another name",
    )


_NAME = Rule(
    "",
    f"self.metadata.name.matches('{DNS_LABEL}') && size(self.metadata.name) <= {MAX_RUN_NAME}",
    f"metadata.name must be at most {MAX_RUN_NAME} lower-case letters, digits and dashes, "
    "starting and ending with a letter or digit",
)

RUN_RULES: tuple[Rule, ...] = (
    _NAME,
    Rule(
        ".spec",
        "has(self.samples) || self.generators.all(one, has(one.samples))",
        "samples is missing: set spec.samples, or samples of each generator",
    ),
    Rule(
        ".spec.dedup",
        "!has(self.enabled) || !self.enabled",
        "replacing duplicates is not available in this release: set enabled to false",
    ),
    *(_immutable(field) for field in aliases(GenerationRunSpec) if field not in MUTABLE),
)

PROFILE_RULES: tuple[Rule, ...] = (
    _NAME,
    Rule(
        ".spec.storage",
        "!(has(self.url) && self.url != '' && has(self.persistentVolumeClaim) && "
        "self.persistentVolumeClaim != '')",
        "url and persistentVolumeClaim are both set; keep one",
    ),
    *(
        Rule(
            f".spec.classes.{name}",
            "quantity(self.memoryCeiling).compareTo(quantity(self.memory)) >= 0",
            "memoryCeiling is below memory; raise the ceiling",
        )
        for name in "OGM"
    ),
)
