"""The CustomResourceDefinition objects. Pure."""

from __future__ import annotations

from typing import Any

from vrdata.api.profile import GenerationProfile, GenerationProfileSpec
from vrdata.api.run import GenerationRun, GenerationRunSpec
from vrdata.api.status import GenerationRunStatus
from vrdata.crd.rules import LISTS, PROFILE_RULES, RUN_RULES, Rule
from vrdata.crd.schema import nodes, structural
from vrdata.model import API_VERSION

GROUP, _, VERSION = API_VERSION.partition("/")
_COLUMNS = (
    # name, type, path, description, priority (1 = only with -o wide)
    ("Phase", "string", ".status.phase", "Phase of the run.", 0),
    ("Progress", "string", ".status.progress", "Committed samples of all samples.", 0),
    ("Failed", "integer", ".status.failed", "Samples that failed for good.", 0),
    ("Rate", "string", ".status.rate", "Samples committed in a second, lately.", 0),
    ("ETA", "string", ".status.eta", "Time left at this rate.", 0),
    ("Age", "date", ".metadata.creationTimestamp", "Since it was applied.", 0),
    ("Profile", "string", ".spec.profile", "The GenerationProfile.", 1),
    ("Queue", "string", ".spec.queueName", "The batch scheduler's queue.", 1),
    ("Shards", "integer", ".status.shards.succeeded", "Committed shards.", 1),
    ("Active", "integer", ".status.shards.active", "Shards with a pod.", 1),
    ("Output", "string", ".status.storage.url", "The run's folder.", 1),
    ("Reason", "string", ".status.reason", "Why it does not run, or how it ended.", 1),
)


def run_definition() -> dict[str, Any]:
    """GenerationRun: namespaced, with a status of its own."""
    properties = {
        "spec": structural(GenerationRunSpec, defaults=True)
        | {"description": GenerationRun.model_fields["spec"].description},
        "status": structural(GenerationRunStatus, defaults=False)
        | {"description": "Written by the operator."},
    }
    names = {
        "kind": "GenerationRun",
        "listKind": "GenerationRunList",
        "plural": "generationruns",
        "singular": "generationrun",
        "shortNames": ["genrun", "gruns"],
        "categories": ["vrdata"],
    }
    columns = [
        {
            "name": name,
            "type": kind,
            "jsonPath": path,
            "description": description,
            "priority": priority,
        }
        for name, kind, path, description, priority in _COLUMNS
    ]
    version = {
        "subresources": {"status": {}},
        "additionalPrinterColumns": columns,
        # kubectl get genrun --field-selector status.phase=Failed (Kubernetes 1.32 and newer)
        "selectableFields": [{"jsonPath": ".spec.profile"}, {"jsonPath": ".status.phase"}],
    }
    text = "A run: generators, samples, seed. Applied by users, brought forward by the operator."
    return _definition(names, properties, RUN_RULES, version, text)


def profile_definition() -> dict[str, Any]:
    """GenerationProfile: namespaced; the operator reads those of its own namespace."""
    properties = {
        "spec": structural(GenerationProfileSpec, defaults=True)
        | {"description": GenerationProfile.model_fields["spec"].description, "default": {}}
    }
    names = {
        "kind": "GenerationProfile",
        "listKind": "GenerationProfileList",
        "plural": "generationprofiles",
        "singular": "generationprofile",
        "shortNames": ["genprofile"],
        "categories": ["vrdata"],
    }
    columns = [
        {"name": "Image", "type": "string", "jsonPath": ".spec.image", "description": "Workers."},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    ]
    text = "An administrator's choice of image, resources, storage and limits for runs."
    version = {"additionalPrinterColumns": columns}
    return _definition(names, properties, PROFILE_RULES, version, text)


def _definition(
    names: dict[str, Any],
    properties: dict[str, Any],
    rules: tuple[Rule, ...],
    version: dict[str, Any],
    description: str,
) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "description": description,
        "properties": {
            "apiVersion": {"type": "string", "description": f"Always {API_VERSION}."},
            "kind": {"type": "string", "description": f"Always {names['kind']}."},
            "metadata": {"type": "object"},
            **properties,
        },
    }
    if "default" not in properties["spec"]:  # one with a default can be omitted, as in a file
        schema["required"] = ["spec"]
    found = nodes(schema)
    for path, (kind, keys) in LISTS.items():
        if path in found:
            found[path]["x-kubernetes-list-type"] = kind
            if keys:
                found[path]["x-kubernetes-list-map-keys"] = list(keys)
    for rule in rules:
        found[rule.path].setdefault("x-kubernetes-validations", []).append(rule.validation())
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{names['plural']}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "names": names,
            "scope": "Namespaced",
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                    **version,
                }
            ],
        },
    }
