"""`vrdata generators profile`, from arguments to exit codes."""

from pathlib import Path
from typing import Any

import pytest

from support.generators.commands import printed, run
from support.generators.repositories import RunningInterpreter, write_repository
from vrdata_generators.adapter.environment import venv

SLOW = '''"""One slow line in plain Python, one in Pillow, one font in the loop."""

import argparse
from pathlib import Path

from PIL import Image, ImageDraw


def mix(seed):
    total = seed
    for number in range(400_000):
        total = (total * 31 + number) % 65_521
    return total


def main():
    parser = argparse.ArgumentParser()
    for flag in ("--num-samples", "--output", "--seed"):
        parser.add_argument(flag)
    arguments = parser.parse_args()
    for index in range(int(arguments.num_samples)):
        folder = Path(arguments.output) / "mix_task" / f"mix_{index:08d}"
        folder.mkdir(parents=True)
        colour = mix(index + int(arguments.seed)) % 256
        picture = Image.new("RGB", (64, 64), (colour, 0, 0))
        picture.save(folder / "first_frame.png")
        large = picture.resize((1100, 1100), Image.Resampling.LANCZOS)
        large.resize((64, 64)).save(folder / "final_frame.png")
        (folder / "prompt.txt").write_text(f"Make it {colour}.")


if __name__ == "__main__":
    main()
'''


@pytest.fixture(autouse=True)
def running_interpreter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(venv, "VenvBuilder", lambda _folder: RunningInterpreter())
    monkeypatch.setenv("VRDATA_GENERATORS", str(tmp_path / "home"))


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        ((), 2, "Missing argument"),
        (("O-none",), 5, "no generator O-none, and no folder"),
        (("x/O-none",), 5, "x/O-none does not exist"),
        (("O-maze", "-n", "0"), 2, "--samples"),
    ],
)
def test_invalid_arguments_have_their_own_exit_code(
    arguments: tuple[str, ...], code: int, text: str
) -> None:
    result = run("profile", *arguments)
    assert result.exit_code == code
    assert text in result.stderr
    assert result.stdout == ""


def share(profile: dict[str, Any], part: str) -> float:
    return sum(one["share"] for one in profile["parts"] if one["part"] == part)


@pytest.mark.slow
@pytest.mark.smoke
def test_the_slowest_line_of_a_folder_is_named_first(tmp_path: Path) -> None:
    folder = write_repository(tmp_path / "O-1_mix", {"examples/generate.py": SLOW})
    profile = printed("profile", folder, "-n", "5", "-o", "json")
    assert list(profile) == [
        *("name", "samples", "asked", "problems", "traceback", "accelerated", "notAccelerated"),
        *("secondsPerSample", "startSeconds", "measurements", "parts", "lines", "hints", "output"),
    ]
    first = profile["lines"][0]
    assert list(first) == [
        *("file", "line", "function", "share", "secondsPerSample", "call", "library"),
    ]
    text = SLOW.splitlines()[first["line"] - 1]
    assert (first["file"], first["function"]) == ("examples/generate.py", "mix")
    assert "for number" in text or "total = (" in text
    assert share(profile, "own") > share(profile, "drawing") > share(profile, "starting")
    (drawing,) = (one["details"] for one in profile["parts"] if one["part"] == "drawing")
    assert [one["name"] for one in drawing] == ["Pillow"]
    assert sum(one["share"] for one in profile["parts"]) == pytest.approx(1, abs=0.01)
    hints = {one["hint"]: SLOW.splitlines()[one["line"] - 1] for one in profile["hints"]}
    assert "mix" not in hints.get("resized", "")
    assert "plainPython" in hints
    assert profile["output"] == {"checked": True, "equal": True, "reason": ""}
    assert profile["startSeconds"] > 0

    shown = run("profile", folder, "-n", "1").stdout
    assert "its own code" in shown
    assert f"examples/generate.py:{first['line']} in mix" in shown


@pytest.mark.slow
def test_a_generator_that_fails_exits_with_1_and_shows_its_traceback(tmp_path: Path) -> None:
    text = SLOW.replace("    total = seed\n", "    raise ValueError('no ink')\n")
    folder = write_repository(tmp_path / "O-1_ink", {"examples/generate.py": text})
    result = run("profile", folder, "-n", "1")
    assert result.exit_code == 1
    assert "O-1_ink: FAILED; 0 of 1 sample" in result.stdout
    assert "ValueError: no ink" in result.stderr


@pytest.mark.slow
def test_a_generator_that_gives_other_samples_each_time_is_not_compared(tmp_path: Path) -> None:
    text = SLOW.replace("Make it {colour}", "Make it {__import__('os').urandom(8).hex()}")
    folder = write_repository(tmp_path / "O-1_mix", {"examples/generate.py": text})
    output = printed("profile", folder, "-n", "1", "-o", "json")["output"]
    if not output["equal"]:
        assert not output["checked"]
        assert "not deterministic" in output["reason"]


@pytest.mark.slow
def test_a_forged_profile_is_refused(tmp_path: Path) -> None:
    text = SLOW.replace(
        'if __name__ == "__main__":\n    main()\n',
        'main()\nimport atexit, os\nos.mkdir("../profile.json")\n',
    )
    folder = write_repository(tmp_path / "O-1_mix", {"examples/generate.py": text})
    result = run("profile", folder, "-n", "1")
    assert result.exit_code == 1
    assert "no valid profile" in result.output
