"""Submodules, Git LFS files and other content that a plain clone does not have."""

import os
import subprocess
from pathlib import Path

import pytest

from vrdata.errors import InvalidInputError
from vrdata_generators.adapter.source.copying import copy_repository
from vrdata_generators.adapter.source.git import describe
from vrdata_generators.adapter.source.locations import GeneratorSource, open_source
from vrdata_generators.adapter.source.placeholders import (
    Placeholder,
    described,
    explained,
    find_placeholders,
    missing_content,
    not_fetched,
)

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12345\n".format("0" * 64)


def git(folder: Path, *arguments: str) -> str:
    settings = (
        *("-c", "user.name=n", "-c", "user.email=e@example.org"),
        *("-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main"),
    )
    return subprocess.run(
        ["git", "-C", str(folder), *settings, *arguments],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


def commit(folder: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "one")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def staging(tmp_path: Path) -> Path:
    (tmp_path / "staging").mkdir()
    return tmp_path / "staging"


@pytest.fixture
def generator(tmp_path: Path) -> Path:
    """A repository with a submodule that has a submodule itself."""
    commit(tmp_path / "inner", {"deep.py": "DEEP = 1\n"})
    commit(tmp_path / "library", {"helper.py": "VALUE = 3\n"})
    git(tmp_path / "library", "submodule", "add", "--quiet", f"file://{tmp_path}/inner", "inner")
    commit(tmp_path / "library", {})
    folder = tmp_path / "O-1_x"
    commit(folder, {"examples/generate.py": "x"})
    git(folder, "submodule", "add", "--quiet", "../library", "shared")
    commit(folder, {})
    return folder


def test_submodules_are_checked_out_at_their_recorded_commits(
    generator: Path, tmp_path: Path, staging: Path
) -> None:
    commit(tmp_path / "library", {"helper.py": "VALUE = 4\n"})
    head = git(generator, "rev-parse", "HEAD")
    (located,) = open_source(GeneratorSource(f"file://{generator}", head), staging)
    assert (located.found.root / "shared/helper.py").read_text() == "VALUE = 3\n"
    assert (located.found.root / "shared/inner/deep.py").read_text() == "DEEP = 1\n"
    assert (located.placeholders, located.problems) == ((), ())


def test_a_submodule_that_cannot_be_fetched_is_named(
    generator: Path, tmp_path: Path, staging: Path
) -> None:
    (tmp_path / "library").rename(tmp_path / "moved")
    head = git(generator, "rev-parse", "HEAD")
    (located,) = open_source(GeneratorSource(f"file://{generator}", head), staging)
    assert located.placeholders == (Placeholder("submodule", "shared"),)
    error = not_fetched(located.placeholders, located.problems)
    assert "the commit has submodules (shared) without their content" in error.what
    assert "submodule shared:" in error.why
    assert "git submodule update --init --recursive" in error.fix


def test_a_submodule_without_a_url_is_named(generator: Path, staging: Path) -> None:
    (generator / ".gitmodules").write_text("")
    head = commit(generator, {})
    (located,) = open_source(GeneratorSource(f"file://{generator}", head), staging)
    assert located.placeholders == (Placeholder("submodule", "shared"),)


def test_a_submodule_with_another_protocol_is_not_fetched(generator: Path, staging: Path) -> None:
    text = (generator / ".gitmodules").read_text()
    (generator / ".gitmodules").write_text(text.replace("../library", "ext::sh -c id"))
    head = commit(generator, {})
    (located,) = open_source(GeneratorSource(f"file://{generator}", head), staging)
    assert located.placeholders == (Placeholder("submodule", "shared"),)
    assert "not allowed" in " ".join(located.problems)


def test_an_empty_submodule_of_a_folder_is_found(generator: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", f"file://{generator}", "plain")
    assert find_placeholders(tmp_path / "plain") == (Placeholder("submodule", "shared"),)
    (tmp_path / "archive/shared").mkdir(parents=True)
    (tmp_path / "archive/.gitmodules").write_text('[submodule "s"]\n\tpath = shared\n')
    assert find_placeholders(tmp_path / "archive") == (Placeholder("submodule", "shared"),)


def test_a_submodule_beside_the_generator_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / ".gitmodules").write_text(
        '[submodule "a"]\n\tpath = docs\n[submodule "b"]\n\tpath = all/O-1/core\n'
    )
    (tmp_path / "all/O-1").mkdir(parents=True)
    assert find_placeholders(tmp_path / "all/O-1") == (Placeholder("submodule", "core"),)


def lfs_repository(folder: Path) -> str:
    return commit(folder, {"examples/generate.py": "x", "assets/sprite.png": POINTER})


def install_lfs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pull: str) -> None:
    """A stand-in for git-lfs, which may be missing on this machine."""
    program = tmp_path / "bin/git-lfs"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ "$1" = version ] && exit 0\n{pull}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")


