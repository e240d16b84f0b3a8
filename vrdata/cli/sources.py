"""What commands read: data in a folder or a bucket, and folders of generators."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vrdata.errors import NotFoundError

EndpointOption = Annotated[
    str, typer.Option("--endpoint", help="URL of an S3-compatible server (default: AWS).")
]
RegionOption = Annotated[str, typer.Option("--region", help="Region of the bucket.")]
AwsProfileOption = Annotated[
    str, typer.Option("--aws-profile", help="Profile in the AWS configuration files.")
]
GeneratorsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--generators",
        help="A folder of added generators (with catalogue.json); repeatable. "
        "Default: the folder that `vrdata generators add` uses.",
    ),
]


def require_source(where: str) -> str:
    """The absolute path or URL of data to read.

    Raises:
        NotFoundError: it is a path at which nothing exists, or a file.
    """
    if "://" in where:
        return where
    path = Path(where).absolute()
    if not path.exists():
        raise NotFoundError(f"{where} does not exist", fix="check the name")
    if not path.is_dir():
        raise NotFoundError(f"{where} is a file, not a folder", fix="name the folder of a dataset")
    return str(path)


def catalogues_in(folders: list[Path] | None) -> tuple[Path, ...]:
    """The catalogues in folders of generators; without folders, the one of the home, if any.

    Raises:
        NotFoundError: a folder has no catalogue.
    """
    from vrdata_generators.adapter.home import default_home

    if folders is None:
        path = default_home() / "catalogue.json"
        return (path,) if path.exists() else ()
    paths = tuple(folder / "catalogue.json" for folder in folders)
    for path in paths:
        if not path.is_file():
            kind = "is a file, not a folder" if path.parent.is_file() else "has no catalogue.json"
            raise NotFoundError(
                f"--generators {path.parent} {kind if path.parent.exists() else 'does not exist'}",
                fix=f"add generators to it: vrdata generators add PATH --home {path.parent}",
            )
    return paths
