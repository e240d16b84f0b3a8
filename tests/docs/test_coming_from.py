"""Every line of docs/coming-from.md that claims something works is executed.

The middle column of a table has commands, imports, fields of runs and profiles, files, or metrics,
each in backticks. The sections run from top to bottom in one folder, and a command that several of
them have runs once.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import sys
import typing
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from support.cli import called
from support.datasets.puzzles import puzzles, write_puzzles
from support.desktop.made import write_sessions
from support.documents.pages import ROOT, blocks, names_in, parse, run
from support.services.hub.fixture import use_hub
from support.services.hub.server import Hub, running_hub
from support.services.s3server import S3Server, running_s3_server
from support.timeseries.hdf5 import write_franka
from vrdata.api.profile import GenerationProfile
from vrdata.api.run import GenerationRun
from vrdata.api.status import GenerationRunStatus

PAGE = "docs/coming-from.md"
NOT_RUN = (
    (r"pip install ", "needs a package index"),
    (r"vrdata generators add ", "needs a package index for the environment"),
)
# Where commands of a cluster run: the file, and what it contains.
CLUSTER = {
    "kubectl apply": ("tests/support/cluster/runs.py", '"apply", "-f"'),
    "kubectl get generationruns": ("tests/cluster/test_whole_run.py", '"get", "generationruns"'),
    "kubectl get generationprofiles": ("tests/cluster", '"get", "generationprofile"'),
    "kubectl delete generationrun": ("tests/support/cluster/runs.py", '"delete", "generationrun"'),
    "kubectl annotate generationrun": ("tests/support/cluster/runs.py", '"annotate"'),
    "kubectl describe generationrun": ("tests/support/cluster/runs.py", '"get", "events"'),
    "helm install": ("tests/support/cluster/installation.py", "helm"),
    "helm upgrade": ("tests/support/cluster/installation.py", "helm"),
    "helm uninstall": ("tests/cluster", "uninstall"),
}
CONFIGS = {
    "Eyeballing_Puzzles": ("eyeballing", 10),
    "Visual_Puzzles": ("visual", 2),
    "ARC_AGI_2": ("arc", 2),
    "Mazes": ("maze", 2),
}
WITHOUT_SPANS = ("Not yet", "the same", "not needed")


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes:
        before: of the earlier pipeline.
        now: the middle column.
    """

    before: str
    now: str

    @property
    def spans(self) -> list[str]:
        """What is in backticks in the middle column."""
        return [span.replace("\\|", "|") for span in re.findall(r"`([^`]+)`", self.now)]


def sections() -> dict[str, list[Row]]:
    """The rows below each heading."""
    found: dict[str, list[Row]] = {}
    title = ""
    for line in (ROOT / PAGE).read_text().splitlines():
        if line.startswith("## "):
            title = line[3:]
            found[title] = []
        elif line.startswith("| ") and not line.startswith("| before "):
            cells = re.split(r"(?<!\\)\|", line)
            assert len(cells) == 5, f"not three columns: {line}"
            found[title].append(Row(cells[1].strip(), cells[2].strip()))
    return found


def all_rows() -> list[Row]:
    return [row for rows in sections().values() for row in rows]


def kind_of(span: str) -> str:
    """What a span is."""
    if re.match(r"(vrdata|pip|kubectl|helm) ", span):
        return "command"
    if span.startswith("from vrdata"):
        return "import"
    if span.startswith("python examples/"):
        return "example"
    if re.match(r"(spec|status)\.", span):
        return "field"
    if re.fullmatch(r"vrdata_[a-z_]+", span):
        return "metric"
    return "file" if "/" in span else "unknown"


def is_run(command: str) -> bool:
    return command.startswith("vrdata ") and not any(re.match(one, command) for one, _ in NOT_RUN)


def has_field(path: str) -> bool:
    """Whether a run, its status or a profile has the field."""
    names = path.replace("[]", "").split(".")
    if names[0] == "status":
        return _has(GenerationRunStatus, names[1:])
    return any(_has(model, names) for model in (GenerationRun, GenerationProfile))


def _has(model: Any, names: list[str]) -> bool:
    if not names:
        return True
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return False
    fields = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    return names[0] in fields and any(_has(one, names[1:]) for one in _types(fields[names[0]]))


def _types(annotation: Any) -> Iterator[Any]:
    """The annotation, and the types in its unions, tuples and maps."""
    if isinstance(annotation, typing.TypeAliasType if sys.version_info >= (3, 12) else ()):
        annotation = annotation.__value__
    yield annotation
    if get_origin(annotation) is not None or hasattr(annotation, "__metadata__"):
        for inner in get_args(annotation):
            yield from _types(inner)


