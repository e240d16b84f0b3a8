"""`vrdata timeseries from-run`."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from vrdata.cli.common import handle_errors, stderr
from vrdata.cli.failures import require
from vrdata.cli.sources import AwsProfileOption, EndpointOption, RegionOption, require_source
from vrdata.cli.timeseries.converting import (
    MediaFilesOption,
    OutOption,
    SeedFormOption,
    write_converted,
)
from vrdata.errors import InvalidInputError
from vrdata.text import count

if TYPE_CHECKING:
    from vrdata.export.layouts.base import Sample


def register(app: typer.Typer) -> None:
    """Add the command to the group."""
    app.command("from-run")(from_run_command)


@handle_errors
def from_run_command(
    where: Annotated[
        str,
        typer.Argument(metavar="RUN", help="The folder or s3:// prefix of a finished run."),
    ],
    out: OutOption,
    media_files: MediaFilesOption = False,
    seed_form: SeedFormOption = False,
    endpoint: EndpointOption = "",
    region: RegionOption = "",
    aws_profile: AwsProfileOption = "",
) -> None:
    """Convert the episodes in the ground truth of a finished run to a table.

    Each sample of a generator such as G-tabletop becomes a row: its prompt, actions, observations,
    first frame and video. Samples without an episode are skipped.
    """
    require(("numpy", "av", "pyarrow"), "a table of time series")
    from vrdata.dataset.discover import open_run
    from vrdata.store.opening import open_store
    from vrdata.timeseries.convert.runs import find_episodes, run_episodes

    store = open_store(require_source(where), endpoint=endpoint, region=region, profile=aws_profile)
    run = open_run(store)
    skipped: Counter[str] = Counter()

    def skip(sample: Sample) -> None:
        skipped[sample.generator] += 1

    found = find_episodes(run, skip)
    first = next(found, None)
    if first is None:
        raise InvalidInputError(
            f"no sample of {run.url} has an episode in its ground truth",
            fix="use a run of G-tabletop, or of another generator whose ground truth has one",
        )
    write_converted(
        out,
        lambda keep: run_episodes(chain([first], found), first.names, keep),
        first.names,
        media_files=media_files,
        seed_form=seed_form,
    )
    for generator, number in sorted(skipped.items()):
        samples = count(number, "sample")
        stderr.print(f"note: skipped {samples} of {generator} without an episode", markup=False)
