"""A block that writes to vrdata's own socket: nothing it sends reaches beyond the block."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.generators.probe import SOCKET, Probes, open_probes
from vrdata.contract.reasons import FailureReason
from vrdata_worker.child import events

FORGED = {
    "exit": "send(**EXIT | {'block': NUMBER})",
    "started": "send(event='started', block=NUMBER, pid=os.getppid())",
    "ready": "send(event='ready')",
    "broken": "send(event='broken', error={'reason': 'x', 'message': 'x', 'traceback': ''})",
    "closed": "send(event='closed', pid=os.getpid(), level='kernel', landlock=9, missing='')",
    "refused": "send(event='refused', pid=None, what='x', program='x', count=1)",
    "the exit of another block": "send(**EXIT | {'block': OTHER})",
    "a sample of another block": (
        "sample(OTHER, folder=f'{os.path.dirname(BLOCK)}/{OTHER}/done/000000')"
    ),
    "an invalid sample of another block": (
        "send(event='invalid', block=OTHER, position=0, reason='x', message='')"
    ),
    "the end of another block": "send(**END | {'block': OTHER})",
    "a sample of a block that does not exist": "sample(10**6)",
}
IMPOSSIBLE = {
    "no JSON": "channel().send(b'text')",
    "no object": "channel().send(b'[]')",
    "a packet that is cut off": "channel().send(b'{' + b' ' * 150_000)",
    "nested deeply": "channel().send(b'[' * 150_000)",
    "an unknown event": "send(event='unknown', block=NUMBER)",
    "a list as its block": "send(event='sample', block=[NUMBER])",
    "a wrong type": "sample(NUMBER, domain=7)",
    "a domain that is a path": "sample(NUMBER, domain='../x')",
    "a name that is a path": (
        "sample(NUMBER, files=[*FILES, {'name': '../x.txt', 'size': 1, 'sha256': '0' * 64}])"
    ),
    "another folder": "sample(NUMBER, folder='/etc')",
    "the folder of another position": "sample(NUMBER, folder=f'{BLOCK}/done/000001')",
    "another id": "sample(NUMBER, id='x_00000001')",
    "a position that is not the next one": "sample(NUMBER, 1)",
    "a position after the last one": "sample(NUMBER, 10)",
    "the same sample twice": "sample(NUMBER); sample(NUMBER)",
    "a sample after the end": "send(**END | {'block': NUMBER}); sample(NUMBER)",
    "two ends": "send(**END | {'block': NUMBER}); send(**END | {'block': NUMBER})",
    "more samples than it has": "send(**END | {'block': NUMBER, 'reported': 99})",
    "an invalid sample out of order": (
        "send(event='invalid', block=NUMBER, position=3, reason='x', message='')"
    ),
}
WAIT = "while True: time.sleep(0.01)"


@pytest.fixture(scope="module")
def probes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Probes]:
    with open_probes(tmp_path_factory.mktemp("probes")) as running:
        yield running


@pytest.fixture(scope="module")
def other(probes: Probes) -> int:
    """The number of another block, which runs."""
    probes.start("while True: pass")
    return probes.number


def hostile(code: str, other: int = 0) -> str:
    return f"{SOCKET}\nOTHER = {other}\n{code}\nfacts = 1\n"


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_event_of_a_block_is_dropped(what: str, probes: Probes, other: int) -> None:
    code = FORGED[what]
    child = f"if not os.fork():\n    {code}\n    os._exit(0)\nos.wait()\n"
    found = probes.events(hostile(f"{code}\n{child}", other))
    assert [type(event) for event in found] == [events.Started, events.Exit]
    end = found[-1]
    assert isinstance(end, events.Exit)
    assert end.peak_memory_bytes > 0  # the template's own word
    assert "facts" in probes.log
    assert probes.others == []


@pytest.mark.parametrize(
    "code", ["sample(NUMBER)", "send(**END | {'block': NUMBER})", "channel().send(b'text')"]
)
def test_a_process_that_a_block_starts_reports_nothing(code: str, probes: Probes) -> None:
    child = f"if not os.fork():\n    {code}\n    os._exit(0)\nos.wait()\n"
    found = probes.events(hostile(child))
    assert [type(event) for event in found] == [events.Started, events.Exit]
    assert "facts" in probes.log


@pytest.mark.parametrize("what", IMPOSSIBLE)
def test_an_impossible_packet_ends_its_block_with_one_clear_failure(
    what: str, probes: Probes
) -> None:
    found = probes.events(hostile(f"{IMPOSSIBLE[what]}\n{WAIT}"), want=3)
    end = found[-1]
    assert isinstance(end, events.Exit)
    assert end.failure is not None
    assert end.failure.reason is FailureReason.GENERATOR_FAILED
    assert end.failure.message.startswith("the generator wrote to vrdata's socket: ")
    assert "\n" not in end.failure.message
    assert probes.run("facts = 2") == 2  # the template goes on


def test_a_flood_of_packets_ends_in_the_sample_timeout_and_takes_no_memory(
    probes: Probes,
) -> None:
    flood = (
        "big = json.dumps({'event': 'ready', 'x': 'x' * 150_000}).encode()\n"
        "forged = json.dumps({'event': 'ready'}).encode()\n"
        "sent = channel()\n"
        "if not os.fork():\n    while True: sent.send(big)\n"
        "while True: sent.send(forged)"
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    polls = 0

    def stop() -> bool:
        nonlocal polls
        polls += 1
        return polls > 5000

    end = probes.events(hostile(flood), kill=stop)[-1]
    assert isinstance(end, events.Exit)
    assert end.signal == 9
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 20 * 1024  # KiB


def test_descriptors_that_a_block_sends_are_not_taken(probes: Probes) -> None:
    rights = "(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, (1).to_bytes(4, 'little') * 20)"
    code = f'for _ in range(3): channel().sendmsg([b\'{{"event": "ready"}}\'], [{rights}])'
    before = len(list(Path("/proc/self/fd").iterdir()))
    seen = probes.events(hostile(code))
    assert "facts" in probes.log, seen
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


@pytest.mark.parametrize(
    "code",
    [
        "os.kill(os.getpid(), 19)",
        "os.kill(os.getpid(), 9)",
        "os.setpgid(0, os.getpgid(os.getppid()))" + f"\n{WAIT}",
        "os.setsid()" + f"\n{WAIT}",
    ],
    ids=["stops", "ends", "leaves its group", "begins a session"],
)
def test_a_block_that_acts_on_itself_can_be_ended(code: str, probes: Probes) -> None:
    polls = iter(range(10**6))
    end = probes.events(
        hostile(f"try:\n    {code.splitlines()[0]}\nexcept OSError: pass\n{WAIT}"),
        kill=lambda: next(polls) > 3,
    )[-1]
    assert isinstance(end, events.Exit)
    assert end.signal == 9
    assert probes.run("facts = 2") == 2


@pytest.mark.parametrize(
    "code",
    [
        "os.mkfifo(path)",
        "os.symlink('/dev/zero', path)",
        "os.symlink('/dev/ptmx', path)",
        "os.mkdir(path)",
        "open(path, 'wb').truncate(2**40)",
    ],
    ids=["a pipe", "a device", "a terminal", "a folder", "a huge file"],
)
@pytest.mark.parametrize("name", ["shared-memory.txt", "log.txt", "begun"])
def test_a_block_that_replaces_files_of_vrdata_stops_no_other_block(
    name: str, code: str, probes: Probes
) -> None:
    plant = (
        f"path = f'{{BLOCK}}/{name}'\n"
        "if os.path.exists(path): os.unlink(path)\n"
        f"try:\n    {code}\nexcept OSError as error: print('no', error)\n"
    )
    end = probes.events(hostile(plant))[-1]
    assert isinstance(end, events.Exit)
    assert end.signal is None


def test_the_preamble_can_reach_the_socket(probes: Probes) -> None:
    sent = "send(event='invalid', block=NUMBER, position=0, reason='BadText', message='mine')"
    found = probes.events(hostile(sent), want=3)
    invalid = next(event for event in found if isinstance(event, events.Invalid))
    assert invalid.failure.message == "mine"


def test_a_secret_that_the_log_links_to_is_not_in_the_record(
    probes: Probes, tmp_path: Path
) -> None:
    secret = tmp_path / "credentials"
    secret.write_text("planted")
    log = "f'{BLOCK}/log.txt'"
    code = f"os.unlink({log})\nos.symlink({str(secret)!r}, {log})"
    probes.events(hostile(code))
    assert "planted" not in probes.log
