"""`vrdata plan`: what a run will generate, and what exists already."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from vrdata.dataset.discover import other_plans
from vrdata.local.run import Prepared
from vrdata.model import Model
from vrdata.plan.catalogue import Catalogue
from vrdata.plan.expand import expand, overlaps
from vrdata.plan.stored.shared import SharedRange, shared_ranges
from vrdata.store.opening import open_settings
from vrdata.text import human_bytes


class ForecastRow(Model):
    """One generator's forecast; bytes and hours are None without measured figures."""

    generator: str
    generator_class: str
    samples: int
    shards: int
    committed_shards: int
    bytes: int | None = None
    cpu_hours: float | None = None
    peak_memory_bytes: int | None = None


class Forecast(Model):
    """All rows and their totals (`vrdata plan -o json`)."""

    plan: str
    output: str
    rows: tuple[ForecastRow, ...]
    samples: int
    shards: int
    committed_shards: int
    bytes: int
    cpu_hours: float
    unmeasured: tuple[str, ...] = ()
    overlaps: tuple[str, ...] = ()
    shared: tuple[SharedRange, ...] = ()

    @property
    def title(self) -> str:
        """The output and the start of the plan's hash."""
        return f"{self.output}  {self.plan[:19]}"

    def table(self) -> Table:
        """The forecast for a person."""
        table = Table()
        for heading in ("GENERATOR", "CLASS", "SAMPLES", "SHARDS", "STORED", "SIZE", "CPU HOURS"):
            table.add_column(heading, justify="left" if heading == "GENERATOR" else "right")
        for row in self.rows:
            table.add_row(
                row.generator,
                row.generator_class,
                str(row.samples),
                str(row.shards),
                str(row.committed_shards),
                "?" if row.bytes is None else human_bytes(row.bytes),
                "?" if row.cpu_hours is None else f"{row.cpu_hours:.2f}",
            )
        table.add_section()
        table.add_row(
            "total",
            "",
            str(self.samples),
            str(self.shards),
            str(self.committed_shards),
            human_bytes(self.bytes),
            f"{self.cpu_hours:.2f}",
        )
        return table


def forecast(prepared: Prepared) -> Forecast:
    """Calculate the forecast of a prepared run from the catalogue's measured figures."""
    # Only the generators of the plan: the spec may not allow those that were added later.
    # Two of them can have one converter.
    names = dict.fromkeys(planned.catalogue_name for planned in prepared.plan.generators)
    catalogue = Catalogue(generators=tuple(prepared.generators[name].entry for name in names))
    rows = tuple(_row(prepared, index) for index in range(len(prepared.plan.generators)))
    return Forecast(
        plan=prepared.plan.hash,
        output=prepared.store.url,
        rows=rows,
        samples=sum(row.samples for row in rows),
        shards=sum(row.shards for row in rows),
        committed_shards=sum(row.committed_shards for row in rows),
        bytes=sum(row.bytes or 0 for row in rows),
        cpu_hours=round(sum(row.cpu_hours or 0.0 for row in rows), 4),
        unmeasured=tuple(row.generator for row in rows if row.bytes is None),
        overlaps=tuple(overlaps(prepared.run.spec, expand(prepared.run.spec, catalogue))),
        shared=tuple(_shared(prepared)),
    )


def _shared(prepared: Prepared) -> Iterator[SharedRange]:
    """Samples that other runs of the namespace also generate."""
    root = open_settings(prepared.options.store)
    for run, plan in other_plans(root, prepared.run.metadata.namespace, prepared.prefix):
        yield from shared_ranges(prepared.plan, plan, run)


def _row(prepared: Prepared, index: int) -> ForecastRow:
    planned = prepared.plan.generators[index]
    measured = prepared.generators[planned.catalogue_name].entry.measured
    return ForecastRow(
        generator=planned.name,
        generator_class=planned.generator_class,
        samples=planned.samples,
        shards=planned.shards,
        committed_shards=sum(1 for name, _ in prepared.committed if name == planned.name),
        bytes=None if measured is None else measured.bytes_per_sample * planned.samples,
        cpu_hours=None
        if measured is None
        else round(measured.seconds_per_sample * planned.samples / 3600, 4),
        peak_memory_bytes=None if measured is None else measured.peak_memory_bytes,
    )
