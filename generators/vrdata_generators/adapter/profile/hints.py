"""What an author can change to make a generator faster. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vrdata_generators.adapter.profile.places import Place
from vrdata_generators.adapter.profile.summary import Placed

OPEN_FIGURES = "figures have been opened"  # a warning of matplotlib


@dataclass(frozen=True, slots=True)
class Hint:
    """One piece of advice.

    Attributes:
        name: of its kind; stable.
        text: what the line does, and what to do instead.
        share: of the CPU time; 0 = not known.
        file: with the line that takes most of this time, or "".
        line: its number, or 0.
    """

    name: str
    text: str
    share: float = 0.0
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    share: float  # from which on it is worth a hint
    text: str
    fits: Callable[[Place], bool]


def _runs(file: str, *functions: str) -> Callable[[Place], bool]:
    """Whether a call runs one of these functions of a file; without functions: any of them."""

    def fits(place: Place) -> bool:
        return any(
            frame.file.endswith(file) and (not functions or frame.function in functions)
            for frame in place.below
        )

    return fits


def _is(*names: str) -> Callable[[Place], bool]:
    return lambda place: place.call.name in names


def _any(*rules: Callable[[Place], bool]) -> Callable[[Place], bool]:
    return lambda place: any(rule(place) for rule in rules)


_READS = _Rule(
    "imageReadBack",
    0.01,
    "reads an image file. If the generator wrote it, keep the pixels instead; with matplotlib, call"
    " fig.canvas.draw() and take numpy.asarray(fig.canvas.buffer_rgba())",
    lambda place: place.detail == "reading images",
)
_RULES: tuple[_Rule, ...] = (
    _Rule(
        "fontLoaded",
        0.03,
        "loads a font. Load each font once, before the loop",
        _any(_runs("/PIL/ImageFont.py", "truetype", "load_default", "load_path"), _is("truetype")),
    ),
    _Rule(
        "figureMade",
        0.05,
        "makes or clears a figure. Make it once, and change its artists for each frame, for example"
        " with set_data",
        _any(
            _runs("/matplotlib/pyplot.py", "figure", "subplots", "subplot", "cla", "clf"),
            _runs("/matplotlib/figure.py", "add_subplot", "subplots", "clear", "clf"),
            _runs("/matplotlib/axes/_base.py", "cla", "clear"),
        ),
    ),
    _Rule(
        "tightLayout",
        0.05,
        'measures every text (tight_layout or bbox_inches="tight"). Set fixed margins with'
        " subplots_adjust",
        _runs("", "tight_layout", "get_tightbbox", "get_tight_layout_figure"),
    ),
    _Rule(
        "resized",
        0.08,
        "resizes pictures. Draw in the final size, or resize what does not change once",
        _any(_runs("/PIL/Image.py", "resize", "thumbnail"), _is("resize", "thumbnail")),
    ),
    _Rule(
        "textDrawn",
        0.1,
        "draws text. Draw text that does not change once, and copy that picture for each frame",
        _any(
            _runs("/PIL/ImageDraw.py", "text", "multiline_text", "textbbox", "textlength"),
            _is("putText", "text", "multiline_text"),
        ),
    ),
    _Rule(
        "pixelByPixel",
        0.05,
        "reads or sets single pixels. Compute an array, and use Image.fromarray",
        _any(_runs("/PIL/Image.py", "putpixel", "getpixel"), _runs("/PIL/ImageDraw.py", "point")),
    ),
    _Rule(
        "deepCopy",
        0.05,
        "copies objects with copy.deepcopy. Copy only what changes",
        _runs("/copy.py", "deepcopy"),
    ),
    _Rule(
        "importedLate",
        0.05,
        "imports modules in each block. Import them in src/__init__.py or core/__init__.py, which"
        " vrdata imports once for all blocks",
        lambda place: place.part == "starting",
    ),
    _Rule(
        "plainPython",
        0.25,
        "is a loop in Python. With numpy arrays, the same work takes a fraction of the time",
        lambda place: place.part == "own" and not place.below,
    ),
)
_ENCODED_TWICE = _Rule(
    "encodedTwice",
    0.05,
    "vrdata encodes its videos again. Write them with cv2.VideoWriter and the code mp4v: then the"
    " frames are encoded once",
    _runs("/sample/video/transcode.py"),
)


def hints_for(
    stacks: Iterable[Placed],
    total: float,
    *,
    log: str = "",
    other_seconds: float = 0.0,
    not_accelerated: str = "",
) -> tuple[Hint, ...]:
    """What to change, the largest share first; then what concerns no line.

    Args:
        stacks: of the blocks.
        total: their CPU seconds.
        log: what the generator printed.
        other_seconds: of processes that it starts.
        not_accelerated: why the generator runs without acceleration, or "".
    """
    known = list(stacks)
    if total <= 0:
        return ()
    rules = _RULES
    if sum(one.seconds for one in known if one.place.detail in ("PNG", "image files")):
        rules = (*_RULES, _READS)
    found = [hint for rule in rules if (hint := _hint(rule, known, total))]
    found.sort(key=lambda hint: -hint.share)
    again = sum(one.seconds for one in known if _ENCODED_TWICE.fits(one.place)) / total
    if again >= _ENCODED_TWICE.share:
        found.append(Hint(_ENCODED_TWICE.name, _ENCODED_TWICE.text, again))
    if other_seconds >= 0.1 * total:
        what = "its other processes cannot be profiled. A run generates blocks in parallel, so"
        what += " a generator needs no processes of its own"
        found.append(Hint("ownProcesses", what, other_seconds / total))
    if OPEN_FIGURES in log:
        what = "figures are not closed, so memory grows. Call plt.close(fig) after each one"
        found.append(Hint("figuresOpen", what))
    if not_accelerated:
        found.append(Hint("notAccelerated", f"it runs without acceleration: {not_accelerated}"))
    return tuple(found)


def _hint(rule: _Rule, stacks: Iterable[Placed], total: float) -> Hint | None:
    lines: defaultdict[tuple[str, int], float] = defaultdict(float)
    for one in stacks:
        if one.place.own is not None and rule.fits(one.place):
            lines[one.file, one.place.own.line] += one.seconds
    share = sum(lines.values()) / total
    if share < rule.share:
        return None
    file, line = max(lines, key=lambda one: lines[one])
    return Hint(rule.name, rule.text, share, file, line)
