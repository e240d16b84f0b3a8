"""Parts of the work and slowest lines, from stacks."""

import pytest

from vrdata_generators.adapter.profile.hints import hints_for
from vrdata_generators.adapter.profile.recorded import Frame, Recorded, Stack
from vrdata_generators.adapter.profile.summary import (
    PROCESSES,
    THREADS,
    OwnCode,
    lines_of,
    parts_of,
    placed,
)

SITE = "/e/lib/python3.11/site-packages/"
CHILD = "/t/packages/vrdata_child/"
OWN = Frame("/g/src/a.py", "draw", 3, (3, 3, 0, 14))
SOURCE = b"import cv2\nimport cairo\ncv2.resize(ab)\nsomething(abc)\n"
CODE = OwnCode(("/g", "/b/cwd"), lambda _: SOURCE)


def at(file: str, function: str = "f", line: int = 1) -> Frame:
    return Frame(file, function, line)


def own(line: int) -> Frame:
    """Code of the generator that runs a loop."""
    return Frame("/g/src/a.py", "draw", line, (line, line, 90, 99))


def parts(stack: list[Frame]) -> dict[str, list[str]]:
    recorded = [Recorded(1.0, 0.0, 100, (Stack(1.0, tuple(stack)),))]
    found = parts_of(placed(recorded, CODE), recorded, 0.0)
    return {part.part: [name for name, _ in part.details] for part in found}


@pytest.mark.parametrize(
    ("below", "part", "detail"),
    [
        ([], "own", ""),
        (["/usr/lib/python3.11/random.py"], "own", ""),
        ([f"{SITE}PIL/Image.py"], "drawing", "Pillow"),
        ([f"{SITE}numpy/core.py", f"{SITE}matplotlib/figure.py"], "drawing", "matplotlib"),
        ([f"{SITE}scipy/ndimage.py"], "libraries", "scipy"),
        ([f"{SITE}shapely.py"], "libraries", "shapely"),
        (["/t/packages/vrdata_generators/drawing.py"], "drawing", "Pillow"),
        ([f"{SITE}PIL/PngImagePlugin.py:_save"], "encoding", "image files"),
        ([f"{SITE}PIL/ImageFile.py:load"], "encoding", "reading images"),
        ([f"{SITE}imageio/core.py"], "encoding", "video"),
        ([f"{CHILD}encoders/png.py", f"{CHILD}patches/redirect.py:save"], "encoding", "PNG"),
        ([f"{CHILD}encoders/h264.py", f"{CHILD}patches/accelerate.py"], "encoding", "video"),
        ([f"{SITE}PIL/Image.py:tobytes", f"{CHILD}sample/media.py"], "vrdata", "checks and hashes"),
        ([f"{CHILD}patches/blending.py:blend"], "drawing", "Pillow"),
        ([f"{CHILD}hermetic/clock.py"], "vrdata", "checks and hashes"),
        (["<frozen importlib._bootstrap>"], "starting", ""),
    ],
)
def test_a_stack_belongs_to_one_part(below: list[str], part: str, detail: str) -> None:
    frames = [at(*one.split(":")) for one in below]
    found = parts([*frames, own(9), at(f"{CHILD}run/repository.py")])
    assert found == {part: [detail] if detail else []}


def test_a_compiled_library_is_found_by_the_call_in_the_source() -> None:
    assert parts([OWN]) == {"drawing": ["OpenCV"]}


def test_what_vrdata_does_between_two_samples_is_no_line_of_the_generator() -> None:
    stack = (at(f"{CHILD}sample/finish.py"), at(f"{CHILD}run/lazy.py", "__iter__"), own(9))
    stacks = placed([Recorded(1.0, 0.0, 100, (Stack(1.0, stack),))], CODE)
    assert lines_of(stacks) == ()


def test_a_folder_of_packages_inside_the_generator_is_a_library() -> None:
    assert parts([at("/g/venv/lib/site-packages/PIL/Image.py"), own(9)]) == {"drawing": ["Pillow"]}


