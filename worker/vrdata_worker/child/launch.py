"""Start a generator's template process: its interpreter, environment and packages."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import util
from pathlib import Path
from typing import Any, Literal

from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.contract.refusals import with_refusals
from vrdata.hermetic import Hermetic
from vrdata.model import VideoMode
from vrdata.plan.catalogue import Flags
from vrdata.plan.pipelines import Pipeline
from vrdata.text import printable
from vrdata_child import own_folder
from vrdata_worker.child import events
from vrdata_worker.child.blocks import Making
from vrdata_worker.child.enclose import enclosed
from vrdata_worker.image.catalogues import Located
from vrdata_worker.untrusted.folders import tail_of
from vrdata_worker.untrusted.refused import RefusedAttempts

LOG_TAIL_BYTES = 4000
_LOG = "template.log"
_PACKAGES = ("vrdata_child", "vrdata_generators")
_OWN_PACKAGES = ("vrdata",)  # converters of vrdata compute what its commands do
_PASSED = ("PATH", "LD_LIBRARY_PATH")
# Libraries choose code by the processor. With AVX-512, exp, log, tan and pow of numpy, matrix
# products of OpenBLAS, and resize, dft and exp of OpenCV return other bits than with AVX2.
_AVX2_ONLY = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512F AVX512CD AVX512_KNL AVX512_KNM AVX512_SKX"
    " AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Haswell",
    "OPENCV_IPP": "avx2",
}
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class TemplateBrokenError(Exception):
    """The generator cannot be imported; the message contains its error and the end of its log.

    Attributes:
        reason: of the failure.
    """

    def __init__(
        self, message: str, reason: FailureReason = FailureReason.GENERATOR_FAILED
    ) -> None:
        super().__init__(message)
        self.reason = reason


def broken(
    name: str,
    packet: Mapping[str, Any] | None,
    failure: Failure | None,
    refused: RefusedAttempts,
) -> TemplateBrokenError:
    """The error of a template that sent no `ready` packet.

    Args:
        name: of the generator.
        packet: its `broken` packet, if it sent one.
        failure: why the supervisor has ended it, if it did.
        refused: what it was refused.
    """
    error = _broken(name, packet, failure, refused)
    return TemplateBrokenError(with_refusals(str(error), refused.of_import()), error.reason)


def _broken(
    name: str,
    packet: Mapping[str, Any] | None,
    failure: Failure | None,
    refused: RefusedAttempts,
) -> TemplateBrokenError:
    limit = refused.limits.get(None)
    if limit:
        what = f"generator {name} cannot be imported: it {limit}"
        return TemplateBrokenError(what, FailureReason.GENERATOR_FAILED)
    if packet is not None:
        error = events.parse_failure(packet["error"])
        what = f"generator {name} cannot be imported: {error.message}\n{error.traceback}"
        return TemplateBrokenError(what, events.reason_of_end(error.reason))
    if failure is not None:
        what = f"generator {name} cannot be started: {failure.message}"
        return TemplateBrokenError(what, failure.reason)
    log = tail_of(refused.folder / _LOG, LOG_TAIL_BYTES).decode("utf-8", "replace")
    *before, why = printable(log).strip().splitlines() or ["it says nothing"]
    what = "\n".join((f"generator {name} cannot be started: {why}", *before))
    return TemplateBrokenError(what, FailureReason.GENERATOR_CRASHED)


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a generator's template.

    Attributes:
        root: absolute folder of the repository; empty for first-party generators.
        python: interpreter of its environment; empty = this one.
        accelerate: replace library calls by faster ones with equal pixels.
        sequential: each sample is finished before the next one is begun.
        hash_frames: hash every frame handed to the encoder, for proofs.
        profile: sample where each block spends its time.
        hermetic: how far the kernel must sandbox it; None = as far as it can.
        rows: a converter that gives rows.
        converter: its name in the catalogue, if the run gives it another one.
        items: folder of staged items or sources, which it can read; empty = none.
        pipeline: facts of a pipeline; None for every other kind.
        samples: the last sample of the run and those before it, for a pipeline.
        watched: write which functions a pipeline calls, to find its step.
    """

    name: str
    kind: Literal["builtin", "api", "repository", "converter", "pipeline"]
    root: str = ""
    python: str = ""
    mode: Literal["stream", "whole", "bare"] = "stream"
    flags: Flags = field(default_factory=Flags)
    video: VideoMode = "h264"
    accelerate: bool = False
    sequential: bool = False
    hash_frames: bool = False
    profile: bool = False
    hermetic: Literal["kernel"] | None = None
    rows: bool = False
    converter: str = ""
    items: str = ""
    pipeline: Pipeline | None = None
    samples: int = 0
    watched: bool = False

    @property
    def making(self) -> Making:
        """How the generator makes the samples of a block."""
        sliced = self.pipeline is not None and self.pipeline.sliced
        if sliced or self.kind not in {"repository", "pipeline"}:
            return Making.EACH
        return Making.STREAM if self.mode == "stream" else Making.WHOLE

    def check(self, found: Hermetic) -> None:
        """Fail if the kernel does not sandbox the template as far as it must.

        Raises:
            TemplateBrokenError: it does.
        """
        if self.hermetic == "kernel" and found.level != "kernel":
            what = f"the profile requires hermetic: Kernel, but {found.effect}"
            raise TemplateBrokenError(what, FailureReason.NOT_HERMETIC)

    def load_request(self) -> dict[str, Any]:
        """The `load` packet (docs/child-protocol.md)."""
        return {
            "cmd": "load",
            "name": self.name,
            "kind": self.kind,
            "root": self.root,
            "mode": self.mode,
            "flags": self.flags.model_dump(by_alias=True),
            "video": self.video,
            "accelerate": self.accelerate,
            "sequential": self.sequential,
            "hashFrames": self.hash_frames,
            "profile": self.profile,
            "rows": self.rows,
            "converter": self.converter,
            "items": self.items,
            "pipeline": None if self.pipeline is None else self.pipeline.to_dict(),
            "samples": self.samples,
            "watched": self.watched,
        }


