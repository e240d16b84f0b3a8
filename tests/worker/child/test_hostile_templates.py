"""A template whose generator ran code at import: it can end itself, and nothing else."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from vrdata.contract.reasons import FailureReason
from vrdata_worker.child import events
from vrdata_worker.child.blocks import BlockRequest
from vrdata_worker.child.launch import Launch, TemplateBrokenError
from vrdata_worker.child.template import GeneratorTemplate

pytestmark = pytest.mark.slow

DEADLINE = 30.0
GENERATOR = """
import os, select, signal, sys, threading
from PIL import Image
from vrdata_child import forkserver
from vrdata_generators.api import Generator, Sample

ROOT = os.path.dirname(__file__)
original = forkserver.Template._send

def when(name, act):
    def wait():
        while not os.path.exists(os.path.join(ROOT, name)):
            select.select([], [], [], 0.01)
        act()
    threading.Thread(target=wait, daemon=True).start()

CODE

class X(Generator):
    name, domain, generator_class = "O-x", "x", "O"

    def params(self, rng, index):
        return {"index": index}

    def render(self, params):
        BLOCK
        image = Image.new("RGB", (32, 32))
        return Sample(first=image, final=image, prompt="Look.", frames=[image])
"""


def change(event: str, fields: str) -> str:
    """Code that changes the packets of a kind that the template sends."""
    return (
        "def send(self, packet):\n"
        f"    if packet['event'] == {event!r}: packet = packet | {fields}\n"
        "    original(self, packet)\n"
        "forkserver.Template._send = send\n"
    )


@pytest.fixture
def start(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., GeneratorTemplate]:
    """Starts the template of a generator with this code."""

    def make(code: str, block: str = "pass") -> GeneratorTemplate:
        root = tmp_path / "api"
        root.mkdir()
        (root / "generator.py").write_text(GENERATOR.replace("CODE", code).replace("BLOCK", block))
        template = GeneratorTemplate(Launch("O-x", "api", str(root)), tmp_path)
        request.addfinalizer(template.close)
        template.start()
        return template

    return make


def submit(template: GeneratorTemplate, number: int = 0) -> None:
    folder = template.new_folder()
    template.submit(
        BlockRequest(block=number, seed=1, count=2, want=2, start=0, dir=folder, args=())
    )


def ends(template: GeneratorTemplate, kill: bool = False) -> events.Exit:
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        event = template.poll(0.05)
        if isinstance(event, events.Exit):
            return event
        if kill:
            template.kill_block(0)
    raise AssertionError("the block did not end")


def test_the_code_of_these_tests_is_valid(start: Callable[..., GeneratorTemplate]) -> None:
    template = start(change("ready", "{}"))
    submit(template)
    assert ends(template).failure is None


@pytest.mark.parametrize(
    "pid",
    ["0", "1", "-1", "True", "'7'", "2**40", "os.getpid()", "os.getppid()", "SUPERVISOR", "None"],
)
def test_a_forged_process_number_ends_the_template_and_nothing_else(
    pid: str, start: Callable[..., GeneratorTemplate]
) -> None:
    forged = pid.replace("SUPERVISOR", str(os.getpid()))
    template = start(change("started", f"{{'pid': {forged}}}"))
    submit(template)
    submit(template, 1)
    for _ in range(2):
        end = ends(template, kill=True)
        assert end.failure is not None
        assert end.failure.reason is FailureReason.GENERATOR_FAILED
        assert "vrdata's socket" in end.failure.message
    assert not template.alive


def test_a_victim_in_its_own_group_is_not_killed(
    start: Callable[..., GeneratorTemplate],
) -> None:
    victim = os.posix_spawn("/bin/sleep", ["sleep", "60"], {}, setpgroup=0)
    try:
        template = start(change("started", f"{{'pid': {victim}}}"))
        submit(template)
        ends(template, kill=True)
        template.close()
        assert os.waitpid(victim, os.WNOHANG) == (0, 0)
    finally:
        os.kill(victim, signal.SIGKILL)
        os.waitpid(victim, 0)


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        ("exit", "{'cpuSeconds': -1.0}"),
        ("exit", "{'block': 99}"),
        ("exit", "{'block': [0]}"),
        ("exit", "{'signal': 'x'}"),
        ("started", "{'block': 99}"),
    ],
)
def test_an_impossible_packet_of_a_template_ends_it(
    event: str, fields: str, start: Callable[..., GeneratorTemplate]
) -> None:
    template = start(change(event, fields))
    submit(template)
    end = ends(template)
    assert end.failure is not None
    assert end.failure.reason is FailureReason.GENERATOR_FAILED


@pytest.mark.parametrize("fields", ["{'error': 7}", "{'error': {}}", "{'event': 'unknown'}"])
def test_an_impossible_packet_at_the_start_is_one_clear_error(
    fields: str, start: Callable[..., GeneratorTemplate]
) -> None:
    with pytest.raises(TemplateBrokenError, match=r"vrdata's socket") as caught:
        start(change("ready", fields))
    assert caught.value.reason is FailureReason.GENERATOR_FAILED


@pytest.mark.parametrize(
    "fields",
    [
        "{'event': 'closed', 'pid': 7, 'level': 'kernel', 'landlock': 9, 'missing': ''}",
        "{'event': 'refused', 'what': 'x', 'program': 'x', 'count': 1}",
    ],
    ids=["closed", "refused"],
)
def test_a_guards_event_of_a_template_is_dropped(
    fields: str, start: Callable[..., GeneratorTemplate]
) -> None:
    code = f"def send(self, packet):\n    original(self, {fields})\n    original(self, packet)\n"
    template = start(f"{code}forkserver.Template._send = send\n")
    assert template.hermetic.landlock != 9
    submit(template)
    assert ends(template).failure is None


def stop(template: GeneratorTemplate, tmp_path: Path) -> None:
    (tmp_path / "api" / "stop").touch()


STOPS = "when('stop', lambda: os.kill(os.getpid(), signal.SIGSTOP))"


def test_a_stopped_template_ends_its_blocks_with_a_clear_reason(
    start: Callable[..., GeneratorTemplate], tmp_path: Path
) -> None:
    template = start(STOPS)
    stop(template, tmp_path)
    submit(template)
    submit(template, 1)
    for _ in range(2):
        end = ends(template)
        if end.failure is None:  # it was faster
            continue
        assert end.failure.reason is FailureReason.GENERATOR_CRASHED
        assert end.failure.message == "the generator stopped its template process"


def test_a_stopped_template_is_closed_at_once(
    start: Callable[..., GeneratorTemplate], tmp_path: Path
) -> None:
    template = start(STOPS)
    stop(template, tmp_path)
    deadline = time.monotonic() + DEADLINE
    while template.alive and time.monotonic() < deadline:
        template.poll(0.05)
    assert not template.alive
    template.close()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("os._exit(3)", "with exit code 3"),
        ("os.abort()", "by signal 6"),
    ],
)
def test_a_template_that_ends_itself_is_reported(
    code: str, said: str, start: Callable[..., GeneratorTemplate], tmp_path: Path
) -> None:
    template = start(f"when('stop', lambda: ({code}))", "while params['index'] == 0: pass")
    submit(template)
    while not isinstance(template.poll(0.05), events.Started):
        pass
    stop(template, tmp_path)
    end = ends(template)
    assert end.failure is not None
    assert end.failure.reason is FailureReason.GENERATOR_CRASHED
    assert said in end.failure.message


def test_a_template_that_does_not_answer_is_ended(
    start: Callable[..., GeneratorTemplate], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vrdata_worker.child.template.END_SECONDS", 0.5)
    template = start(
        "def hang(self, request):\n    while True: pass\nforkserver.Template._fork = hang\n"
    )
    submit(template)
    template.kill_block(0)
    end = ends(template)
    assert end.failure is not None
    assert end.failure.message == "the generator's template process did not end a block in 0 s"


def test_a_log_at_the_start_that_is_a_link_is_not_read(
    start: Callable[..., GeneratorTemplate], tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("planted")
    code = (
        "import glob\n"
        "log = os.path.join(os.getcwd(), 'template.log')\n"
        f"os.unlink(log)\nos.symlink({str(tmp_path / 'secret')!r}, log)\nos._exit(1)\n"
    )
    with pytest.raises(TemplateBrokenError) as caught:
        start(code)
    assert "planted" not in str(caught.value)
