"""`vrdata generators test`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vrdata.cli.common import Output, OutputOption, handle_errors, print_json, stderr, stdout
from vrdata.cli.generators.common import HomeOption, open_home, say, warn_about_level
from vrdata.cli.generators.converting import read_source, with_source
from vrdata.contract.refusals import lines
from vrdata.errors import ExitCode, NotFoundError, UsageError
from vrdata.text import count

if TYPE_CHECKING:
    from vrdata_generators.adapter.home import Home
    from vrdata_generators.adapter.proof.sampling import (
        SamplingResult,
        SamplingTarget,
        TrialSource,
    )

SHOWN_LINES = 20  # of what a generator printed, and of its traceback
DEFAULT_OUTPUT = Path("local_output")


@handle_errors
def check_command(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Names of generators, or folders.", metavar="NAME|PATH..."),
    ] = None,
    *,
    also: Annotated[
        list[str] | None,
        typer.Option("--generator", "-g", help="Name of another generator; repeatable."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", "-a", help="Test all generators of the catalogue.")
    ] = False,
    samples: Annotated[
        int,
        typer.Option("--samples", "-n", min=1, max=10_000, help="Number of samples per generator."),
    ] = 3,
    seed: Annotated[int, typer.Option("--seed", "-s", min=0, help="Run seed.")] = 42,
    keep: Annotated[bool, typer.Option("--keep-output", "-k", help="Keep the samples.")] = False,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--output-dir", help="Keep the samples in this folder. Default: local_output."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as -o json.")] = False,
    source: Annotated[
        str,
        typer.Option("--source", help="Data for converters: hf://…, s3://…, a file or folder."),
    ] = "",
    config: Annotated[str, typer.Option("--config", help="Configuration of a Hub dataset.")] = "",
    split: Annotated[str, typer.Option("--split", help="Split of a Hub dataset.")] = "",
    include: Annotated[
        list[str] | None,
        typer.Option("--include", help="Glob of file names to read; repeatable."),
    ] = None,
    options: Annotated[
        list[str] | None,
        typer.Option("--option", "--map", metavar="NAME=VALUE", help="For converters; repeatable."),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show the output of the generators.")
    ] = False,
    home: HomeOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Generate a few samples with each generator and validate them; exit 1 on a failure."""
    wanted = [*(names or []), *(also or [])]
    if bool(wanted) == every:
        raise UsageError("name generators, or all of them with --all", fix="see --help")
    kept = folder or (DEFAULT_OUTPUT if keep else None)
    data = read_source(source, config, split, tuple(include or ()), tuple(options or ()), samples)
    place = open_home(home)
    results = _test_all(place, wanted, data, samples=samples, seed=seed, keep=kept, log=verbose)
    warn_about_level(result.hermetic for result in results)
    if kept is not None:
        _say_kept(kept, results)
    if as_json or output is Output.JSON:
        print_json([_as_json(result) for result in results])
    else:
        _print(results)
    if not all(result.passed for result in results):
        raise typer.Exit(int(ExitCode.FAILED))


def _say_kept(folder: Path, results: list[SamplingResult]) -> None:
    """Where the samples of each generator are."""
    for result in results:
        if result.valid:
            where = (folder / result.name).absolute()
            say(f"{result.name}: {count(result.valid, 'sample')} kept in {where}")


def _test_all(  # the options of the command
    place: Home,
    wanted: list[str],
    source: TrialSource | None,
    *,
    samples: int,
    seed: int,
    keep: Path | None,
    log: bool,
) -> list[SamplingResult]:
    from vrdata_generators.adapter.proof.sampling import run_sampling

    results = []
    with place.staging() as staging:
        targets = targets_of(place, wanted, staging)
        for target in with_source(targets, source, named=bool(wanted)):
            say(f"{target.name}: generating {count(samples, 'sample')}")
            kept = keep / target.name if keep else None
            result = run_sampling(target, samples=samples, seed=seed, keep=kept, source=source)
            results.append(result)
            _show_words(result, log=log)
    return results


def _show_words(result: SamplingResult, *, log: bool) -> None:
    """What the generator printed, and where it failed."""
    if log:
        _show_lines(result.log.splitlines())
    if not result.passed:
        show_words("" if log else result.log, result.traceback)


def show_words(log: str, traceback: str) -> None:
    """Print the end of what a generator printed, and of its traceback."""
    _show_lines(log.splitlines()[-SHOWN_LINES:])
    _show_lines(traceback.splitlines()[-SHOWN_LINES:])


def _show_lines(lines: list[str]) -> None:
    if lines:
        stderr.print("\n".join(f"  {line}" for line in lines), markup=False)


def targets_of(place: Home, wanted: list[str], staging: Path) -> list[SamplingTarget]:
    """Generators by name or folder; all of the catalogue if none is named.

    Raises:
        NotFoundError: there is no such generator or folder.
    """
    from vrdata_generators.adapter.environment.venv import VenvBuilder
    from vrdata_generators.adapter.home import load_catalogue_with_builtin
    from vrdata_generators.adapter.proof.sampling import target_of, targets_in

    catalogue, base = load_catalogue_with_builtin(place)
    if not wanted:
        return [target_of(entry, base) for entry in catalogue.generators]
    targets: list[SamplingTarget] = []
    for name in wanted:
        entry = catalogue.get(name)
        if entry is not None:
            targets.append(target_of(entry, base))
        elif Path(name).is_dir():
            maker = VenvBuilder(place.environments)
            targets += targets_in(Path(name), staging, maker, say)
        else:
            raise _unknown(name)
    return targets


def _unknown(name: str) -> NotFoundError:
    path = Path(name)
    if path.exists():
        what = f"{name} is a file, not the folder of a generator"
    elif len(path.parts) > 1 or path.suffix:
        what = f"{name} does not exist"
    else:
        what = f"there is no generator {name}, and no folder of this name"
    return NotFoundError(
        what, fix="see `vrdata generators list`, or name the folder of a generator"
    )


def _as_json(result: SamplingResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "passed": result.passed,
        "samples": result.valid,
        "asked": result.requested,
        "problems": list(result.problems),
        "traceback": result.traceback,
        "refused": [asdict(refusal) for refusal in result.refused],
        "secondsPerSample": result.seconds_per_sample,
        "peakMemoryBytes": result.peak_memory_bytes,
        "bytesPerSample": result.bytes_per_sample,
        "seen": list(result.seen),
    }


def _print(results: list[SamplingResult]) -> None:
    for result in results:
        mark = "passed" if result.passed else "FAILED"
        stdout.print(
            f"{result.name}: {mark}; {result.valid} of {count(result.requested, 'sample')}, "
            f"{result.seconds_per_sample:.3g} s and {result.bytes_per_sample / 1000:.0f} kB "
            f"per sample, {result.peak_memory_bytes / 2**20:.0f} MiB",
            markup=False,
        )
        for line in (*result.seen, *result.problems):
            stdout.print(f"  {line}", markup=False, soft_wrap=True)
        for line in lines(result.refused):
            stdout.print(f"  {line}", markup=False)
    failed = sum(not result.passed for result in results)
    if len(results) > 1:
        stdout.print(f"{len(results) - failed} passed, {failed} failed")
