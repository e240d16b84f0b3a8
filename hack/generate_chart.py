"""Write the chart's values schema and README from values.yaml; `--check` only compares."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

from vrdata.api.profile import HTTP_SERVER
from vrdata.api.source import SOURCE_PREFIX

ROOT = Path(__file__).parent.parent / "charts" / "vrdata"
# Maps whose keys are the user's own.
FREE = {
    "serviceAccount.annotations",
    "worker.serviceAccount.annotations",
    "metrics.serviceMonitor.labels",
    "resources",
    "nodeSelector",
    "affinity",
    "podAnnotations",
    "podLabels",
}
CLASSES = "defaultProfile.classes."
CIDR = {"type": "string", "pattern": "^[0-9a-fA-F:.]+/[0-9]{1,3}$"}
RULES: dict[str, dict[str, Any]] = {
    "image.pullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]},
    "logFormat": {"enum": ["text", "json"]},
    "image.digest": {"pattern": "^$|^sha256:[0-9a-f]{64}$"},
    "storage.url": {"pattern": "^$|^s3://[^/@]+"},
    "storage.endpoint": {"pattern": "^$|^https?://[^/@]+"},
    "defaultProfile.image": {"pattern": "^$|@sha256:[0-9a-f]{64}$"},
    "defaultProfile.gpu.count": {"minimum": 1, "maximum": 64},
    "defaultProfile.limits.maxSamples": {"minimum": 1},
    "defaultProfile.limits.maxParallelism": {"minimum": 1, "maximum": 10000},
    "defaultProfile.sources.allowed": {"items": {"type": "string", "pattern": SOURCE_PREFIX}},
    "defaultProfile.sources.hubEndpoint": {"pattern": HTTP_SERVER},
    "metrics.port": {"minimum": 1024, "maximum": 65535},
    "watch.namespaces": {"items": {"type": "string", "minLength": 1}},
    "worker.networkPolicy.egressCIDRs": {"items": CIDR},
    "worker.networkPolicy.exceptCIDRs": {"items": CIDR},
    "defaultProfile.hermetic": {"enum": ["Any", "Kernel"]},
    "defaultProfile.allowedQueues": {"items": {"type": "string"}},
}
_KEYWORDS = ("type", "pattern", "enum", "minimum", "maximum", "maxLength", "maxItems")
_TYPES = {str: "string", bool: "boolean", int: "integer", list: "array"}


def schema() -> str:
    """values.schema.json: every level that is ours refuses unknown keys."""
    values = yaml.safe_load((ROOT / "values.yaml").read_text())
    root = _schema(values, "")
    # Helm hands these to a chart that is another chart's dependency.
    root["properties"] |= {"global": {"type": "object"}, "enabled": {"type": "boolean"}}
    document = {"$schema": "http://json-schema.org/draft-07/schema#", **root}
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def readme() -> str:
    """README.md: what the chart is, and a table of its values."""
    rows = "\n".join(
        f"| `{key}` | {text} | `{json.dumps(default)}` |" for key, text, default in _documented()
    )
    return (
        "# vrdata\n\n"
        "Installs the vrdata operator, its CustomResourceDefinitions and its roles.\n\n"
        "    helm install vrdata charts/vrdata --namespace vrdata-system \\\n"
        "      --set image.repository=REGISTRY/vrdata-operator \\\n"
        "      --set storage.url=s3://bucket/runs --set storage.existingSecret=s3 \\\n"
        "      --set defaultProfile.image=REPOSITORY@sha256:DIGEST\n\n"
        "The Secret must be in that namespace, and in every one with runs.\n\n"
        "Task by task: docs/cluster.md. This page is generated from values.yaml.\n\n"
        "## Values\n\n| key | meaning | default |\n|---|---|---|\n" + rows + "\n"
    )


def _schema(value: Any, path: str) -> dict[str, Any]:
    if isinstance(value, dict):
        if path in FREE:
            return {"type": "object"}
        if path.startswith(CLASSES):
            return _strict(_class_definition(path.removeprefix(CLASSES)))
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                key: _schema(item, f"{path}.{key}".strip(".")) for key, item in value.items()
            },
        }
    return {"type": _TYPES[type(value)]} | RULES.get(path, {})


def _class_definition(name: str) -> dict[str, Any]:
    """What the CustomResourceDefinition says of the resources of class O, G or M."""
    definition = yaml.safe_load((ROOT.parent.parent / "crds/generationprofiles.yaml").read_text())
    version = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    found = version["properties"]["spec"]["properties"]["classes"]["properties"][name]
    return dict(found)


def _strict(definition: dict[str, Any]) -> dict[str, Any]:
    """A schema of the API server as JSON schema that refuses what the server would prune."""
    kept = {key: definition[key] for key in _KEYWORDS if key in definition}
    if definition.get("x-kubernetes-int-or-string"):
        kept["type"] = ["integer", "string"]
    if "properties" in definition:
        kept["properties"] = {n: _strict(one) for n, one in definition["properties"].items()}
        kept["additionalProperties"] = False
    elif "additionalProperties" in definition:
        kept["additionalProperties"] = _strict(definition["additionalProperties"])
    if "items" in definition:
        kept["items"] = _strict(definition["items"])
    return kept


def _documented() -> list[tuple[str, str, Any]]:
    """(key, its comment, its default) of every documented value.

    Raises:
        ValueError: a value has no comment that begins with its name.
    """
    text = (ROOT / "values.yaml").read_text()
    values = yaml.safe_load(text)
    comments = {
        match[1]: " ".join(line.strip(" #") for line in match[2].splitlines())
        for match in re.finditer(r"# ([A-Za-z.]+): (.*(?:\n *# (?![A-Za-z.]+: ).*)*)", text)
    }
    found = []
    for key, default in _leaves(values, ""):
        if key not in comments:
            raise ValueError(f"values.yaml: {key} has no comment")
        found.append((key, comments[key], default))
    return found


def _leaves(value: dict[str, Any], path: str) -> list[tuple[str, Any]]:
    found = []
    for key, item in value.items():
        name = f"{path}.{key}".strip(".")
        documented_whole = (
            name in FREE or name.startswith(CLASSES) or name == "defaultProfile.limits"
        )
        if isinstance(item, dict) and not documented_whole:
            found += _leaves(item, name)
        else:
            found.append((name, item))
    return found


PAGES = {"values.schema.json": schema, "README.md": readme}


def main() -> int:
    """Write or compare; returns the exit code."""
    made = {ROOT / name: make() for name, make in PAGES.items()}
    stale = {p: t for p, t in made.items() if not p.exists() or p.read_text() != t}
    if "--check" in sys.argv:
        for path in stale:
            sys.stderr.write(f"charts/vrdata/{path.name} is stale: run `make docs`\n")
        return int(bool(stale))
    for path, text in stale.items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
