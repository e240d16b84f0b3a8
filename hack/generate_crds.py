"""Write crds/ and the chart's copies from the types; `--check` only compares."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

from vrdata.crd.resources import profile_definition, run_definition

ROOT = Path(__file__).resolve().parents[1]
HEAD = "# Generated from the types: make crds\n"
_ANNOTATIONS = """  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
  labels: {{- include "vrdata.commonLabels" . | nindent 4 }}
"""


def files() -> dict[Path, str]:
    """Every generated file with its text."""
    made: dict[Path, str] = {}
    for definition in (run_definition(), profile_definition()):
        name = definition["metadata"]["name"].partition(".")[0]
        text = _yaml(definition)
        made[ROOT / "crds" / f"{name}.yaml"] = HEAD + text
        made[ROOT / "charts" / "vrdata" / "templates" / "crds" / f"{name}.yaml"] = _template(text)
    return made


def main() -> int:
    """Write or compare; returns the exit code."""
    stale = {
        path: text
        for path, text in files().items()
        if not path.exists() or path.read_text() != text
    }
    if "--check" in sys.argv:
        for path in stale:
            sys.stderr.write(f"{path.relative_to(ROOT)} is stale: run `make crds`\n")
        return int(bool(stale))
    for path, text in stale.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return 0


def _template(text: str) -> str:
    head, metadata, rest = text.partition("metadata:\n")
    name, line_end, body = rest.partition("\n")
    marked = f"{HEAD}{{{{- if .Values.crds.enabled }}}}\n{head}{metadata}{name}{line_end}"
    return f"{marked}{_ANNOTATIONS}{body}{{{{- end }}}}\n"


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - yaml's signature
        return True


def _yaml(document: dict[str, Any]) -> str:
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=100, allow_unicode=True)


if __name__ == "__main__":
    sys.exit(main())
