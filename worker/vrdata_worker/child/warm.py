"""Keep the last generator's template warm: its imports are paid once, not once a shard."""

from __future__ import annotations

from pathlib import Path

from vrdata.contract.reasons import WorkerExit
from vrdata.model import VideoMode
from vrdata.plan.planned import Plan
from vrdata_worker.child.template import GeneratorTemplate, Launch, TemplateBrokenError
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.image.catalogues import Located


def launch_of(located: Located, video: VideoMode) -> Launch:
    """How to start the template of a catalogue entry."""
    entry = located.entry
    return Launch(
        name=entry.name,
        kind=entry.kind,
        root=str(located.base / entry.path) if entry.path else "",
        python=str(located.base / entry.python) if entry.python else "",
        mode=entry.mode,
        flags=entry.flags,
        video=video,
        accelerate=entry.acceleration.enabled,
    )


class WarmTemplate:
    """One running template; asking for another generator ends it and starts that one's."""

    def __init__(self, plan: Plan, generators: dict[str, Located], scratch: Path) -> None:
        self._plan = plan
        self._generators = generators
        self._scratch = scratch
        self._current: GeneratorTemplate | None = None
        self._name = ""

    def get(self, name: str) -> GeneratorTemplate:
        """The running template of a generator; one that has died is replaced.

        Raises:
            ShardFailedError: the catalogue does not hold the planned generator (exit 40), or
                the generator cannot be imported (exit 20).
        """
        if self._current is not None and self._name == name and self._current.alive:
            return self._current
        self.close()
        located = self._generators.get(name)
        planned = self._plan.generator(name)
        if located is None or located.entry.digest != planned.digest:
            raise ShardFailedError(
                WorkerExit.CONTRACT_MISMATCH,
                f"the catalogue does not hold generator {name} with digest {planned.digest}",
            )
        template = GeneratorTemplate(launch_of(located, self._plan.output.video), self._scratch)
        try:
            template.start()
        except TemplateBrokenError as error:
            template.close()
            raise ShardFailedError(WorkerExit.GENERATOR_FAILED, str(error)) from None
        self._current, self._name = template, name
        return template

    def close(self) -> None:
        """End the running template, if any."""
        if self._current is not None:
            self._current.close()
            self._current = None
