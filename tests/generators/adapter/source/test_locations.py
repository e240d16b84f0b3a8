"""Folders, git URLs and lists as sources."""

import subprocess
from pathlib import Path

import pytest

from vrdata.errors import InvalidInputError, NotFoundError, UsageError, VrdataError
from vrdata_generators.adapter.source.git import describe
from vrdata_generators.adapter.source.locations import GeneratorSource, open_source, parse_list


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=n", "-c", "user.email=e@example.org")
    return subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> tuple[Path, list[str]]:
    folder = tmp_path / "O-1_x"
    (folder / "examples").mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commits = []
    for text in ("1", "2"):
        (folder / "examples/generate.py").write_text(text)
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "-m", text)
        commits.append(git(folder, "rev-parse", "HEAD"))
    return folder, commits


@pytest.fixture
def staging(tmp_path: Path) -> Path:
    (tmp_path / "staging").mkdir()
    return tmp_path / "staging"


def test_a_git_url_gives_the_files_of_its_commit(
    repository: tuple[Path, list[str]], staging: Path
) -> None:
    folder, commits = repository
    (located,) = open_source(GeneratorSource(f"file://{folder}", commits[0]), staging)
    assert located.found.entry.read_text() == "1"
    assert (located.name, located.commit) == ("O-1_x", commits[0])
    assert located.origin == f"file://{folder}"


@pytest.mark.parametrize("commit", ["", "main", "abc1234", "--help"])
def test_a_url_without_a_full_commit_is_refused(
    repository: tuple[Path, list[str]], staging: Path, commit: str
) -> None:
    with pytest.raises(UsageError) as caught:
        open_source(GeneratorSource(f"file://{repository[0]}", commit), staging)
    assert "--commit SHA" in caught.value.fix


def test_a_missing_commit_is_named(repository: tuple[Path, list[str]], staging: Path) -> None:
    with pytest.raises(InvalidInputError, match="has no commit"):
        open_source(GeneratorSource(f"file://{repository[0]}", "0" * 40), staging)


def test_an_unreachable_url_is_an_error(tmp_path: Path, staging: Path) -> None:
    with pytest.raises(VrdataError, match="cannot be cloned"):
        open_source(GeneratorSource(f"file://{tmp_path}/none", "0" * 40), staging)


@pytest.mark.parametrize("address", ["http://example.org/a", "ext://x", "git://example.org/a"])
def test_other_protocols_are_refused(address: str, staging: Path) -> None:
    with pytest.raises(UsageError, match="cannot be fetched"):
        open_source(GeneratorSource(address, "0" * 40), staging)


def test_a_work_tree_reports_its_commit_and_whether_it_is_dirty(
    repository: tuple[Path, list[str]],
) -> None:
    folder, commits = repository
    git(folder, "remote", "add", "origin", "https://u:secret@example.org/x.git")
    assert describe(folder) == ("https://example.org/x.git", commits[1])
    (folder / "examples/generate.py").write_text("3")
    assert describe(folder) == ("https://example.org/x.git", f"{commits[1]}-dirty")


def test_untracked_files_that_are_copied_make_a_work_tree_dirty(
    repository: tuple[Path, list[str]],
) -> None:
    folder, commits = repository
    (folder / ".git/info/exclude").write_text("assets/\n__pycache__/\n")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__/x.pyc").touch()
    assert describe(folder)[1] == commits[1]
    (folder / "assets").mkdir()
    (folder / "assets/downloaded.png").touch()
    assert describe(folder)[1] == f"{commits[1]}-dirty"


def test_a_folder_of_a_work_tree_reports_its_commit_if_it_is_tracked(
    repository: tuple[Path, list[str]],
) -> None:
    folder, commits = repository
    (folder / "untracked").mkdir()
    (folder / "untracked/x.txt").touch()
    assert describe(folder / "examples")[1] == commits[1]
    assert describe(folder / "untracked") == ("", "")


