"""Start a generator as on a kernel with an older version of Landlock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from vrdata_worker.child.enclose import enclosed

_OLDER = "import vrdata_child.sandbox.landlock as landlock; landlock.version = lambda: {version};"


def with_landlock(version: int) -> Callable[..., list[str]]:
    """Replaces `vrdata_worker.child.enclose.enclosed`.

    Args:
        version: of the interface; at most the kernel's.
    """
    older = _OLDER.format(version=version)

    def start(command: Sequence[str], **options: Any) -> list[str]:
        """The launcher and the template, both with the older version."""
        module = command.index("-m")
        main = f"{older} from vrdata_child.__main__ import main; main()"
        program = [*command[:module], "-c", main, *command[module + 2 :]]
        launcher = enclosed(program, **options)
        code = launcher.index("-c") + 1
        launcher[code] = launcher[code].replace("from vrdata_child", f"{older} from vrdata_child")
        return launcher

    return start
