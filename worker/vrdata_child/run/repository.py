"""Run a generator repository's own `examples/generate.py` inside a block child."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from vrdata_child.raised import ScriptExitError
from vrdata_child.run.journal import Journal
from vrdata_child.run.lazy import EnoughSamples, Stream, count_pairs, install_lazy
from vrdata_child.run.leaving import forget_exit_handlers, leave_script

FRAMEWORK = "core.base_generator"
SCRIPT = Path("examples") / "generate.py"
_LIBRARIES = ("numpy", "numpy.random", "PIL.Image", "PIL.ImageDraw", "PIL.ImageFont", "cv2")


def preload_libraries() -> None:
    """Import the usual libraries that the environment has."""
    for name in _LIBRARIES:
        try:
            import_module(name)
        except ImportError:
            continue


def preload(root: str) -> None:
    """Import a repository's packages once, in the template.

    Raises:
        Exception: whatever the repository's modules raise.
    """
    _put_on_path(root)
    for name in ("core", "src"):
        if (Path(root) / name).is_dir():
            import_module(name)


def run_script(  # noqa: PLR0913 - the request's fields
    root: str,
    flags: Mapping[str, str | None],
    *,
    seed: int,
    count: int,
    out: Path,
    args: Sequence[str],
    stream: Stream | None,
    journal: Journal,
) -> None:
    """Run the script for a whole block.

    Args:
        stream: gets the samples as they are written; None = all of them at the end.
        journal: of the block.

    Raises:
        BaseException: whatever the script raises, except a normal exit.
    """
    _put_on_path(root)
    base = _base_generator()
    if base is None:
        sys.meta_path.insert(0, _CountWhenImported(journal))
    else:
        count_pairs(base, journal)
        if stream is not None:
            install_lazy(base, stream, journal)
    script = Path(root) / SCRIPT
    sys.argv = [str(script), str(flags["samples"]), str(count), str(flags["output"]), str(out)]
    if flags.get("seed"):
        sys.argv += [str(flags["seed"]), str(seed)]
    sys.argv += args
    sys.path.insert(0, str(script.parent))
    forget_exit_handlers()
    try:
        runpy.run_path(str(script), run_name="__main__")
    except EnoughSamples:
        return
    except SystemExit as ending:
        if ending.code not in (None, 0):
            raise ScriptExitError.of(ending) from None
    leave_script()


def _put_on_path(root: str) -> None:
    if root not in sys.path:
        sys.path.insert(0, root)


class _CountWhenImported(MetaPathFinder):
    """Counts the calls of a framework that the script itself imports."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The framework's module, with a loader that finds its class; None for every other one."""
        if fullname != FRAMEWORK:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return None
        original = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            original(module)
            base = _base_generator()
            if base is not None:
                count_pairs(base, self._journal)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _base_generator() -> type | None:
    module = sys.modules.get(FRAMEWORK)
    base = getattr(module, "BaseGenerator", None)
    return base if isinstance(base, type) and hasattr(base, "generate_dataset") else None
