"""The files that describe an import's output: dataset_info.txt, parameters, failures.jsonl."""

from __future__ import annotations

import filecmp
import json
import platform
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby
from pathlib import Path
from typing import Any

from vrdata.bounded.sorting import SortedLines
from vrdata.local.importing.places import Places
from vrdata.local.importing.request import ImportRequest
from vrdata.model import Model
from vrdata.plan.planned import PlannedGenerator

INFO = "dataset_info.txt"
PARAMETERS = "processing_parameters.json"
FAILURES = "failures.jsonl"
PACKAGES = ("vrdata", "numpy", "Pillow", "pyarrow", "huggingface-hub", "boto3")


class ImportRecord(Model):
    """What an import did; one file for each import of an output.

    Attributes:
        request: what was asked for.
        date: when it finished first, in UTC.
        revision: the commit of a Hub dataset, or "".
        licence: as the source declares it, or "".
        samples: samples in the output.
        failed_samples: items that were skipped.
        dataset_hash: of its samples.
        plan: hash of the run's plan.
        python_version: of the interpreter.
        dependencies: versions of packages.
    """

    request: ImportRequest
    date: str
    revision: str
    licence: str
    samples: int
    failed_samples: int
    dataset_hash: str
    plan: str
    python_version: str
    dependencies: dict[str, str]

    def paragraph(self) -> str:
        """Its part of dataset_info.txt."""
        lines = [
            self.request.dataset,
            f"split: {self.request.split}" if self.request.split else "",
            f"date: {self.date}",
            f"url: {self.request.url}",
            f"revision: {self.revision}" if self.revision else "",
            f"configs: {', '.join(self.request.configs)}" if self.request.configs else "",
            f"licence: {self.licence}" if self.licence else "",
            f"samples: {self.samples}",
            f"skipped: {self.failed_samples}" if self.failed_samples else "",
            f"dataset hash: {self.dataset_hash}",
        ]
        return "".join(f"{line}\n" for line in lines if line)

    def parameters(self) -> dict[str, Any]:
        """Its form in the parameters file."""
        request = self.request
        return {
            "dataset": request.dataset,
            "split": request.split or None,
            "limit": request.limit,
            "date": self.date,
            "python_version": self.python_version,
            "dependencies": dict(sorted(self.dependencies.items())),
            "url": request.url,
            "configs": list(request.configs),
            "requested_revision": request.revision or None,
            "revision": self.revision or None,
            "options": dict(sorted(request.options.items())),
            **({"block_size": request.block_size} if request.block_size else {}),
            "samples": self.samples,
            "failed_samples": self.failed_samples,
            "dataset_hash": self.dataset_hash,
            "plan": self.plan,
        }


def import_record(  # noqa: PLR0913 - what is known at the end
    request: ImportRequest,
    generators: Iterable[PlannedGenerator],
    *,
    plan: str,
    samples: int,
    failed_samples: int,
    dataset_hash: str,
) -> ImportRecord:
    """The record of an import that has just finished."""
    sources = [one.source for one in generators if one.source is not None]
    return ImportRecord(
        request=request,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        revision=", ".join(dict.fromkeys(one.revision for one in sources if one.revision)),
        licence=", ".join(dict.fromkeys(one.licence for one in sources if one.licence)),
        samples=samples,
        failed_samples=failed_samples,
        dataset_hash=dataset_hash,
        plan=plan,
        python_version=platform.python_version(),
        dependencies=dict(_versions()),
    )


def _versions() -> Iterator[tuple[str, str]]:
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            yield name, version(name)


def write_records(
    places: Places, name: str, record: ImportRecord, failures: Iterable[dict[str, Any]]
) -> tuple[Path, ...]:
    """Describe all imports of the output; files that others wrote are kept.

    The date of an import that was done before stays, so repeating it changes no byte.

    Args:
        places: of the import.
        name: of its run.
        record: what it did.
        failures: one entry for each skipped item.

    Returns:
        The files of these names that others wrote.

    Raises:
        OSError: the disk cannot be used.
    """
    imports = places.records / "imports"
    imports.mkdir(parents=True, exist_ok=True)
    kept = _known(imports / f"{name}.json")
    if kept is not None and kept.model_copy(update={"date": record.date}) == record:
        record = kept
    _replace(imports / f"{name}.json", (record.to_json() + b"\n",))
    lines = (f"{json.dumps(one, ensure_ascii=False)}\n".encode() for one in failures)
    _replace(imports / f"{name}.jsonl", lines)
    known = [one for path in sorted(imports.glob("*.json")) if (one := _known(path))]
    known.sort(key=lambda one: one.date)
    parameters = json.dumps(record.parameters(), indent=2, ensure_ascii=False)
    with SortedLines() as failed:
        for path in sorted(imports.glob("*.jsonl")):
            with path.open("rb") as stream:
                for line in stream:
                    failed.add(line)
        contents: dict[str, Iterable[bytes]] = {
            INFO: ("\n".join(one.paragraph() for one in known).encode(),),
            PARAMETERS: (f"{parameters}\n".encode(),),
            FAILURES: (line for line, _ in groupby(failed)),
        }
        return tuple(
            places.output / file
            for file, body in contents.items()
            if not _write(places.output / file, places.records / file, body)
        )


def _known(path: Path) -> ImportRecord | None:
    with suppress(FileNotFoundError, ValueError):
        return ImportRecord.model_validate_json(path.read_bytes())
    return None


def _write(path: Path, copy: Path, body: Iterable[bytes]) -> bool:
    """Write a file and a copy of it, unless somebody else wrote it. No content = no file."""
    new = _new(copy, body)
    empty = not new.stat().st_size
    if path.is_file() and not _same(path, copy) and not _same(path, new):
        new.unlink()
        return empty
    if empty:
        path.unlink(missing_ok=True)
    elif not _same(path, new):
        part = path.with_name(f".{path.name}.new")
        part.parent.mkdir(parents=True, exist_ok=True)  # without a sample, there is no output yet
        shutil.copyfile(new, part)
        part.replace(path)
    new.replace(copy)  # after the file: a killed import finds one of the two contents
    return True


def _replace(path: Path, body: Iterable[bytes]) -> None:
    """Write a file as a whole, unless it has this content."""
    new = _new(path, body)
    if _same(path, new):
        new.unlink()
    else:
        new.replace(path)


def _new(path: Path, body: Iterable[bytes]) -> Path:
    """A file beside another one, which it is to replace."""
    new = path.with_name(f".{path.name}.new")
    new.parent.mkdir(parents=True, exist_ok=True)
    with new.open("wb") as stream:
        stream.writelines(body)
    return new


def _same(one: Path, other: Path) -> bool:
    return one.is_file() and other.is_file() and filecmp.cmp(one, other, shallow=False)
