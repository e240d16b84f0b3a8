"""Watch what a script calls, reads and writes, to find out how it generates its samples."""

from __future__ import annotations

import ast
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any

from vrdata_child.hermetic.folders import find_samples
from vrdata_child.pipeline.items import Files

NAME = "calls.json"
MAX_CALLS = 2_000  # of one function: a step is called once for each sample of a trial
_EVENTS = frozenset(
    {
        *("open", "os.mkdir", "os.listdir", "os.scandir", "os.chdir"),
        *("subprocess.Popen", "os.posix_spawn", "os.system"),
    }
)
_SHELL = "sh"
_GENERATORS = 0x20 | 0x80 | 0x200  # CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR


@dataclass
class _Function:
    """The calls of one function: begin, end, the caller's number, what its arguments say."""

    calls: list[list[Any]] = field(default_factory=list)
    too_many: bool = False


class Calls:
    """Records the calls of a repository's functions, and when each sample folder is made.

    Args:
        root: the repository's folder.
        out: the block's output folder.
    """

    def __init__(self, root: str, out: Path) -> None:
        self._root = f"{root}/"
        self._out = out
        self._functions: dict[tuple[str, str], _Function] = {}
        self._open: dict[int, tuple[_Function, list[Any]]] = {}
        self._made: dict[str, int] = {}
        self._clock = 0
        self._callers: dict[int, FrameType] = {}
        self._touched: set[str] = set()
        self._programs: set[str] = set()
        self._own = (self._root, f"{out.parent}/", "/proc/", "/dev/", "/usr/")
        self._files = Files(out.parent, Path.cwd())
        self._imports: set[str] = set()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch this thread until the end."""
        sys.addaudithook(self._hear)
        self._watch_stat()
        sys.setprofile(self._profile)
        try:
            yield
        finally:
            sys.setprofile(None)

    def write(self, folder: Path) -> None:
        """Write what was seen to `calls.json`.

        Args:
            folder: of the block.
        """
        samples = [
            [str(one.path.relative_to(folder)), self._made.get(str(one.path), 0), sorted(one.names)]
            for place in (self._out, folder / "cwd", folder / "root")
            for one in (find_samples(place) if place.is_dir() else ())
        ]
        functions = [
            {"module": module, "name": name, "calls": known.calls}
            for (module, name), known in self._functions.items()
            if not known.too_many
        ]
        found = {
            "samples": samples,
            "functions": functions,
            "paths": self._paths(),
            "touched": sorted(self._touched),
            "programs": sorted(self._programs),
            "missing": sorted(filter(_is_missing, self._imports)),
        }
        (folder / NAME).write_text(json.dumps(found), encoding="utf-8")

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "import":
            self._import(str(args[0]), sys._getframe(1))  # noqa: SLF001
        if event not in _EVENTS or not args:
            return
        if event == "os.system":
            self._programs.add(_SHELL)
            return
        if event in ("subprocess.Popen", "os.posix_spawn"):
            self._programs.add(Path(os.fsdecode(args[0])).name)
            return
        self._touch(args[0])
        if event == "os.mkdir":
            self._clock += 1
            self._made.setdefault(os.path.realpath(os.fsdecode(args[0])), self._clock)

    def _import(self, module: str, caller: FrameType) -> None:
        """The repository's own code may go on without a module that it cannot import."""
        if caller.f_code.co_filename.startswith(self._root) and len(self._imports) < MAX_CALLS:
            self._imports.add(module.partition(".")[0])

    def _touch(self, path: object) -> None:
        if not isinstance(path, str | bytes | os.PathLike) or len(self._touched) >= MAX_CALLS:
            return
        name = os.path.normpath(os.fsdecode(path))
        if name.startswith("/") and not name.startswith(self._own):
            self._touched.add(name)

    def _watch_stat(self) -> None:
        """`Path.exists` and `os.path.exists` have no audit event."""
        original = os.stat

        def stat(path: Any, *args: Any, **options: Any) -> os.stat_result:
            self._touch(path)
            return original(path, *args, **options)

        os.stat = stat

    def _profile(self, frame: FrameType, event: str, _arg: object) -> None:
        if event == "call":
            self._call(frame)
        elif event == "return" and id(frame) in self._open:
            _, call = self._open.pop(id(frame))
            self._clock += 1
            call[1], call[4] = self._clock, round(time.perf_counter() - call[4], 6)

    def _call(self, frame: FrameType) -> None:
        code = frame.f_code
        if not code.co_filename.startswith(self._root) or code.co_flags & _GENERATORS:
            return
        if code.co_name.startswith("<"):
            return
        key = str(frame.f_globals.get("__name__")), code.co_qualname
        known = self._functions.setdefault(key, _Function())
        if len(known.calls) >= MAX_CALLS:
            known.too_many = True
            return
        self._clock += 1
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        given = {name: frame.f_locals.get(name) for name in names}
        numbers = {name: value for name, value in given.items() if type(value) is int}
        caller = frame.f_back
        if caller is not None:
            self._callers[id(caller)] = caller  # kept alive: its number stays its own
        named = self._files.named(given)
        call = [self._clock, 0, id(caller), numbers, time.perf_counter(), named]
        known.calls.append(call)
        self._open[id(frame)] = known, call

    def _paths(self) -> list[str]:
        """Absolute paths in the code of the modules that were imported."""
        files = {
            str(path)
            for module in list(sys.modules.values())
            if (path := getattr(module, "__file__", None)) and str(path).startswith(self._root)
        }
        found: set[str] = set()
        for path in files:
            for node in ast.walk(ast.parse(Path(path).read_bytes())):
                value = getattr(node, "value", None)
                if isinstance(node, ast.Constant) and isinstance(value, str):
                    found.update([value] if value.startswith("/") else ())
        return sorted(found)


def _is_missing(module: str) -> bool:
    try:
        return module not in sys.modules and find_spec(module) is None
    except (ImportError, ValueError):
        return True
