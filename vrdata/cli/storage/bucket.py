"""`vrdata bucket`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from vrdata.cli.common import Output, OutputOption, handle_errors, print_json, stdout
from vrdata.cli.sources import AwsProfileOption, EndpointOption, RegionOption

if TYPE_CHECKING:
    from vrdata.store.s3.admin.buckets import Bucket


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    group = typer.Typer(help="Create buckets of S3 servers.", no_args_is_help=True)
    group.command("create")(create_command)
    app.add_typer(group, name="bucket")


@handle_errors
def create_command(
    url: Annotated[str, typer.Argument(metavar="URL", help="s3://bucket.")],
    versioning: Annotated[
        bool, typer.Option("--versioning", help="Keep earlier versions of objects.")
    ] = False,
    private: Annotated[
        bool, typer.Option("--private", help="Let nobody use the bucket without credentials.")
    ] = False,
    endpoint: EndpointOption = "",
    region: RegionOption = "",
    aws_profile: AwsProfileOption = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Create a bucket, or change the settings of an existing one.

    Nothing is deleted, and no setting is removed. The same command can be repeated.
    """
    from vrdata.store.opening import bucket_settings

    settings = bucket_settings(url, endpoint=endpoint, region=region, profile=aws_profile)
    from vrdata.store.s3.admin.buckets import create_bucket

    bucket = create_bucket(settings, versioning=versioning, private=private)
    if output is Output.JSON:
        print_json(asdict(bucket))
    else:
        stdout.print("\n".join(_lines(bucket)), markup=False)


def _lines(bucket: Bucket) -> list[str]:
    state = "created" if bucket.created else "already exists:"
    lines = [f"{state} {bucket.url}, region {bucket.region}"]
    for name, value in (("versioning", bucket.versioning.lower()), ("private", bucket.private)):
        if value:
            lines.append(f"{name}: {value}")
    return lines