def test_git_lfs_files_are_fetched(
    tmp_path: Path, staging: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_lfs(tmp_path, monkeypatch, "echo content > assets/sprite.png")
    head = lfs_repository(tmp_path / "O-1_x")
    (located,) = open_source(GeneratorSource(f"file://{tmp_path}/O-1_x", head), staging)
    assert (located.found.root / "assets/sprite.png").read_text() == "content\n"
    assert located.placeholders == ()


@pytest.mark.parametrize(
    ("pull", "why"),
    [
        ("echo object not found >&2; exit 2", "git lfs pull: object not found"),
        ("exit 1", "git lfs pull"),
    ],
)
def test_git_lfs_files_that_cannot_be_fetched_are_named(
    tmp_path: Path, staging: Path, monkeypatch: pytest.MonkeyPatch, pull: str, why: str
) -> None:
    install_lfs(tmp_path, monkeypatch, pull)
    head = lfs_repository(tmp_path / "O-1_x")
    (located,) = open_source(GeneratorSource(f"file://{tmp_path}/O-1_x", head), staging)
    error = not_fetched(located.placeholders, located.problems)
    assert "Git LFS pointers (assets/sprite.png)" in error.what
    assert why in error.why


def test_a_missing_git_lfs_is_named(
    tmp_path: Path, staging: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_lfs(tmp_path, monkeypatch, "")
    (tmp_path / "bin/git-lfs").write_text("#!/bin/sh\nexit 1\n")
    head = lfs_repository(tmp_path / "O-1_x")
    (located,) = open_source(GeneratorSource(f"file://{tmp_path}/O-1_x", head), staging)
    assert located.problems == ("git-lfs is not installed on this machine",)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.png", POINTER.encode(), "lfs"),
        ("a.png", b"version https://hawser.github.com/spec/v1\noid sha256:0\n", "lfs"),
        ("a.bin", b"/annex/objects/SHA256E-s12--00.bin\n", "annex"),
        ("a.key", b"\0GITCRYPT\0xyz", "crypt"),
        ("a.png.dvc", b"outs:\n- md5: 00\n  size: 12\n  path: a.png\n", "dvc"),
    ],
)
def test_each_kind_of_placeholder_is_found(
    tmp_path: Path, name: str, content: bytes, kind: str
) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / name).write_bytes(content)
    found = find_placeholders(tmp_path)
    assert found == (Placeholder(kind, f"assets/{name}"),)
    assert f"assets/{name}" in missing_content(found)


def test_ordinary_files_are_not_placeholders(tmp_path: Path) -> None:
    for name, content in {
        "README.md": b"See " + POINTER.encode(),
        "long.txt": POINTER.encode() + b"x" * 2000,
        "present.png.dvc": b"outs:\n- path: present.png\n",
        "present.png": b"\x89PNG",
    }.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples/a.png").write_text(POINTER)  # not copied
    assert find_placeholders(tmp_path) == ()


def test_a_link_of_git_annex_is_a_placeholder_until_its_content_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "generator"
    target = folder / ".git/annex/objects/a/SHA256--00"
    target.parent.mkdir(parents=True)
    (folder / "sprite.png").symlink_to(".git/annex/objects/a/SHA256--00")
    assert find_placeholders(folder) == (Placeholder("annex", "sprite.png"),)
    target.write_text("content")
    assert find_placeholders(folder) == ()
    copy_repository(folder, tmp_path / "copy")
    assert (tmp_path / "copy/sprite.png").read_text() == "content"
    assert not (tmp_path / "copy/.git").exists()


def test_files_that_a_sparse_checkout_leaves_out_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "O-1_x"
    commit(folder, {"examples/generate.py": "x", "assets/a.png": "a"})
    git(folder, "sparse-checkout", "set", "examples")
    assert find_placeholders(folder) == (Placeholder("sparse", "assets/a.png"),)
    assert describe(folder)[1].endswith("-dirty")


def test_a_password_in_the_output_of_git_is_never_shown(staging: Path, tmp_path: Path) -> None:
    folder = tmp_path / "O-1_x"
    commit(folder, {"examples/generate.py": "x"})
    commit(tmp_path / "library", {"helper.py": "x"})
    git(folder, "submodule", "add", "--quiet", f"file://{tmp_path}/library", "shared")
    git(folder, "config", "-f", ".gitmodules", "submodule.shared.url", "https://u:secret@[x/y")
    head = commit(folder, {})
    (located,) = open_source(GeneratorSource(f"file://{folder}", head), staging)
    assert located.problems
    assert "secret" not in " ".join(located.problems)


def test_many_placeholders_are_counted() -> None:
    many = [Placeholder("lfs", f"{number}.png") for number in range(5)]
    text = described([*many, Placeholder("submodule", "shared")])
    assert text == "Git LFS pointers (0.png, 1.png, 2.png and 2 more) and submodules (shared)"


def test_an_error_of_an_incomplete_folder_names_what_is_missing() -> None:
    error = InvalidInputError("--help failed", why="no shared", fix="fix the generator")
    assert explained(error, ()) is error
    better = explained(error, (Placeholder("submodule", "shared"),))
    assert better.what == "--help failed"
    assert "submodules (shared)" in better.why
    assert "git submodule update" in better.fix
    assert "fix the generator" not in better.fix
