"""Names in the cluster: API group, labels, Jobs. Users' clusters depend on them. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any, Final

GROUP: Final = "vrdata.dev"
VERSION: Final = "v1alpha1"
RUNS: Final = "generationruns"
PROFILES: Final = "generationprofiles"
MANAGER: Final = "vrdata-operator"
FINALIZER: Final = f"{GROUP}/operator"

# A new value on a run asks for a repair: data and markers are compared, damage is generated again.
REPAIR_ANNOTATION: Final = f"{GROUP}/repair"

RUN_LABEL: Final = f"{GROUP}/run"
RUN_UID_LABEL: Final = f"{GROUP}/run-uid"
WAVE_LABEL: Final = f"{GROUP}/wave"
CLASS_LABEL: Final = f"{GROUP}/class"
TASK_LABEL: Final = f"{GROUP}/task"
# On a Job of finalisation: waves of the output when it was created, and earlier tries that failed
# for a reason that is charged.
WAVES_ANNOTATION: Final = f"{GROUP}/waves"
CHARGED_ANNOTATION: Final = f"{GROUP}/charged"
# The label that submits a Job to a queue: https://kueue.sigs.k8s.io/docs/tasks/run/jobs
QUEUE_LABEL: Final = "kueue.x-k8s.io/queue-name"

COMMON_LABELS: Final = {
    "app.kubernetes.io/name": "vrdata-worker",
    "app.kubernetes.io/managed-by": MANAGER,
    "app.kubernetes.io/part-of": "vrdata",
}
# Selects the Jobs that kopf watches.
JOB_SELECTOR: Final = f"app.kubernetes.io/managed-by={MANAGER}"


def wave_job(uid: str, wave: int) -> str:
    """Name of the Job of one wave: the same after every restart of the operator."""
    return f"{_stem(uid)}-w{wave}"


def index_job(uid: str, repair: str = "", number: int = 0) -> str:
    """Name of a Job that writes the indexes of a large run. Arguments: as `final_job`."""
    return f"{_stem(uid)}-index{_suffix(repair)}{_number(number)}"


def final_job(uid: str, repair: str = "", number: int = 0) -> str:
    """Name of a Job that finalises a run.

    Args:
        uid: of the run.
        repair: value of the repair annotation: each repair finalises again; empty = none.
        number: of the try, from 0.
    """
    return f"{_stem(uid)}-final{_suffix(repair)}{_number(number)}"


def resolve_job(uid: str, number: int = 0) -> str:
    """Name of a Job that pins the sources of a run; `number` is that of the try, from 0."""
    return f"{_stem(uid)}-sources{_number(number)}"


def try_number(first: str, name: str) -> int | None:
    """Number of the try whose Job has this name; None for the name of another Job.

    Args:
        first: name of the Job of try 0, as `index_job`, `final_job` or `resolve_job` returns it.
        name: of any Job.
    """
    if name == first:
        return 0
    # The suffix of a repair is longer, so it is not taken for a number.
    found = re.fullmatch(r"-([1-9]\d{0,3})", name.removeprefix(first))
    return int(found[1]) if found and name.startswith(first) else None


def last_try(first: str, names: Iterable[str]) -> str:
    """Name of the Job of the latest try; empty = there is none. Arguments: as `try_number`."""
    found = [(number, name) for name in names if (number := try_number(first, name)) is not None]
    return max(found)[1] if found else ""


def describe_job(spec: dict[str, Any]) -> str:
    """Name of the Job that lists the generators of an image, derived from the whole Job spec."""
    body = json.dumps(spec, sort_keys=True).encode()
    return f"vr-catalogue-{hashlib.sha256(body).hexdigest()[:10]}"


def selector(uid: str) -> str:
    """Label selector of a run's Jobs and pods."""
    return f"{RUN_UID_LABEL}={uid}"


def _number(number: int) -> str:
    return f"-{number}" if number else ""


def _suffix(repair: str) -> str:
    return "-" + hashlib.sha256(repair.encode()).hexdigest()[:8] if repair else ""


def _stem(uid: str) -> str:
    return "vr-" + hashlib.sha256(uid.encode()).hexdigest()[:10]
