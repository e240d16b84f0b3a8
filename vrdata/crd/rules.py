"""What the API server checks beyond types: CEL rules and list types. Pure data.

Each rule has the same message as the pydantic models' check of a file; here `kubectl apply`
shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vrdata.api.metadata import DNS_LABEL, MAX_RUN_NAME
from vrdata.api.rules import (
    FOLDER_IS_RESERVED,
    NAME_IS_RESERVED,
    RESERVED_NAMES,
    WHY_RESERVED,
)
from vrdata.api.run import GenerationRunSpec
from vrdata.api.selection import INDEX_LIMIT, NO_PIPELINE
from vrdata.crd.schema import aliases


@dataclass(frozen=True, slots=True)
class Rule:
    """One CEL rule.

    Attributes:
        path: the schema that it belongs to.
        rule: the expression.
        message: the error message.
        wording: an expression for a message with the user's values; `message` is used if it
            cannot be evaluated.
        field: the field that is named in the error, below `path`.
        transition: compares with the stored object.
    """

    path: str
    rule: str
    message: str
    wording: str = ""
    field: str = ""
    transition: bool = False

    def validation(self) -> dict[str, Any]:
        """The entry of `x-kubernetes-validations`."""
        optional = {"messageExpression": self.wording, "fieldPath": self.field}
        given = {key: value for key, value in optional.items() if value}
        return {"rule": self.rule, "message": self.message, **given}


# All other fields decide the output, or work already done depends on them: immutable.
MUTABLE = frozenset({"parallelism", "suspend", "activeDeadlineSeconds", "ttlSecondsAfterFinished"})

LISTS: dict[str, tuple[str, tuple[str, ...]]] = {
    ".spec.generators": ("map", ("name",)),
    ".spec.generators[].args": ("atomic", ()),
    ".spec.generators[].source.include": ("set", ()),
    ".spec.generators[].sources": ("map", ("place",)),
    ".spec.generators[].sources[].include": ("set", ()),
    ".status.conditions": ("map", ("type",)),
    ".status.classes": ("map", ("name",)),
    ".status.failures": ("atomic", ()),
    ".spec.allowedQueues": ("set", ()),
    ".spec.sources.allowed": ("set", ()),
    **{f".spec.classes.{name}.tolerations": ("atomic", ()) for name in "OGM"},
}

_ANOTHER_NAME = "the data depends on it. Apply a run with another name"
_AGAIN = "Delete the run and apply it again; the data stays"
_FIXES = {
    "profile": f"the run's image and storage come from it. {_AGAIN}",
    "failurePolicy": f"shards may have been accepted by it. {_AGAIN}",
    "allowNondeterministic": f"the run was accepted by it. {_AGAIN}",
    "queueName": f"the run's Jobs are in that queue. {_AGAIN}",
}
# Equality of a list of type map ignores its order, but the first glob that matches wins.
_SAME_ORDER = " && self.generators.map(one, one.name) == oldSelf.generators.map(one, one.name)"


def _immutable(field: str) -> Rule:
    """Also when the field is added or removed, which a rule on the field itself would not see."""
    same = f"self.{field} == oldSelf.{field}" + (_SAME_ORDER if field == "generators" else "")
    return Rule(
        ".spec",
        f"has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || {same})",
        f"{field} cannot be changed: {_FIXES.get(field, _ANOTHER_NAME)}",
        field=f".{field}",
        transition=True,
    )


_NAME = Rule(
    "",
    f"self.metadata.name.matches('{DNS_LABEL}') && size(self.metadata.name) <= {MAX_RUN_NAME}",
    f"metadata.name must be at most {MAX_RUN_NAME} lower-case letters, digits and dashes, "
    "starting and ending with a letter or digit",
)


def _remote(path: str) -> Rule:
    return Rule(
        path,
        "self.url.startsWith('hf://') || self.url.startsWith('s3://')",
        "a cluster cannot read files of your machine: copy them to a bucket, and set url to "
        "hf://ORGANISATION/NAME or s3://BUCKET/PREFIX",
        field=".url",
    )


RUN_RULES: tuple[Rule, ...] = (
    _NAME,
    Rule(
        "",
        # A run that an earlier version accepted keeps its status.
        f"has(self.status) || !(self.metadata.name in {list(RESERVED_NAMES)})",
        f"metadata.name {NAME_IS_RESERVED}: {WHY_RESERVED}",
    ),
    Rule(
        ".spec.output",
        "!has(self.prefix) || self.prefix.lowerAscii().split('/').all(folder, "
        f"!(folder in {list(RESERVED_NAMES)}))",
        f"prefix {FOLDER_IS_RESERVED}: {WHY_RESERVED}",
        field=".prefix",
    ),
    Rule(
        ".spec",
        # The number of items of a pipeline is in the catalogue.
        "has(self.samples) || self.generators.all(one, has(one.samples) || has(one.source) || "
        f"!one.name.matches(r'{NO_PIPELINE}'))",
        "samples is missing: set spec.samples, or samples of each generator",
        # To name those without would cost more than the API server lets a message cost.
        field=".samples",
    ),
    Rule(
        ".spec",
        "self.generators.all(one, (has(one.start) ? one.start : 0) + (has(one.samples) ? "
        f"one.samples : has(self.samples) ? self.samples : 0) <= {INDEX_LIMIT})",
        f"start + samples of a generator is more than {INDEX_LIMIT}: sample ids have eight "
        "digits; lower start or samples",
        field=".generators",
    ),
    Rule(
        ".spec.generators[]",
        "!has(self.converter) || has(self.source) || has(self.sources)",
        "a converter needs a source: set source.url, or sources of a pipeline",
        field=".source",
    ),
    Rule(
        ".spec.generators[]",
        "!has(self.source) || !has(self.sources) || self.sources.size() == 0",
        "source and sources are both set: keep source for a converter, or sources for a pipeline",
        field=".sources",
    ),
    *(_remote(f".spec.generators[].{field}") for field in ("source", "sources[]")),
    Rule(
        ".spec.generators[].sources[]",
        "!self.place.matches('(^|/)[.][.]?(/|$)')",
        "a place has a part that is . or ..; name the folder without it",
        field=".place",
    ),
    Rule(
        ".spec.dedup",
        "!has(self.enabled) || !self.enabled",
        "replacing duplicates is not available in this release: set enabled to false",
        field=".enabled",
    ),
    *(_immutable(field) for field in aliases(GenerationRunSpec) if field not in MUTABLE),
)


def _ceiling(name: str) -> Rule:
    return Rule(
        f".spec.classes.{name}",
        # Both have defaults; the API server tries the rule on the empty default of the block.
        "!has(self.memory) || !has(self.memoryCeiling) || "
        "quantity(string(self.memoryCeiling)).compareTo(quantity(string(self.memory))) >= 0",
        "memoryCeiling is below memory; raise the ceiling",
        wording="'memoryCeiling ' + string(self.memoryCeiling) + ' is below memory ' + "
        "string(self.memory) + '; raise the ceiling'",
        field=".memoryCeiling",
    )


PROFILE_RULES: tuple[Rule, ...] = (
    _NAME,
    Rule(
        ".spec.storage",
        "!(has(self.url) && self.url != '' && has(self.persistentVolumeClaim) && "
        "self.persistentVolumeClaim != '')",
        "url and persistentVolumeClaim are both set; keep one",
        field=".persistentVolumeClaim",
    ),
    *(_ceiling(name) for name in "OGM"),
)
