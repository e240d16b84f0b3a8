"""Generate blocks that were killed from outside again, a bounded number of times."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from vrdata.contract.reasons import FailureReason
from vrdata_worker.child import events
from vrdata_worker.child.launch import TemplateBrokenError
from vrdata_worker.child.template import GeneratorTemplate
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.generate.running import RunningBlock


class KilledBlocks:
    """The blocks of one shard that were killed by signals which vrdata did not send.

    Args:
        template: it starts again if it was killed, too.
        running: the blocks of the shard.
        tell: tells the user a line.
    """

    def __init__(
        self,
        template: GeneratorTemplate,
        running: Mapping[int, RunningBlock],
        tell: Callable[[str], None],
    ) -> None:
        self._template = template
        self._running = running
        self._tell = tell

    def take(self, running: RunningBlock, end: events.Exit) -> bool:
        """Whether a block that has ended was killed and is generated again.

        Raises:
            ShardFailedError: it was killed too often.
        """
        state, kill = running.state, end.failure
        if kill is None or kill.reason is not FailureReason.DISRUPTED:
            return False
        if state.killed or not state.missing():
            return False
        certain = self._template.hermetic.names_senders
        failure = running.kills.end(kill, running.folder, certain=certain)
        if failure is None:
            self._tell(f"block {state.block}: {kill.message}; it is generated again")
        elif not failure.reason.charged:
            raise ShardFailedError(failure.reason, failure.message)
        state.killed = failure
        return failure is None

    def repeat(self) -> None:
        """Start the killed blocks again; the samples that they have reported stay.

        Raises:
            ShardFailedError: the template does not start again.
        """
        killed = [one for one in self._running.values() if one.kills.again]
        if not killed or min(one.kills.again for one in killed) > time.monotonic():
            return
        if not self._template.alive:
            if any(one.has_process for one in self._running.values()):
                return  # their ends follow
            try:
                self._template.start()
            except TemplateBrokenError as error:
                raise ShardFailedError(error.reason, str(error)) from None
        for one in killed:
            one.repeat()
