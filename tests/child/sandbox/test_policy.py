"""Which calls the policies refuse, on both architectures."""

from __future__ import annotations

import errno
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.attempts.simulator import decide
from vrdata.contract import attempts
from vrdata_child.sandbox.bpf import ALLOW, NOTIFY, assemble, error
from vrdata_child.sandbox.calls import _NUMBERS, ARCHITECTURES, LAST_KNOWN, names, number_of
from vrdata_child.sandbox.policy import (
    BY_KIND,
    OUTSIDE_SIGNALS,
    REFUSED,
    SIGNALS,
    SLOWING,
    Policy,
    described,
    reached,
    rules_for,
)

MACHINES = sorted(ARCHITECTURES)
SUPERVISOR, GUARD = 4000, 4001
FOREIGN = error(errno.ENOSYS)
HEADERS = {
    "x86_64": [
        "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
        "/usr/include/asm/unistd_64.h",
    ],
    "aarch64": ["/usr/include/asm-generic/unistd.h"],
}
KERNELS = [0, 1, 2, 3, 4, 5, 6, 7]

machines = pytest.mark.parametrize("machine", MACHINES)
policies = st.builds(
    Policy,
    network=st.booleans(),
    protected=st.just((SUPERVISOR, GUARD)),
    listener=st.booleans(),
    landlock=st.sampled_from(KERNELS),
    owner=st.just((1000, 1000)),
)


def asked(policy: Policy, machine: str, name: str, *arguments: int) -> int | None:
    """What the filter decides; None when the machine has no such call."""
    number = number_of(name, machine)
    if number is None:
        return None
    return decide(program_of(policy, machine), ARCHITECTURES[machine], number, arguments)


@cache
def program_of(policy: Policy, machine: str) -> bytes:
    """The filter of a policy."""
    rules = rules_for(policy, machine)
    return assemble(ARCHITECTURES[machine], LAST_KNOWN, FOREIGN, rules)


@machines
def test_the_numbers_are_those_of_the_systems_headers(machine: str) -> None:
    path = next((Path(one) for one in HEADERS[machine] if Path(one).exists()), None)
    if path is None:
        pytest.skip("no kernel headers")
    pattern = r"#define __NR(?:3264)?_(\w+)\s+(\d+)"
    known = {name: int(number) for name, number in re.findall(pattern, path.read_text())}
    ours = {name: number for name in _NUMBERS if (number := number_of(name, machine)) is not None}
    assert {name: known[name] for name in ours if name in known} == {
        name: number for name, number in ours.items() if name in known
    }
    assert len(ours.keys() & known.keys()) > 100
    newer = {"fchmodat2", "listmount", "statmount"}
    assert ours.keys() - known.keys() <= newer
    # A call that the machine has must not be missing in the table.
    assert not {name for name in _NUMBERS if number_of(name, machine) is None} & known.keys()


@machines
def test_each_number_has_one_name(machine: str) -> None:
    count = sum(number_of(name, machine) is not None for name in _NUMBERS)
    assert len(names(machine)) == count


@given(
    policy=policies,
    name=st.sampled_from(sorted(REFUSED)),
    arguments=st.lists(st.integers(0, 2**64 - 1), min_size=6, max_size=6),
)
def test_a_forbidden_call_is_refused_whatever_its_arguments(
    policy: Policy, name: str, arguments: list[int]
) -> None:
    refused = NOTIFY if policy.listener else error(errno.EPERM)
    for machine in MACHINES:
        assert asked(policy, machine, name, *arguments) in (None, refused)
    assert described(name, arguments)[1] == errno.EPERM


@given(policies, st.integers(0, 50), st.integers(0, 2**31 - 1))
def test_only_stream_sockets_of_the_unix_family_are_open(
    policy: Policy, family: int, kind: int
) -> None:
    closed = Policy(**{**_fields(policy), "network": False})
    for machine in MACHINES:
        met = asked(closed, machine, "socket", family, kind)
        allowed = family == 1 and kind & 0xF in (1, 5)
        assert (met == ALLOW) == allowed


@given(policies, st.integers(-5000, 5000))
def test_the_supervisor_and_its_guard_cannot_be_signalled(policy: Policy, process: int) -> None:
    for machine in MACHINES:
        for name in SIGNALS:
            met = asked(policy, machine, name, process)
            protected = {SUPERVISOR, GUARD, -SUPERVISOR, -GUARD, -1}
            inside = policy.landlock >= 6 or not policy.listener
            assert (met == ALLOW) == (process not in protected and inside)


