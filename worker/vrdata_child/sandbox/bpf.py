"""Write a seccomp filter as a BPF program. Pure.

Sources: seccomp(2), and the kernel's networking/filter documentation for the instructions.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

ALLOW = 0x7FFF0000
NOTIFY = 0x7FC00000
_ERRNO = 0x00050000
_LOAD_WORD, _JUMP_EQUAL, _JUMP_GREATER, _JUMP_SET, _AND, _RETURN = (
    0x20,
    0x15,
    0x25,
    0x45,
    0x54,
    0x06,
)
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_MAX_JUMP = 255


@dataclass(frozen=True, slots=True)
class Test:
    """A condition on the low 32 bits of one argument of a system call.

    Attributes:
        argument: 0 to 5.
        values: the condition holds for these values.
        mask: the bits that are compared.
        any_bit: the condition holds when a bit of the mask is set; `values` has no meaning.
        negated: it holds for all other values.
    """

    argument: int
    values: tuple[int, ...] = ()
    mask: int = 0xFFFFFFFF
    any_bit: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to a system call.

    Attributes:
        number: of the call.
        action: `ALLOW`, `NOTIFY` or `error(…)`.
        tests: all must hold; none = the rule always holds.
    """

    number: int
    action: int
    tests: tuple[Test, ...] = ()


def error(number: int) -> int:
    """The action that makes a call fail with this error number (errno(3))."""
    return _ERRNO | number


def assemble(architecture: int, last: int, foreign: int, rules: Sequence[Rule]) -> bytes:
    """The program for a list of rules, as an array of `struct sock_filter`.

    Args:
        architecture: AUDIT_ARCH_* of the calls.
        last: the last number that is known.
        foreign: the action for calls of another architecture, and for numbers above `last`. On
            x86-64 these include the numbers of x32.
        rules: for one number, the first rule that holds decides; a call without one is allowed.

    Raises:
        ValueError: the rules of one call are too long for a jump.
    """
    code = [
        _instruction(_LOAD_WORD, _ARCHITECTURE),
        _instruction(_JUMP_EQUAL, architecture, yes=1),
        _instruction(_RETURN, foreign),
        _instruction(_LOAD_WORD, _NUMBER),
        _instruction(_JUMP_GREATER, last, no=1),
        _instruction(_RETURN, foreign),
    ]
    for number in sorted({rule.number for rule in rules}):
        body: list[bytes] = []
        for rule in rules:
            if rule.number == number:
                body += _body(rule)
        body.append(_instruction(_RETURN, ALLOW))
        code += [_instruction(_JUMP_EQUAL, number, no=len(body)), *body]
    code.append(_instruction(_RETURN, ALLOW))
    return b"".join(code)


def _body(rule: Rule) -> list[bytes]:
    """Instructions that return the action, or fall through if a test fails."""
    body = [_instruction(_RETURN, rule.action)]
    for test in reversed(rule.tests):
        body = _test(test, len(body)) + body
    return body


def _test(test: Test, behind: int) -> list[bytes]:
    load = [_instruction(_LOAD_WORD, _ARGUMENTS + 8 * test.argument)]
    if test.any_bit:
        yes, no = (behind, 0) if test.negated else (0, behind)
        return [*load, _instruction(_JUMP_SET, test.mask, yes=yes, no=no)]
    if test.mask != 0xFFFFFFFF:
        load.append(_instruction(_AND, test.mask))
    jumps = []
    for place, value in enumerate(test.values):
        left = len(test.values) - place - 1  # comparisons that follow
        last_no = 0 if test.negated else behind
        jumps.append(
            _instruction(
                _JUMP_EQUAL,
                value & 0xFFFFFFFF,
                yes=left + (behind if test.negated else 0),
                no=0 if left else last_no,
            )
        )
    return load + jumps


def _instruction(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    if max(yes, no) > _MAX_JUMP:
        raise ValueError(f"a jump over {max(yes, no)} instructions")
    return struct.pack("=HBBI", code, yes, no, value)
