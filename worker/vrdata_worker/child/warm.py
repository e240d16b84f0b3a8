"""Keep the last generator's template running: it imports its packages once, not once per shard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from vrdata.contract.reasons import FailureReason
from vrdata.plan.planned import Plan
from vrdata_worker.child.launch import TemplateBrokenError, launch_of
from vrdata_worker.child.template import GeneratorTemplate
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.image.catalogues import Located


class WarmTemplate:
    """One running template; a request for another generator replaces it.

    Args:
        plan: the run's plan.
        generators: catalogue entries by name.
        scratch: an existing private folder.
        hermetic: how far the kernel must sandbox a template; None = as far as it can.
    """

    def __init__(
        self,
        plan: Plan,
        generators: dict[str, Located],
        scratch: Path,
        hermetic: Literal["kernel"] | None = None,
    ) -> None:
        self._plan = plan
        self._hermetic = hermetic
        self._generators = generators
        self._scratch = scratch
        self._current: GeneratorTemplate | None = None
        self._name = ""

    def get(self, name: str, items: str = "") -> GeneratorTemplate:
        """The running template of a generator; a dead one is replaced.

        Args:
            name: of the generator in the plan.
            items: folder of its staged items, if it is a converter.

        Raises:
            ShardFailedError: the catalogue does not have the planned generator, or the generator
                cannot be imported, or the kernel does not sandbox it as it must.
        """
        current = self._current
        same = current is not None and (self._name, current.launch.items) == (name, items)
        if current is not None and same and current.alive:
            return current
        self.close()
        located = self._generators.get(name)
        planned = self._plan.generator(name)
        if located is None or located.entry.digest != planned.digest:
            raise ShardFailedError(
                FailureReason.CONTRACT_MISMATCH,
                f"the catalogue does not hold generator {name} with digest {planned.digest}",
            )
        launch = launch_of(located, self._plan.output.video)
        launch = replace(launch, hermetic=self._hermetic, items=items, samples=planned.stop)
        template = GeneratorTemplate(launch, self._scratch)
        try:
            template.start()
        except TemplateBrokenError as error:
            template.close()
            raise ShardFailedError(error.reason, str(error)) from None
        self._current, self._name = template, name
        return template

    def close(self) -> None:
        """End the running template, if any."""
        if self._current is not None:
            self._current.close()
            self._current = None