@given(policies, st.sampled_from(sorted(SIGNALS)), st.integers(0, 64))
def test_the_guard_hears_of_each_signal_that_people_send_too(
    policy: Policy, name: str, number: int
) -> None:
    arguments = [50] * 6
    arguments[SIGNALS[name]] = number
    heard = policy.listener and (number in OUTSIDE_SIGNALS or policy.landlock < 6)
    for machine in MACHINES:
        assert asked(policy, machine, name, *arguments) == (NOTIFY if heard else ALLOW)


def test_the_sandbox_and_the_contract_name_the_same_signals_from_outside() -> None:
    assert set(OUTSIDE_SIGNALS) == set(attempts.OUTSIDE_SIGNALS)


@machines
@pytest.mark.parametrize(
    ("landlock", "name", "arguments", "met"),
    [
        (7, "pidfd_send_signal", (3, 15), ALLOW),
        (5, "pidfd_send_signal", (3, 15), error(errno.ENOSYS)),
        (3, "truncate", (1, 1), ALLOW),
        (2, "truncate", (1, 1), NOTIFY),
        (2, "openat", (-100, 1, 0o1000), error(errno.EACCES)),
        (2, "openat", (-100, 1, 0o1001), ALLOW),
        (2, "openat", (-100, 1, 0), ALLOW),
        (3, "openat", (-100, 1, 0o1000), ALLOW),
        (2, "openat2", (-100, 1, 1, 24), error(errno.ENOSYS)),
        (3, "openat2", (-100, 1, 1, 24), ALLOW),
    ],
)
def test_what_an_old_landlock_allows_is_refused_by_the_filter(
    machine: str, landlock: int, name: str, arguments: Sequence[int], met: int
) -> None:
    assert asked(Policy(landlock=landlock), machine, name, *arguments) == met


@machines
def test_a_file_can_be_given_only_to_the_user_of_the_process(machine: str) -> None:
    policy = Policy(owner=(1000, 100))

    def met(user: int, group: int) -> int | None:
        return asked(policy, machine, "fchown", 3, user, group)

    unchanged = error(0)  # returns 0 and changes nothing
    assert met(1000, 100) == met(-1, -1) == met(1000, -1) == unchanged
    assert met(0, 100) == met(1000, 0) == met(0, 0) == NOTIFY


@machines
def test_a_process_changes_only_its_own_limits_without_the_guard(machine: str) -> None:
    policy = Policy(listener=True)
    for name in SLOWING:
        assert asked(policy, machine, name, 0) in (ALLOW, None)
        assert asked(policy, machine, name, 4711) in (NOTIFY, None)
        assert reached(name, [4711, 0]) == 4711
    for name, own in BY_KIND.items():
        assert asked(policy, machine, name, own, 0, 5) == ALLOW
        for kind, number in ((own, 4711), (own + 1, 0), (own + 2, 0), (own - 1, 0)):
            assert asked(policy, machine, name, kind, number, 5) == NOTIFY
            assert asked(Policy(listener=False), machine, name, kind, number) == error(errno.EPERM)
        assert reached(name, [own, 4711]) == 4711
        assert reached(name, [own + 1, 4711]) == -4711
        assert reached(name, [own + 2, 0]) == -1
    assert reached("kill", [2**64 - 4711]) == reached("kill", [2**32 - 4711]) == -4711
    assert reached("mount", [1]) is None


@machines
def test_a_file_and_a_terminal_cannot_signal_another_process(machine: str) -> None:
    policy = Policy()
    for command in (8, 15):
        assert asked(policy, machine, "fcntl", 3, command, 1) == NOTIFY
    for command in (1, 2, 3, 4, 7, 1030):
        assert asked(policy, machine, "fcntl", 3, command, 1) == ALLOW
    for request in (0x8901, 0x8902):
        assert asked(policy, machine, "ioctl", 3, request) == NOTIFY
    for request in (0x5412, 0x541C):
        assert asked(policy, machine, "ioctl", 3, request) == error(errno.EPERM)
    assert asked(policy, machine, "ioctl", 3, 0x5401) == ALLOW


def _fields(policy: Policy) -> dict[str, object]:
    return {name: getattr(policy, name) for name in Policy.__slots__}
