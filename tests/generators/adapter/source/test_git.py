"""What git is started with, and what it must not start."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from vrdata_generators.adapter.source.clone import clone
from vrdata_generators.adapter.source.credentials import kept_apart
from vrdata_generators.adapter.source.git import describe, git, tail

URL = "https://someone:PLANTED-p%40ss@example.org/O-1_x.git"
IDENTITY = ("-c", "user.name=n", "-c", "user.email=e@example.org")


def run(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(folder), *IDENTITY, *arguments],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A work tree with one commit of `data.bin`, for which `.gitattributes` names a filter."""
    folder = tmp_path / "O-1_x"
    folder.mkdir()
    run(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "data.bin").write_text("1")
    (folder / ".gitattributes").write_text("*.bin filter=a=b\n")
    run(folder, "add", ".")
    run(folder, "commit", "--quiet", "-m", "1")
    return folder


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Arguments and environment of every git that was started."""
    real, log = shutil.which("git"), tmp_path / "started"
    wrapper = tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\n{{ echo "$@"; env; }} >> {log}\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
    return log.read_text


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings of a user, who has some secrets."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "PLANTED-key")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/agent")
    return tmp_path / ".gitconfig"


def test_credentials_of_a_url_are_not_arguments_of_git_and_are_not_stored(
    repository: Path, tmp_path: Path, user: Path, started: Callable[[], str]
) -> None:
    commit = (repository / ".git/refs/heads/main").read_text().strip()
    user.write_text(f'[url "file://{repository}"]\n\tinsteadOf = https://example.org/O-1_x.git\n')
    staging = tmp_path / "staging"
    staging.mkdir()
    clone(URL, commit, staging / "clone")
    assert "https://example.org/O-1_x.git" in started()
    assert "PLANTED" not in started()
    kept = [path for path in staging.rglob("*") if path.is_file()]
    assert (staging / "clone" / "data.bin") in kept
    assert [path for path in kept if b"PLANTED" in path.read_bytes()] == []


def test_git_gets_the_credentials_of_a_url_for_its_host_only(tmp_path: Path, user: Path) -> None:
    user.write_text(f"[credential]\n\thelper = !touch {tmp_path}/own-helper; false\n")
    with kept_apart(URL, tmp_path) as (plain, settings):
        assert plain == "https://example.org/O-1_x.git"

        def ask(host: str) -> str:
            return subprocess.run(
                ["git", *settings, "credential", "fill"],
                input=f"protocol=https\nhost={host}\n\n",
                capture_output=True,
                text=True,
                check=False,
                env=os.environ | {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true"},
            ).stdout

        assert "username=someone\npassword=PLANTED-p@ss\n" in ask("example.org")
        assert "PLANTED" not in ask("example.com")
    assert not (tmp_path / "own-helper").exists()  # it would store them
    assert not (tmp_path / "git-credentials").exists()


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://example.org/x", "https://example.org/x"),
        ("git@example.org:x/y.git", "git@example.org:x/y.git"),
        ("ssh://git@example.org/x", "ssh://git@example.org/x"),
        ("ssh://git:PLANTED@example.org/x", "ssh://git@example.org/x"),
        ("file:///folder/a@b", "file:///folder/a@b"),
        ("https://token@example.org:8443/x", "https://example.org:8443/x"),
    ],
)
def test_a_url_for_git_has_no_credentials(url: str, plain: str, tmp_path: Path) -> None:
    with kept_apart(url, tmp_path) as (shown, _):
        assert shown == plain


def test_git_gets_agents_of_the_user_to_fetch_and_no_other_secrets(
    user: Path, started: Callable[[], str]
) -> None:
    git(["version"])
    assert "SSH_AUTH_SOCK" not in started()
    git(["version"], protocols="https")
    assert "SSH_AUTH_SOCK=/agent" in started()
    assert "PLANTED" not in started()


def test_settings_of_the_environment_of_git_stay_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "http.extraHeader")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "Authorization: x")
    done = git(["config", "--get-regexp", "x"], settings={"other.x": "y"})
    assert "http.extraheader Authorization: x\nother.x y" in done.stdout


def test_a_described_folder_starts_none_of_its_own_filters(
    repository: Path, tmp_path: Path
) -> None:
    inner = repository / "inner"
    run(repository, "clone", "--quiet", str(repository), str(inner))
    run(repository, "submodule", "--quiet", "add", "./", "inner")
    run(repository, "commit", "--quiet", "-m", "2")
    for folder in (repository, inner):
        for kind in ("clean", "process", "smudge"):
            run(folder, "config", f"filter.a=b.{kind}", f"touch {tmp_path}/ran; cat")
        run(folder, "config", "filter.a=b.required", "true")
        run(folder, "config", "core.fsmonitor", f"touch {tmp_path}/ran; false")
        os.utime(folder / "data.bin", (0, 0))  # git compares its content
    commit = (repository / ".git/refs/heads/main").read_text().strip()
    assert describe(repository)[1] == commit
    assert not (tmp_path / "ran").exists()


def test_a_changed_file_of_a_submodule_makes_a_folder_dirty(repository: Path) -> None:
    inner = repository / "inner"
    run(repository, "clone", "--quiet", str(repository), str(inner))
    run(repository, "submodule", "--quiet", "add", "./", "inner")
    run(repository, "commit", "--quiet", "-m", "2")
    assert not describe(repository)[1].endswith("-dirty")
    (inner / "data.bin").write_text("2")
    assert describe(repository)[1].endswith("-dirty")


def test_a_described_folder_fetches_nothing(repository: Path, tmp_path: Path) -> None:
    run(repository, "config", "extensions.partialClone", "origin")
    run(repository, "config", "remote.origin.url", f"file://{repository}")
    run(repository, "config", "remote.origin.promisor", "true")
    run(repository, "config", "remote.origin.uploadpack", f"touch {tmp_path}/ran; git-upload-pack")
    tree = run(repository, "rev-parse", "HEAD^{tree}")
    (repository / ".git/objects" / tree[:2] / tree[2:]).unlink()
    describe(repository)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch% {ran}",
        "--upload-pack=touch {ran};",
        "-u touch {ran};",
        "ssh://-oProxyCommand=touch {ran}/x",
        "fd::17",
    ],
)
def test_the_url_of_a_submodule_starts_no_program(
    url: str, repository: Path, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    url = url.format(ran=ran)
    (repository / ".gitmodules").write_text(
        f'[submodule "inner"]\n\tpath = inner\n\turl = "{url}"\n\tupdate = !touch {ran}\n'
    )
    head = run(repository, "rev-parse", "HEAD")
    run(repository, "update-index", "--add", "--cacheinfo", f"160000,{head},inner")
    run(repository, "add", ".gitmodules")
    run(repository, "commit", "--quiet", "-m", "2")
    commit = run(repository, "rev-parse", "HEAD")
    (tmp_path / "staging").mkdir()
    cloned = clone(f"file://{repository}", commit, tmp_path / "staging" / "clone")
    assert [problem.partition(":")[0] for problem in cloned.problems] == ["submodule inner"]
    assert not ran.exists()


def test_a_clone_runs_no_hook(repository: Path, tmp_path: Path, user: Path) -> None:
    hooks = tmp_path / "template" / "hooks"
    hooks.mkdir(parents=True)
    for name in ("post-checkout", "reference-transaction", "post-index-change"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (hooks / name).chmod(0o755)
    user.write_text(f"[init]\n\ttemplateDir = {tmp_path}/template\n")
    (tmp_path / "staging").mkdir()
    commit = (repository / ".git/refs/heads/main").read_text().strip()
    clone(f"file://{repository}", commit, tmp_path / "staging" / "clone")
    assert (tmp_path / "staging/clone/.git/hooks/post-checkout").exists()
    assert not (tmp_path / "ran").exists()


def test_messages_of_git_have_no_credentials() -> None:
    text = "fatal: unable to access 'https://u:p@PLANTED@example.org/x/': 403"
    assert tail(text) == "fatal: unable to access 'https://example.org/x/': 403"