def test_code_in_the_working_directory_is_the_generators_own() -> None:
    recorded = [Recorded(1.0, 0.0, 1, (Stack(1.0, (at("/b/cwd/src/a.py"),)),))]
    (line,) = lines_of(placed(recorded, CODE))
    assert line.file == "src/a.py"


def test_the_slowest_line_is_first_with_what_it_waits_in() -> None:
    stacks = (
        Stack(0.2, (own(9),)),
        Stack(0.5, (OWN,)),
        Stack(0.3, (at(f"{SITE}PIL/Image.py", "paste"), own(12))),
        Stack(0.1, (own(9), own(12))),
    )
    found = lines_of(placed([Recorded(1.1, 0.0, 110, stacks)], CODE))
    assert [(line.line, line.call, line.library) for line in found] == [
        (3, "cv2.resize", "OpenCV"),
        (9, "", ""),
        (12, "paste", "Pillow"),
    ]
    assert sum(line.seconds for line in found) == pytest.approx(1.1)


def test_time_that_no_stack_has_belongs_to_threads_and_processes() -> None:
    recorded = [Recorded(2.0, 0.5, 100, (Stack(1.0, (own(9),)),))]
    (mine, other) = parts_of(placed(recorded, CODE), recorded, 0.0)
    assert (mine.part, mine.seconds) == ("own", 1.0)
    assert dict(other.details) == {THREADS: 1.0, PROCESSES: 0.5}


def test_a_little_time_that_no_stack_has_is_divided_among_all() -> None:
    recorded = [Recorded(1.02, 0.0, 100, (Stack(1.0, (own(9),)),))]
    assert [part.seconds for part in parts_of(placed(recorded, CODE), recorded, 0.0)] == [1.02]


@pytest.mark.parametrize(
    ("below", "hint"),
    [
        ("PIL/ImageFont.py:truetype", "fontLoaded"),
        ("matplotlib/pyplot.py:subplots", "figureMade"),
        ("matplotlib/figure.py:tight_layout", "tightLayout"),
        ("PIL/Image.py:resize", "resized"),
        ("PIL/ImageDraw.py:text", "textDrawn"),
        ("PIL/Image.py:putpixel", "pixelByPixel"),
    ],
)
def test_a_costly_habit_gets_a_hint_with_its_line(below: str, hint: str) -> None:
    slow = Stack(0.2, (at(*f"{SITE}{below}".split(":")), own(12)))
    stacks = placed([Recorded(1.0, 0.0, 100, (Stack(0.8, (own(9),)), slow))], CODE)
    found = {one.name: one for one in hints_for(stacks, 1.0)}
    assert (found[hint].file, found[hint].line, found[hint].share) == ("src/a.py", 12, 0.2)


def test_hints_that_concern_no_line() -> None:
    stacks = placed([Recorded(1.0, 0.0, 100, (Stack(1.0, (own(9),)),))], CODE)
    log = "RuntimeWarning: More than 20 figures have been opened."
    found = hints_for(stacks, 2.0, log=log, other_seconds=1.0, not_accelerated="pixels differ")
    assert [one.name for one in found] == [
        *("plainPython", "ownProcesses", "figuresOpen", "notAccelerated"),
    ]
    assert "pixels differ" in found[-1].text


def test_an_image_that_is_written_and_read_again_gets_a_hint() -> None:
    write = Stack(0.3, (at(f"{CHILD}encoders/png.py"), own(12)))
    read = Stack(0.2, (at(f"{SITE}PIL/ImageFile.py", "load"), own(13)))
    stacks = placed([Recorded(0.5, 0.0, 50, (write, read))], CODE)
    (hint,) = hints_for(stacks, 0.5)
    assert (hint.name, hint.line) == ("imageReadBack", 13)
    assert hints_for(placed([Recorded(0.2, 0.0, 20, (read,))], CODE), 0.2) == ()