def test_a_work_tree_is_described_from_within_a_git_hook(
    repository: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "another.git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "another.git/index"))
    folder, commits = repository
    assert describe(folder)[1] == commits[1]


def test_a_commit_of_no_branch_is_fetched_by_its_hash(
    repository: tuple[Path, list[str]], staging: Path
) -> None:
    folder, commits = repository
    git(folder, "reset", "--hard", "--quiet", commits[0])
    git(folder, "update-ref", "refs/pull/1/head", commits[1])
    git(folder, "config", "uploadpack.allowReachableSHA1InWant", "true")
    (located,) = open_source(GeneratorSource(f"file://{folder}", commits[1]), staging)
    assert located.found.entry.read_text() == "2"


def test_files_do_not_depend_on_the_git_settings_of_the_machine(
    repository: tuple[Path, list[str]],
    staging: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, _ = repository
    (folder / "examples/generate.py").write_bytes(b"x = 1\ny = 2\n")
    git(folder, "commit", "--quiet", "-am", "lines")
    (tmp_path / "config").write_text(
        '[core]\n\tautocrlf = true\n[filter "lfs"]\n\tprocess = no-such\n\trequired = true\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    commit = git(folder, "rev-parse", "HEAD")
    (located,) = open_source(GeneratorSource(f"file://{folder}", commit), staging)
    assert located.found.entry.read_bytes() == b"x = 1\ny = 2\n"


def test_a_folder_can_be_added_without_git(
    repository: tuple[Path, list[str]], staging: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(staging))
    (located,) = open_source(GeneratorSource(str(repository[0])), staging)
    assert (located.commit, located.placeholders) == ("", ())
    with pytest.raises(VrdataError, match="git is not installed"):
        open_source(GeneratorSource(f"file://{repository[0]}", "0" * 40), staging)


def test_a_plain_folder_has_no_commit(tmp_path: Path) -> None:
    assert describe(tmp_path) == ("", "")


def test_a_commit_for_a_folder_is_refused(
    repository: tuple[Path, list[str]], staging: Path
) -> None:
    folder, commits = repository
    with pytest.raises(UsageError, match="added as it is") as caught:
        open_source(GeneratorSource(str(folder), commits[0]), staging)
    assert f"file://{folder}" in caught.value.fix


def test_a_missing_folder_is_not_found(tmp_path: Path, staging: Path) -> None:
    with pytest.raises(NotFoundError, match="does not exist"):
        open_source(GeneratorSource(str(tmp_path / "none")), staging)


def test_several_generators_are_named_after_their_folders(tmp_path: Path, staging: Path) -> None:
    for name in ("O-1_a", "G-2 b"):
        (tmp_path / "all" / name / "examples").mkdir(parents=True)
        (tmp_path / "all" / name / "examples/generate.py").touch()
    located = open_source(GeneratorSource(str(tmp_path / "all")), staging)
    assert [one.name for one in located] == ["G-2_b", "O-1_a"]
    with pytest.raises(UsageError, match="there are 2 generators in"):
        open_source(GeneratorSource(str(tmp_path / "all"), name="X"), staging)


def test_a_list_is_read_line_by_line() -> None:
    text = (
        "# all\nhttps://example.org/a#b abc\r\n\n/data/b - O-2_b  # local\n"
        "'/data/with space' - O-3\n/data/it's -\n"
    )
    assert parse_list(text) == (
        GeneratorSource("https://example.org/a#b", "abc"),
        GeneratorSource("/data/b", "", "O-2_b"),
        GeneratorSource("/data/with space", "", "O-3"),
        GeneratorSource("/data/it's", ""),
    )


@pytest.mark.parametrize("text", ["", "# nothing\n", "https://example.org/a\n", "a b c d\n"])
def test_an_invalid_list_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_list(text)


def test_a_line_of_a_list_can_give_a_class() -> None:
    assert parse_list("/data/Multi-01 - class=G\nhttps://example.org/a abc Multi-2 class=m\n") == (
        GeneratorSource("/data/Multi-01", "", "", "G"),
        GeneratorSource("https://example.org/a", "abc", "Multi-2", "M"),
    )


def test_a_line_of_a_list_can_name_the_sources_and_the_script_of_a_pipeline() -> None:
    text = "./M-1 - sources=sources/m.yaml\nhttps://example.org/a abc M-2 script=run.py class=M\n"
    assert parse_list(text) == (
        GeneratorSource("./M-1", sources="sources/m.yaml"),
        GeneratorSource("https://example.org/a", "abc", "M-2", "M", script="run.py"),
    )


@pytest.mark.parametrize(
    "line",
    [
        *("/a - class=Z", "/a - class=", "/a class=G", "/a - b c class=G"),
        *("/a - sources=", "/a sources=x", "class=G"),
    ],
)
def test_an_invalid_option_or_line_of_a_list_is_refused(line: str) -> None:
    with pytest.raises(InvalidInputError, match="line 1 of the list"):
        parse_list(line)