def launch_of(located: Located, video: VideoMode) -> Launch:
    """How to start the template of a catalogue entry."""
    entry = located.entry
    return Launch(
        name=located.name or entry.name,
        kind=entry.kind,
        root=str(located.base / entry.path) if entry.path else "",
        python=str(located.base / entry.python) if entry.python else "",
        mode=entry.mode,
        flags=entry.flags,
        video=video,
        accelerate=entry.acceleration.enabled,
        sequential=entry.sequential,
        rows=entry.rows,
        converter=entry.name if entry.kind == "converter" else "",
        pipeline=entry.pipeline,
    )


def start_process(launch: Launch, folder: Path, channel: int) -> subprocess.Popen[bytes]:
    """Start the template process; it writes its output to `template.log`.

    Args:
        launch: the generator.
        folder: an empty private folder.
        channel: file descriptor of the process's end of the socket.

    Raises:
        TemplateBrokenError: the interpreter cannot be started.
    """
    python = launch.python or sys.executable
    command = enclosed(
        [python, "-s", "-P", "-m", "vrdata_child", "--fd", str(channel)],
        report=channel,
        python=python,
        read=[Path(place) for place in (launch.root, launch.items) if place],
        write=[folder],
        keep_report=True,
    )
    with (folder / _LOG).open("wb") as log:
        try:
            return subprocess.Popen(
                command,
                cwd=folder,
                env=_environment(folder, launch),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(channel,),
                start_new_session=True,
            )
        except OSError as error:
            raise TemplateBrokenError(f"{python} cannot be started: {error.strerror}") from None


def _environment(folder: Path, launch: Launch) -> dict[str, str]:
    packages = folder / "packages"
    packages.mkdir()
    is_own = launch.kind == "converter" and not launch.root and not launch.python
    for name in (*_PACKAGES, *(_OWN_PACKAGES if is_own else ())):
        spec = util.find_spec(name)
        if spec is not None and spec.origin is not None:
            (packages / name).symlink_to(Path(spec.origin).parent)
    for name in own_folder.FOLDERS.values():
        (folder / name).mkdir()
    return {
        **{name: os.environ[name] for name in _PASSED if name in os.environ},
        **{name: f"{own_folder.PATH}/{place}" for name, place in own_folder.FOLDERS.items()},
        **dict.fromkeys(_ONE_THREAD, "1"),
        **(_AVX2_ONLY if _has_avx2() else {}),
        "PYTHONPATH": str(packages),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "SOURCE_DATE_EPOCH": "1577836800",
        "MPLBACKEND": "Agg",
    }


def _has_avx2() -> bool:
    """Whether this processor has AVX2 (proc(5), cpuinfo); false on other architectures."""
    try:
        return " avx2 " in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