@pytest.fixture(scope="module")
def bucket_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A server whose buckets can keep versions."""
    with running_s3_server(tmp_path_factory.mktemp("s3"), versions=True) as server:
        yield server


@pytest.fixture(scope="module")
def bench() -> Iterator[Hub]:
    """A hub with a small VideoThinkBench."""
    with running_hub() as hub:
        files = {f"{config}.parquet": _puzzle_file(*one) for config, one in CONFIGS.items()}
        parts = "".join(
            f"- config_name: {config}\n  data_files:\n  - split: test\n    path: {config}.parquet\n"
            for config in CONFIGS
        )
        card = f"---\nlicense: mit\nconfigs:\n{parts}---\n"
        hub.create("OpenMOSS-Team/VideoThinkBench", files | {"README.md": card.encode()})
        yield hub


def _puzzle_file(task: str, rows: int) -> bytes:
    body = io.BytesIO()
    write_puzzles(body, puzzles(rows, task=task))
    return body.getvalue()


@dataclass
class Machine:
    """The machine of a reader with an account on a server and access to a hub.

    Attributes:
        folder: where the commands run.
        done: the commands that ran.
    """

    folder: Path
    done: set[str] = field(default_factory=set)

    def execute(self, span: str) -> None:
        """Run a command that did not run yet, or look for a file."""
        kind = kind_of(span)
        if kind == "command" and is_run(span) and span not in self.done:
            if "|" in span:  # a pipe needs a shell
                run(["bash", "-o", "pipefail", "-c", span], self.folder, HF_HUB_OFFLINE="0")
            else:
                ran = called(*shlex.split(span)[1:])
                assert ran.code == 0, f"{span}\n{ran.out[-1000:]}{ran.err[-1000:]}"
            self.done.add(span)
        elif kind == "file":
            assert any(self.folder.glob(span)), f"{span} does not exist"


@pytest.fixture(scope="module")
def machine(
    bucket_server: S3Server, bench: Hub, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    """A machine with the page's run, its inputs and an empty folder of generators."""
    folder = tmp_path_factory.mktemp("machine")
    (folder / "generators").mkdir()
    (run_file,) = (block for block in blocks(PAGE) if block.file)
    (folder / run_file.file).write_text(run_file.text)
    (folder / "table.parquet").write_bytes(_puzzle_file("robot", 3))
    write_franka(folder / "20250325_170840.h5")
    write_sessions(folder / "recordings", ["a.mcap", "b.mcap"], seconds=6)
    with pytest.MonkeyPatch.context() as patch:
        bucket_server.use(patch)
        use_hub(bench, folder / "hf", patch)
        patch.setenv("HOME", str(folder / "home"))
        patch.setenv("VRDATA_GENERATORS", str(folder / "generators-home"))
        # One processor: a run or an import starts one worker, which does one shard after the other.
        patch.setattr(os, "sched_getaffinity", lambda _pid: {0})
        patch.chdir(folder)
        yield Machine(folder)


@pytest.mark.slow
@pytest.mark.s3
def test_every_command_and_file_works_from_top_to_bottom(machine: Machine) -> None:
    for title, rows in sections().items():
        if title == "VM Dataset Pipeline":  # its reader has a bucket
            machine.execute("vrdata bucket create s3://my-bucket")
        for span in (span for row in rows for span in row.spans):
            machine.execute(span)
        if title == "Template Data Pipeline":
            (program,) = (block for block in blocks(PAGE) if block.language == "python")
            run([sys.executable, "-c", program.text], machine.folder)


@pytest.mark.parametrize("row", all_rows(), ids=lambda row: row.before[:40])
def test_every_row_says_something_that_is_checked(row: Row) -> None:
    assert row.spans or row.now.startswith(WITHOUT_SPANS), row.now
    for span in row.spans:
        _check_cheaply(span)


def _check_cheaply(span: str) -> None:
    """What can be checked of a span without running it."""
    kind = kind_of(span)
    assert kind != "unknown", f"{span} would not be checked"
    if kind == "command" and span.startswith("vrdata "):
        parse(re.sub(r" 2>&1.*| \|.*", "", span))
    elif kind == "command" and not span.startswith("pip "):
        file, text = next(where for start, where in CLUSTER.items() if span.startswith(start))
        paths = [ROOT / file] if file.endswith(".py") else (ROOT / file).glob("*.py")
        assert any(text in path.read_text() for path in paths), f"{file} does not contain {text}"
    elif kind == "import":
        module, names = re.fullmatch(r"from (\S+) import (.+)", span).groups()  # type: ignore[union-attr]
        assert set(names.split(", ")) <= names_in(module)
    elif kind == "example":  # tests/docs/test_train_vlm.py runs it
        assert (ROOT / span.split()[1]).is_file()
    elif kind == "field":
        assert has_field(span), f"no field {span}"
    elif kind == "metric":
        assert span in (ROOT / "docs/metrics.md").read_text()


def test_an_unknown_field_is_found() -> None:
    assert has_field("spec.generators[].source.split")
    assert has_field("spec.classes.G.memory")
    assert has_field("status.failures")
    assert not has_field("spec.generators[].colour")


def test_commands_that_do_not_run_are_needed() -> None:
    spans = [span for row in all_rows() for span in row.spans]
    for start in [pattern for pattern, _ in NOT_RUN] + list(CLUSTER):
        assert any(re.match(start, span) for span in spans), start


def test_the_page_names_what_does_not_exist() -> None:
    assert any(row.now.startswith("Not yet") for row in all_rows())
