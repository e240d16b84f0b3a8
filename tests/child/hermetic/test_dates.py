"""A block's dates are virtual, and the classes of `datetime` stay Python's own."""

from __future__ import annotations

import pytest

from support.generators.probe import Probes

TRUE_IN_A_BLOCK = {
    "a datetime is a date": "isinstance(datetime.datetime.now(), datetime.date)",
    "the class of datetime derives from date": "issubclass(datetime.datetime, datetime.date)",
    "the day of a datetime is a date": "isinstance(datetime.datetime.now().date(), datetime.date)",
    "today is a date": "type(datetime.date.today()) is datetime.date",
    "now is exactly a datetime": "type(datetime.datetime.now()) is datetime.datetime",
    "a difference is a timedelta": (
        "type(datetime.datetime.now() - datetime.datetime.now()) is datetime.timedelta"
    ),
    "a subclass makes its own kind": "type(Own.now()) is Own",
    "now takes a time zone": "datetime.datetime.now(datetime.UTC).utcoffset().total_seconds() == 0",
    "now takes the time zone by name": "datetime.datetime.now(tz=datetime.UTC).tzinfo is not None",
    "utcnow has no time zone": "datetime.datetime.utcnow().tzinfo is None",
    "datetimes survive pickle": (
        "pickle.loads(pickle.dumps(datetime.datetime.now())).year == 2020"
    ),
    "a library writes a datetime": "yaml.safe_dump(datetime.datetime.now())[:4] == '2020'",
    "a library parses a date": "isinstance(dateutil.parser.parse('2024-03-01'), datetime.datetime)",
    "a library takes the date of today": "dateutil.parser.parse('10:30').year == 2020",
    "pandas has its own timestamps": "isinstance(pandas.Timestamp.now(), datetime.datetime)",
    "pandas reads the virtual day": "pandas.Timestamp.now().year == 2020",
    "pandas takes a datetime": "pandas.Timestamp(datetime.datetime.now()).year == 2020",
    "a pattern matches": "matches(datetime.datetime.now())",
    "the day is virtual": "datetime.date.today().isoformat() == '2020-01-01'",
    "the timestamp is virtual": "1577836800 < time.time() < 1577836900",
    "the struct is virtual": "time.localtime().tm_year == time.gmtime().tm_year == 2020",
    "the text is virtual": "time.strftime('%Y') == time.ctime()[-4:] == time.asctime()[-4:]",
    "given times are formatted": (
        "time.strftime('%Y', time.gmtime(0)) == '1970' and '1970' in time.asctime(time.gmtime(0))"
    ),
    "clocks by number are virtual": "time.clock_gettime(time.CLOCK_REALTIME) < 1577836900",
    "clocks count nanoseconds": "type(time.time_ns()) is type(time.perf_counter_ns()) is int",
    "a clock can be an attribute of a class": "Watch().clock() > 0",
    "a clock can be pickled": "pickle.loads(pickle.dumps(time.monotonic)) is time.monotonic",
    "the clock moves": "time.monotonic() < time.monotonic()",
    "a wrong argument is refused": "raises(TypeError, lambda: time.time(1))",
    "a negative wait is refused": "raises(ValueError, lambda: time.sleep(-1))",
}
PREAMBLE = """
import datetime, pickle, time
import dateutil.parser, pandas, yaml

class Own(datetime.datetime):
    pass

class Watch:
    clock = time.perf_counter

def matches(value):
    match value:
        case datetime.date():
            return True
    return False

def raises(kind, call):
    try:
        call()
    except kind:
        return True
    return False

"""


@pytest.fixture(scope="module")
def found(probes: Probes) -> dict[str, bool]:
    """What each expression gives in a block."""
    answer: dict[str, bool] = probes.evaluate(TRUE_IN_A_BLOCK, PREAMBLE)
    return answer


@pytest.mark.parametrize("statement", TRUE_IN_A_BLOCK)
def test_it_holds_in_a_block(statement: str, found: dict[str, bool]) -> None:
    assert found[statement] is True


def test_two_blocks_read_the_same_times(probes: Probes) -> None:
    code = """
        import datetime, time
        facts = [time.time(), time.monotonic(), str(datetime.datetime.now())]
    """
    assert probes.run(code) == probes.run(code, seed=2)


def test_a_search_with_a_time_limit_takes_as_many_steps_every_time(probes: Probes) -> None:
    code = """
        import time
        facts, end = 0, time.perf_counter() + 1
        while time.perf_counter() < end:
            facts += 1
    """
    assert probes.run(code) == probes.run(code) == 9999
