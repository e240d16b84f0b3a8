"""Secrets of the user and a generator that looks for them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.cli import DEADLINE_SECONDS, Ran, write_run
from support.services.other_processes import without_capabilities
from support.services.s3server import ACCESS_KEY, SECRET_KEY, S3Server
from vrdata.privacy.variables import without_secrets

pytestmark = [pytest.mark.slow, pytest.mark.s3]
SPY = '''"""Tells in its prompts, its output and its errors which secrets it has found."""

import os
from pathlib import Path

from PIL import Image

from vrdata_generators.api import Generator, Sample

WORD = "PLAN" + "TED"
SUPERVISORS = ("vrdata.cli", "vrdata_worker")


def opened(path):
    os.close(os.open(path, os.O_RDONLY))
    return f"{WORD}: the memory of a process that has secrets"


def found():
    """The secrets in this process and in those of vrdata."""
    seen = [str(dict(os.environ))]
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if "vrdata" not in arguments:
            continue
        seen.append(arguments)
        ways = [
            lambda: (folder / "environ").read_bytes().decode(errors="replace"),
            lambda: str([os.readlink(path) for path in (folder / "fd").glob("*")]),
        ]
        if any(name in arguments for name in SUPERVISORS):
            ways.append(lambda: opened(folder / "mem"))
        for way in ways:
            try:
                seen.append(way())
            except OSError:
                pass
    return [text for text in seen if WORD in text]


class Spy(Generator):
    name = "O-spy"
    domain = "spy"
    generator_class = "O"
    version = "1"

    def params(self, rng, index):
        return {"index": index}

    def render(self, params):
        print(found())
        if FAILS and params["index"] == 9:
            raise ValueError(f"found {found()}")
        picture = Image.new("RGB", (64, 64), (params["index"] * 40 % 256, 0, 0))
        return Sample(
            first=picture, final=picture, prompt=f"Found: {found()}", frames=iter([picture])
        )
'''
GIT_URL = "https://someone:PLANTED-git@example.org/O-spy.git"


@pytest.fixture
def spy(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A list for `generators add` with the URL of a generator; the settings of git find it here."""
    folder = tmp_path / "O-spy"
    folder.mkdir()
    (folder / "generator.py").write_text(SPY.replace("FAILS", str(request.param == "failing")))
    identity = ("-c", "user.name=n", "-c", "user.email=e@example.org")
    for arguments in (("init", "--quiet"), ("add", "."), (*identity, "commit", "--quiet", "-m1")):
        subprocess.run(["git", "-C", folder, *arguments], check=True)
    head = subprocess.run(
        ["git", "-C", folder, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    plain = GIT_URL.replace("someone:PLANTED-git@", "")
    (tmp_path / "user").mkdir()
    settings = f'[url "file://{folder}"]\n\tinsteadOf = {plain}\n'
    (tmp_path / "user" / ".gitconfig").write_text(settings)
    return f"{GIT_URL} {head}\n"


def secrets_in_variables(server: S3Server, home: Path) -> dict[str, str]:
    """The store's keys as variables."""
    return server.environment | {"HOME": str(home)}


def secrets_in_files(server: S3Server, home: Path) -> dict[str, str]:
    """The store's keys in ~/.aws."""
    (home / ".aws").mkdir()
    keys = f"aws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n"
    (home / ".aws" / "credentials").write_text(f"[default]\n{keys}")
    files = {"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"}
    keys_and_files = files | {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    others = {n: v for n, v in server.environment.items() if n not in keys_and_files}
    return others | {"HOME": str(home)}


def secrets_of_a_program(server: S3Server, home: Path) -> dict[str, str]:
    """The store's keys from a program of the user, which needs another secret itself."""
    keys = f'{{"Version": 1, "AccessKeyId": "{ACCESS_KEY}", "SecretAccessKey": "{SECRET_KEY}"}}'
    (home / "keys").write_text(f"test $VAULT_TOKEN = PLANTED-vault && echo '{keys}'\n")
    (home / "config").write_text(f"[default]\ncredential_process = sh {home}/keys\n")
    others = {n: v for n, v in server.environment.items() if "_ACCESS_KEY" not in n}
    own = {"AWS_CONFIG_FILE": f"{home}/config", "VAULT_TOKEN": "PLANTED-vault", "HOME": str(home)}
    return others | own


def vrdata(environment: dict[str, str], *arguments: object) -> Ran:
    """Run `vrdata` as a user with secrets, without capabilities."""
    more = {
        "HF_TOKEN": "PLANTED-hf",
        "HTTPS_PROXY": "http://someone:PLANTED-proxy@127.0.0.1:9",
        "DATABASE_URL": "postgres://someone:PLANTED-database@127.0.0.1/x",
    }
    done = subprocess.run(
        without_capabilities("-m", "vrdata.cli.main", *map(str, arguments)),
        env=without_secrets(os.environ) | more | environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def with_secrets(*folders: Path) -> Iterator[Path]:
    """The files below some folders that contain a secret."""
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and b"PLANTED" in path.read_bytes():
                yield path


@pytest.mark.parametrize(
    ("spy", "place"),
    [
        ("succeeding", secrets_in_variables),
        ("failing", secrets_in_files),
        ("succeeding", secrets_of_a_program),
    ],
    indirect=["spy"],
    ids=["variables", "files-and-failure", "program"],
)
def test_a_secret_of_the_user_is_nowhere_in_what_a_run_leaves(
    tmp_path: Path, s3_server: S3Server, spy: str, place: object, request: pytest.FixtureRequest
) -> None:
    failing = "failure" in request.node.name
    environment = place(s3_server, tmp_path / "user")  # type: ignore[operator]
    (tmp_path / "list").write_text(spy)
    home = ("--home", tmp_path / "home")
    added = vrdata(environment, "generators", "add", "--from", tmp_path / "list", *home)
    assert added.code == 0, added.err
    bucket = s3_server.make_bucket(f"secrets-{request.node.callspec.id}")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    run = write_run(tmp_path / "run.yaml", {"O-spy": 40}, shard_size=10)
    ran = vrdata(
        environment,
        *("run", run, "--local", "--out", f"s3://{bucket}/root", "--scratch", scratch),
        *("--generators", tmp_path / "home", "--jobs", 2),
    )
    assert (ran.code != 0) == failing, ran.err
    written = s3_server.folder / bucket
    assert list(written.rglob("*.json"))
    assert list(with_secrets(written, scratch, tmp_path / "home")) == []
    output = added.out + added.err + ran.out + ran.err
    assert "PLANTED" not in output
    if failing:
        assert "found []" in output + "".join(
            path.read_text(errors="replace") for path in written.rglob("*.json")
        )
