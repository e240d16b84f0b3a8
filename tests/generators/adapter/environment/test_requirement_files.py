"""Requirements files as pip reads them: encodings, lines, included files and options."""

import codecs
import locale
from pathlib import Path

import pytest

from vrdata.errors import InvalidInputError
from vrdata_generators.adapter.environment.requirement_files import Declared, read_requirements


def read(root: Path, text: str, **others: str) -> Declared:
    (root / "requirements.txt").write_text(text, newline="")
    for name, content in others.items():
        path = root / f"{name}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    return read_requirements(root)


def names(declared: Declared) -> list[str]:
    return [str(line.requirement) for line in declared.requirements]


def test_no_file_means_no_requirements(tmp_path: Path) -> None:
    assert read_requirements(tmp_path) == Declared()


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-32-le", codecs.BOM_UTF32_LE),
        ("utf-32-be", codecs.BOM_UTF32_BE),
    ],
)
def test_a_byte_order_mark_chooses_the_encoding(tmp_path: Path, encoding: str, mark: bytes) -> None:
    text = "# für uns\r\nnumpy==1.26.4\r\npillow\r\n"
    (tmp_path / "requirements.txt").write_bytes(mark + text.encode(encoding))
    assert names(read_requirements(tmp_path)) == ["numpy==1.26.4", "pillow"]


def test_a_coding_comment_chooses_the_encoding(tmp_path: Path) -> None:
    text = "# -*- coding: latin-1 -*-\n# für uns\nnumpy\n"
    (tmp_path / "requirements.txt").write_bytes(text.encode("latin-1"))
    assert names(read_requirements(tmp_path)) == ["numpy"]


def test_the_encoding_of_the_locale_is_the_last_choice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements.txt").write_bytes("# für uns\nnumpy\n".encode("cp1252"))
    monkeypatch.setattr(locale, "getpreferredencoding", lambda **_: "cp1252")
    assert names(read_requirements(tmp_path)) == ["numpy"]


@pytest.mark.parametrize(
    "data", [b"\xff\xfa numpy", "numpy\n".encode("utf-16-le"), b"# coding: no-such\nnumpy\n"]
)
def test_text_in_no_known_encoding_is_refused_with_a_fix(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "requirements.txt").write_bytes(data)
    with pytest.raises(InvalidInputError, match=r"requirements.txt cannot be read") as caught:
        read_requirements(tmp_path)
    assert "save it as UTF-8" in caught.value.fix


def test_comments_and_continued_lines_are_read_as_pip_reads_them(tmp_path: Path) -> None:
    declared = read(
        tmp_path,
        "numpy==1.26.4  # pinned\n\n  # all of it\n"
        "imageio[ffmpeg] \\\n  >=2.0 \\\n  # a comment ends the continuation\n"
        "scipy>=1.10,\\\n<2\n"
        "pillow \\\n",
    )
    assert names(declared) == ["numpy==1.26.4", "imageio[ffmpeg]>=2.0", "scipy<2,>=1.10", "pillow"]
    assert [line.origin for line in declared.requirements] == [
        f"requirements.txt, line {number}" for number in (1, 4, 7, 9)
    ]


def test_repeated_lines_extras_and_markers_are_kept(tmp_path: Path) -> None:
    text = "numpy==1.26.4\nnumpy\nx[a]; python_version > '3'\nx==1\n"
    assert names(read(tmp_path, text)) == [
        "numpy==1.26.4",
        "numpy",
        'x[a]; python_version > "3"',
        "x==1",
    ]


def test_included_files_are_read_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "deps").mkdir()
    (tmp_path / "deps/more.txt").write_text("scipy\n-r ../base.txt\n-c bounds.txt\n")
    (tmp_path / "deps/bounds.txt").write_text("numpy<2\n")
    declared = read(tmp_path, "pillow\n-r deps/more.txt\n--requirement=base.txt\n", base="numpy\n")
    assert names(declared) == ["pillow", "scipy", "numpy"]
    assert [str(line) for line in declared.constraints] == ["numpy<2 (deps/bounds.txt, line 1)"]


def test_files_that_include_each_other_end(tmp_path: Path) -> None:
    assert names(read(tmp_path, "numpy\n-rother.txt\n", other="-r requirements.txt\nscipy\n")) == [
        "numpy",
        "scipy",
    ]


def test_options_that_do_not_change_where_archives_come_from_are_kept(tmp_path: Path) -> None:
    declared = read(tmp_path, "--pre\n--only-binary :all:\n--prefer-binary\nnumpy\n")
    assert declared.options == ("--pre", "--only-binary=:all:", "--prefer-binary")


def test_hashes_are_read(tmp_path: Path) -> None:
    text = "numpy==1.26.4 \\\n    --hash=sha256:aa \\\n    --hash sha256:bb  # two archives\n"
    (line,) = read(tmp_path, text).requirements
    assert line.hashes == {"sha256:aa", "sha256:bb"}


def test_a_line_without_a_hash_beside_one_with_a_hash_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="line 2 has no --hash: scipy"):
        read(tmp_path, "numpy==1.26.4 --hash=sha256:aa\nscipy\n")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("--index-url https://example.org", "--index-url"),
        ("--extra-index-url=https://example.org", "--extra-index-url"),
        ("-i https://example.org", "option -i"),
        ("--find-links ./wheels", "--find-links"),
        ("--no-binary :all:", "--no-binary"),
        ("-e .", "the generator's folder is used as it is"),
        ("x==1 --global-option=y", "--global-option"),
        ("x @ https://example.org/x.whl", "file or URL"),
        ("./wheels/x.whl", "file or URL"),
        (".", "file or URL"),
        ("git+https://example.org/x", "file or URL"),
        ("numpy==${NUMPY}", "environment variable"),
        ("numpy=1.2", "after"),
        ("-r ../outside.txt", "not in the generator's folder"),
        ("-r https://example.org/r.txt", "not in the generator's folder"),
        ("-c none.txt", "no file none.txt"),
        ("-r", "no value"),
        ("    --hash=sha256:aa", "no requirement"),
    ],
)
def test_an_unusable_line_is_refused_with_its_number_and_the_reason(
    tmp_path: Path, line: str, why: str
) -> None:
    (tmp_path / "outside.txt").write_text("numpy\n")
    root = tmp_path / "generator"
    root.mkdir()
    with pytest.raises(InvalidInputError, match=r"requirements.txt, line 2") as caught:
        read(root, f"numpy==1.26.4\n{line}\n")
    assert why in caught.value.why
    assert caught.value.fix


def test_a_link_to_a_file_outside_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("numpy\n")
    root = tmp_path / "generator"
    root.mkdir()
    (root / "link.txt").symlink_to("../outside.txt")
    with pytest.raises(InvalidInputError, match="line 1"):
        read(root, "-r link.txt\n")
