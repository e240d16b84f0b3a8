"""`vrdata run` and `vrdata plan`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vrdata.cli.common import (
    Output,
    OutputOption,
    handle_errors,
    output_url,
    print_json,
    print_table,
    stderr,
    stdout,
)
from vrdata.cli.failures import LOCAL, require
from vrdata.cli.runs.showing import (
    detect_mode,
    print_summary,
    run_progress,
    say,
    say_damaged,
    say_left_out,
)
from vrdata.cli.sources import (
    AwsProfileOption,
    EndpointOption,
    GeneratorsOption,
    RegionOption,
    catalogues_in,
)
from vrdata.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from vrdata.local.run import LocalOptions

# Typer's own check of permissions has another message and exit code than our reader's.
RunFile = Annotated[Path, typer.Argument(help="The run file.", metavar="RUN.yaml", readable=False)]
OutOption = Annotated[
    str, typer.Option("--out", help="Where to write the data: a folder, or s3://bucket/prefix.")
]
ProfileOption = Annotated[
    Path | None,
    typer.Option("--profile", help="A GenerationProfile file (default: built in).", readable=False),
]
LimitOption = Annotated[
    int | None, typer.Option("--limit", min=1, help="At most N samples of each generator.")
]
JobsOption = Annotated[
    int,
    typer.Option(
        "--jobs", "-j", min=0, max=256, help="Number of concurrent generators; 0 = automatic."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("run")(run_command)
    app.command("plan")(plan_command)


@handle_errors
def run_command(
    run_file: RunFile,
    local: Annotated[bool, typer.Option("--local", help="Run on this machine.")] = False,
    out: OutOption = "out",
    generators: GeneratorsOption = None,
    profile: ProfileOption = None,
    jobs: JobsOption = 0,
    limit: LimitOption = None,
    strict_local: Annotated[
        bool,
        typer.Option(
            "--strict-local", help="Fail if the run has a field that has no effect on this machine."
        ),
    ] = False,
    scratch: Annotated[str, typer.Option("--scratch", help="Folder for temporary files.")] = "",
    endpoint: EndpointOption = "",
    region: RegionOption = "",
    aws_profile: AwsProfileOption = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Generate the dataset of a run file. The same command resumes an interrupted run."""
    from vrdata.local.complete import complete
    from vrdata.local.notes import not_applied, report_not_applied
    from vrdata.local.run import prepare

    if not local:
        raise UsageError(
            "this command needs --local",
            why="vrdata run generates on this machine",
            fix=f"vrdata run {run_file} --local; on a cluster: kubectl apply -f {run_file}",
        )
    require(LOCAL, "a run on this machine")
    run, loaded_profile = _load(run_file, profile)
    report_not_applied(not_applied(run, loaded_profile), strict=strict_local, console=stderr)
    options = _options(out, generators, endpoint, region, aws_profile, jobs, limit, scratch)
    prepared = prepare(run, loaded_profile, options, say=say)
    say_left_out(prepared)
    say_damaged(prepared)
    detect = detect_mode(prepared)
    try:
        summary = complete(prepared, run_progress, detect=detect, again=say_damaged, say=say)
    except KeyboardInterrupt:
        stderr.print("interrupted; committed shards are kept. The same command resumes the run.")
        raise typer.Exit(int(ExitCode.INTERRUPTED)) from None
    print_summary(summary, output)
    raise typer.Exit(int(summary.exit_code))


@handle_errors
def plan_command(
    run_file: RunFile,
    out: OutOption = "out",
    generators: GeneratorsOption = None,
    profile: ProfileOption = None,
    limit: LimitOption = None,
    endpoint: EndpointOption = "",
    region: RegionOption = "",
    aws_profile: AwsProfileOption = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Show what a run will generate: shards, samples, bytes, CPU hours, and what exists already."""
    from vrdata.local.forecast import forecast
    from vrdata.local.run import prepare
    from vrdata.plan.stored.shared import describe_shared

    run, loaded_profile = _load(run_file, profile)
    options = _options(out, generators, endpoint, region, aws_profile, 0, limit, "")
    prepared = prepare(run, loaded_profile, options, write=False, say=say)
    say_left_out(prepared)
    rows = forecast(prepared)
    if output is Output.JSON:
        print_json(rows.to_dict())
    else:
        stdout.print(rows.title, markup=False)
        print_table(rows.table())
        if rows.overlaps:
            stderr.print(f"note: {'; '.join(rows.overlaps)}", markup=False, soft_wrap=True)
        for note in describe_shared(rows.shared):
            stderr.print(f"note: {note}", markup=False, soft_wrap=True)


def _load(run_file: Path, profile: Path | None) -> tuple[Any, Any]:
    from vrdata.api.profile import default_profile
    from vrdata.api.reading.loading import load_profile, load_run

    return load_run(run_file), load_profile(profile) if profile else default_profile()


def _options(
    out: str,
    generators: list[Path] | None,
    endpoint: str,
    region: str,
    aws_profile: str,
    jobs: int,
    limit: int | None,
    scratch: str,
) -> LocalOptions:
    from vrdata.contract.worker import StoreSettings
    from vrdata.local.run import LocalOptions

    url = output_url(out, "--out")
    return LocalOptions(
        store=StoreSettings(url=url, endpoint=endpoint, region=region, aws_profile=aws_profile),
        catalogues=catalogues_in(generators),
        jobs=jobs,
        limit=limit,
        scratch=scratch,
    )
