"""The parts of the page that depend on the run, as escaped HTML. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from urllib.parse import quote

from vrdata.contract.groups import FailureGroup
from vrdata.dataset.report.cards.choose import cards_per_generator
from vrdata.dataset.report.model import GeneratorRow, ReportFacts
from vrdata.dataset.report.texts import size_text


def page_parts(facts: ReportFacts, digest: str) -> dict[str, str]:
    """The value of each `$name` in the page's template.

    Args:
        facts: what the page shows.
        digest: of the report's other files.
    """
    texts = {
        "run": facts.run,
        "digest": digest,
        "tone": "good" if facts.finished and not facts.failed_samples else "warn",
        "status": status_text(facts),
        "namespace": facts.namespace,
        "seed": facts.seed,
        "format": facts.format,
        "video": facts.video,
    }
    classes = sorted({row.generator_class for row in facts.generators})
    return {name: escape(str(text)) for name, text in texts.items()} | {
        "totals": _lines(_total(*total) for total in _totals(facts)),
        "identity": _lines(_identity(facts)),
        "generators": _lines(_row(row) for row in facts.generators),
        "duplicates": _duplicates(facts) if facts.duplicate_examples else "",
        "failures": _failures(facts) if facts.failures else "  <p>None.</p>",
        "cards": number_text(facts.cards),
        "samples": number_text(facts.samples),
        "selection": _selection(facts),
        "generator_options": _options(row.name for row in facts.generators),
        "class_options": _options(classes),
    }


def status_text(facts: ReportFacts) -> str:
    """The status of the run in a few words."""
    if not facts.finished:
        return "Not finished"
    return "Finished, some samples failed" if facts.failed_samples else "Finished"


def number_text(value: int) -> str:
    """A count with commas between thousands."""
    return f"{value:,}"


def _lines(parts: Iterable[str]) -> str:
    return "\n".join(parts)


def _of(value: int, whole: int) -> str:
    """`5`, or `3 of 5` if some are missing."""
    return number_text(value) if value == whole else f"{number_text(value)} of {number_text(whole)}"


def _totals(facts: ReportFacts) -> list[tuple[str, str, str]]:
    """Name, value and detail of each total."""

    def missing(whole: int, value: int) -> str:
        return "" if value == whole else f"of {number_text(whole)}"

    wanted = facts.planned - facts.failed_samples
    return [
        ("samples", number_text(facts.samples), missing(wanted, facts.samples)),
        ("failed", number_text(facts.failed_samples), ""),
        ("duplicates", number_text(facts.duplicates), ""),
        ("generators", number_text(len(facts.generators)), ""),
        ("shards", number_text(facts.shards), missing(facts.planned_shards, facts.shards)),
        ("files", number_text(facts.files), ""),
        ("size", size_text(facts.bytes), ""),
    ]


def _total(name: str, value: str, detail: str) -> str:
    small = f" <small>{detail}</small>" if detail else ""
    return f"    <div><dt>{name}</dt><dd>{value}{small}</dd></div>"


def _identity(facts: ReportFacts) -> Iterable[str]:
    """What identifies the dataset: a term and its value in each line."""
    if facts.dataset_hash:
        yield _term("dataset hash", f"<code>{escape(facts.dataset_hash)}</code>")
    yield _term("plan", f"<code>{escape(facts.plan)}</code>")
    if facts.architectures:
        yield _term("generated on", escape(", ".join(facts.architectures)))
    if facts.hermetic:
        yield _term("generators sandboxed by", escape(facts.hermetic))
    for name in sorted(facts.versions, key=str.lower):
        yield _term(escape(name), f"<code>{escape(facts.versions[name])}</code>")


def _term(name: str, value: str) -> str:
    return f"      <dt>{name}</dt><dd>{value}</dd>"


def _row(row: GeneratorRow) -> str:
    name = escape(row.name)
    link = f'<a href="#generator={quote(row.name)}" title="{escape(row.digest)}">{name}</a>'
    numbers = (
        _of(row.samples, row.planned - row.failed_samples),
        number_text(row.failed_samples),
        number_text(row.duplicates),
        _of(row.shards, row.planned_shards),
        size_text(row.bytes),
        number_text(row.cards),
    )
    cells = [f'        <th scope="row">{link}</th>', f"        <td>{row.generator_class}</td>"]
    cells += [f'        <td class="n">{number}</td>' for number in numbers]
    return _lines(("      <tr>", *cells, "      </tr>"))


def _duplicates(facts: ReportFacts) -> str:
    items = (
        f"      <li><code>{escape(sample)}</code> = <code>{escape(original)}</code></li>"
        for sample, original in facts.duplicate_examples
    )
    more = facts.duplicates - len(facts.duplicate_examples)
    return f"""  <details>
    <summary>Duplicates (equal frames and prompt): {number_text(facts.duplicates)}</summary>
    <ul class="plain">
{_lines(items)}
    </ul>
    {f"<p>and {number_text(more)} more</p>" if more > 0 else ""}
  </details>"""


def _failures(facts: ReportFacts) -> str:
    more = f"\n  <p>and {number_text(facts.more_failures)} more groups</p>"
    return f"""  <ul class="plain" id="failures">
{_lines(_failure(group) for group in facts.failures)}
  </ul>{more if facts.more_failures else ""}"""


def _failure(group: FailureGroup) -> str:
    first = "" if group.sample is None else f" <span>first at sample {group.sample}</span>"
    traceback = ""
    if group.traceback:
        traceback = f"""<details class="traceback">
          <summary>Traceback</summary>
          <pre dir="auto" tabindex="0">{escape(group.traceback)}</pre>
        </details>"""
    counted = f"{number_text(group.count)} {group.unit}"
    return f"""    <li>
      <details>
        <summary><strong>{escape(group.reason)}</strong> <span>{counted}</span> \
<span>{escape(group.generator)}</span>{first}</summary>
        <pre dir="auto" tabindex="0">{escape(group.message) or "no message"}</pre>
        {traceback}
      </details>
    </li>"""


def _selection(facts: ReportFacts) -> str:
    if facts.cards >= facts.samples:
        return ""
    each = cards_per_generator(len(facts.generators))
    return f" A hash selects them, at most {each} of each generator."


def _options(names: Iterable[str]) -> str:
    return "".join(f"<option>{escape(name)}</option>" for name in names)
