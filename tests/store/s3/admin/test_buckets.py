"""`vrdata bucket create`: the bucket has the settings afterwards, or one error says why not."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import boto3
import pytest
from click.testing import Result
from typer.testing import CliRunner

from support.services.s3server import S3Server, running_s3_server
from support.services.weak_s3 import WeakS3
from vrdata.cli.main import app

PUBLIC = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}],
}


def create(*arguments: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(app, ["bucket", "create", *arguments])


@pytest.fixture
def name() -> str:
    return f"b-{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A server whose buckets can keep versions."""
    with running_s3_server(tmp_path_factory.mktemp("versions"), versions=True) as server:
        yield server


@pytest.mark.slow
@pytest.mark.s3
def test_a_bucket_is_created_and_a_second_time_it_exists(s3: S3Server, name: str) -> None:
    first, second = create(f"s3://{name}"), create(f"s3://{name}/any/prefix")
    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output
    assert first.stdout.startswith(f"created s3://{name}, region us-east-1\n")
    assert second.stdout.startswith(f"already exists: s3://{name}, region us-east-1\n")
    assert (s3.folder / name).is_dir()


@pytest.mark.slow
@pytest.mark.s3
def test_versions_are_kept_if_the_server_can(
    versions: S3Server, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions.use(monkeypatch)
    for created in (True, False):  # an existing bucket gets the setting, too
        ran = create(f"s3://{name}", *(["--versioning", "-o", "json"]))
        answer = json.loads(ran.stdout)
        assert (answer["created"], answer["versioning"]) == (created, "Enabled")
    client = boto3.client("s3", endpoint_url=versions.endpoint)
    assert client.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"


@pytest.mark.slow
@pytest.mark.s3
def test_a_server_without_versions_is_named_and_the_bucket_stays(s3: S3Server, name: str) -> None:
    ran = create(f"s3://{name}", "--versioning")
    assert ran.exit_code == 7
    assert f"s3://{name} was created, but cannot keep versions" in ran.stderr
    assert "501 VersioningNotConfigured" in ran.stderr
    assert "omit --versioning" in ran.stderr
    assert (s3.folder / name).is_dir()


@pytest.mark.slow
@pytest.mark.s3
def test_a_private_bucket_is_proven_private(s3: S3Server, name: str) -> None:
    ran = create(f"s3://{name}", "--private")
    assert ran.exit_code == 0, ran.output
    assert "private: the server has no access lists" in ran.stdout
    client = boto3.client("s3", endpoint_url=s3.endpoint)
    statement = PUBLIC["Statement"][0] | {"Resource": f"arn:aws:s3:::{name}/*"}  # type: ignore[index]
    client.put_bucket_policy(Bucket=name, Policy=json.dumps(PUBLIC | {"Statement": [statement]}))
    ran = create(f"s3://{name}", "--private")
    assert ran.exit_code == 7
    assert f"s3://{name} is not private" in ran.stderr
    assert "delete-bucket-policy" in ran.stderr


@pytest.mark.slow
@pytest.mark.s3
def test_a_region_that_the_server_does_not_have_is_named(s3: S3Server, name: str) -> None:
    ran = create(f"s3://{name}", "--region", "eu-west-1")
    assert ran.exit_code == 7
    assert "does not know this region" in ran.stderr
    assert not (s3.folder / name).exists()


@pytest.mark.parametrize(
    ("url", "code", "says"),
    [
        ("folder", 2, "is not a bucket"),
        ("s3://", 2, "names no bucket"),
        ("s3://user:secret-PLANTED@bucket", 2, "user name or password"),
        ("s3://My_Bucket", 2, "lower-case letters"),
    ],
)
def test_a_wrong_name_is_one_error(weak_s3: WeakS3, url: str, code: int, says: str) -> None:
    ran = create(url, "--endpoint", weak_s3.endpoint)
    assert (ran.exit_code, says in ran.stderr, "fix:" in ran.stderr) == (code, True, True)
    assert "PLANTED" not in ran.output


def test_a_bucket_of_another_account_is_named(weak_s3: WeakS3) -> None:
    weak_s3.behaviour.refused_requests = {
        "PUT": (409, "BucketAlreadyExists"),
        "LIST 2": (403, "AccessDenied"),
    }
    ran = create("s3://bucket", "--endpoint", weak_s3.endpoint)
    assert ran.exit_code == 5
    assert "belongs to another account" in ran.stderr


def test_an_existing_bucket_that_can_be_listed_is_used(weak_s3: WeakS3) -> None:
    weak_s3.behaviour.refused_requests = {"PUT": (409, "BucketAlreadyExists")}
    ran = create("s3://bucket", "--endpoint", weak_s3.endpoint)
    assert ran.exit_code == 0, ran.output
    assert ran.stdout.startswith("already exists: s3://bucket")


def test_missing_permissions_are_named(weak_s3: WeakS3) -> None:
    weak_s3.read_only = True
    ran = create("s3://bucket", "--endpoint", weak_s3.endpoint)
    assert ran.exit_code == 5
    assert "fix: allow s3:CreateBucket" in ran.stderr


def test_a_bucket_that_everybody_can_list_is_not_private(weak_s3: WeakS3) -> None:
    ran = create("s3://bucket", "--private", "--endpoint", weak_s3.endpoint)
    assert ran.exit_code == 7
    assert "is not private" in ran.stderr
