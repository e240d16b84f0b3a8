"""Options of the connection to an object store, shared by the commands that open one."""

from __future__ import annotations

from typing import Annotated

import typer

EndpointOption = Annotated[
    str, typer.Option("--endpoint", help="URL of an S3-compatible server (default: AWS).")
]
RegionOption = Annotated[str, typer.Option("--region", help="Region of the bucket.")]
AwsProfileOption = Annotated[
    str, typer.Option("--aws-profile", help="Profile in the AWS configuration files.")
]
