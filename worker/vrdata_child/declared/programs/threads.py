"""The command line of ffmpeg, so that its output has equal bytes on every machine. Pure.

Encoders write other bytes with another number of threads, scalers with another processor, and
some containers a random number. Source: ffmpeg(1), ffmpeg-codecs(1), ffmpeg-formats(1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

# Options without a value; `-noNAME` has none, either.
_FLAGS = frozenset(
    {
        *("-y", "-n", "-hide_banner", "-nostdin", "-stdin", "-stats", "-nostats", "-an", "-vn"),
        *("-sn", "-dn", "-shortest", "-re", "-copyts", "-start_at_zero", "-report", "-bitexact"),
        *("-benchmark", "-benchmark_all", "-autorotate", "-accurate_seek", "-ignore_unknown"),
        *("-copy_unknown", "-dump", "-hex", "-intra", "-psnr", "-vstats", "-xerror", "-L"),
        *("-version", "-buildconf", "-formats", "-muxers", "-demuxers", "-devices", "-codecs"),
        *("-encoders", "-decoders", "-bsfs", "-protocols", "-filters", "-pix_fmts", "-layouts"),
        *("-sample_fmts", "-colors", "-hwaccels", "-dispositions", "-find_stream_info"),
        *("-autoscale", "-copyinkf", "-qphist", "-deinterlace", "-seek_timestamp", "-debug_ts"),
        *("-fix_sub_duration", "-recast_media"),
    }
)
_ALL_THREADS = ("-filter_threads", "-filter_complex_threads")
_AUTOMATIC = ("0", "auto")
_SCALER = "bicubic+accurate_rnd+bitexact"


def fixed(args: Sequence[str]) -> list[str]:
    """The arguments of ffmpeg with fixed numbers of threads and exact algorithms.

    A number that the caller gives is kept, if it is not automatic.
    """
    groups, rest = _groups(args)
    if not groups:
        return list(args)  # it only prints
    result = [word for name in _ALL_THREADS if name not in args for word in (name, "1")]
    for options, target in groups:
        result += [*(options if "-i" in options[-1:] else _output(options)), target]
    return [*result, *rest]


def _groups(args: Sequence[str]) -> tuple[list[tuple[list[str], str]], list[str]]:
    """The options before each input (which end with `-i`) and output, and options at the end."""
    groups: list[tuple[list[str], str]] = []
    options: list[str] = []
    words = iter(args)
    for word in words:
        if not word.startswith("-") or word == "-":
            groups.append((options, word))
            options = []
            continue
        options.append(word)
        if word in _FLAGS or (word.startswith("-no") and f"-{word[3:]}" in _FLAGS):
            continue
        value = next(words, None)
        if value is None:
            break
        if word == "-i":
            groups.append((options, value))
            options = []
        else:
            options.append(value)
    return groups, options


def _output(options: Sequence[str]) -> list[str]:
    kept = list(_with_threads(options))
    names = {word.partition(":")[0] for word in kept}
    if "-threads" not in names:
        kept += ["-threads", "1"]
    if "-sws_flags" not in names:
        kept += ["-sws_flags", _SCALER]
    if not names & {"-fflags", "-bitexact"}:
        kept += ["-fflags", "+bitexact"]
    return kept


def _with_threads(options: Iterable[str]) -> Iterable[str]:
    """The options of an output, with one thread where the number is automatic."""
    before = ""
    for word in options:
        number = before.partition(":")[0] == "-threads"
        yield "1" if number and word in _AUTOMATIC else word
        before = word
