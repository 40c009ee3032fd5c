"""The results as Markdown."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from benchmarks import machine
from benchmarks.forms import Form
from benchmarks.loads import KINDS
from benchmarks.tools import COPY, FLOOR, OURS, TAG

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.checking import Verdict
    from benchmarks.loads import Load
    from benchmarks.running import Entry

_HEAD = (
    "| tool | zones | median s | fastest to slowest | runs | times ours | peak MB | off shapely | off each other "
    "| municipalities that differ | agrees |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---|"
)


def document(
    load: Load, entries: list[Entry], verdicts: dict[int, tuple[Verdict, Verdict]], *, sampled: int, busy: str
) -> str:
    """Return the heading, the load, the table and the ratios.

    Parameters
    ----------
    load
        What was run.
    entries
        What it took.
    verdicts
        By the `id` of the entry: against plain shapely, and against the first answer.
    sampled
        How many sites plain shapely was asked about.
    busy
        The load average before the run.
    """
    about = load.about
    counts = ", ".join(
        f"{about[key]:,} {text}"
        for key, text in (
            ("sites", "sites"),
            ("site_vertices", "site vertices"),
            ("zones", "zones"),
            ("zone_vertices", "zone vertices"),
            ("zone_holes", "holes"),
            ("municipalities", "municipalities"),
            ("municipality_vertices", "municipality vertices"),
        )
    )
    versions = {name: version for entry in entries for name, version in entry.versions.items()}
    lines = [
        f"### {dt.datetime.now(tz=dt.UTC).date().isoformat()}: {load.kind}, {load.sites:,} sites",
        "",
        (
            f"Load: {KINDS[load.kind]}. {counts}. Cutting zones and municipalities into {about['zone_pieces']:,} and "
            f"{about['municipality_pieces']:,} pieces took {about['seconds_to_split']} s, in nobody's time."
        ),
        "",
        (
            f"Machine: {machine.described()}; load average before the run {busy}. "
            f"Versions: {', '.join(f'{name} {version}' for name, version in sorted(versions.items()))}."
        ),
        "",
        _HEAD,
        *(_row(entry, _counterpart(entry, entries), verdicts.get(id(entry))) for entry in entries),
        "",
    ]
    if verdicts:
        lines.append(f"Off shapely: the largest difference of a share on {sampled:,} sites drawn at random.")
    lines += _ratios(entries)
    return "\n".join(lines) + "\n"


def _row(entry: Entry, ours: Entry | None, verdict: tuple[Verdict, Verdict] | None) -> str:
    """Return one row of the table."""
    form = "" if entry.tool in {FLOOR, COPY} else entry.form.text
    if not entry.outcomes:
        return f"| {entry.tool} | {form} | {entry.failure} | | | | | | | | |"
    times = "" if ours is None or entry.tool in {FLOOR, OURS, COPY, TAG} else f"{entry.median / ours.median:.1f}"
    cells = [
        entry.tool,
        form,
        f"{entry.median:.2f}",
        f"{min(entry.seconds):.2f} to {max(entry.seconds):.2f}",
        str(len(entry.seconds)),
        times,
        f"{entry.peak_mb:,.0f}",
    ]
    if verdict is None:
        cells += [""] * 4
    else:
        sample, others = verdict
        wrong = max(sample.municipalities, others.municipalities)
        agrees = "yes" if sample.agrees and others.agrees else "**no**"
        cells += [f"{sample.share_error:.1e}", f"{others.share_error:.1e}", str(wrong), agrees]
    if entry.failure:
        cells[-1] += f" ({entry.failure})"
    return "| " + " | ".join(cells) + " |"


def _counterpart(entry: Entry, entries: list[Entry]) -> Entry | None:
    """Return our entry with the zones prepared as far as those of another one: as given, or all that can be before."""
    form = Form.GIVEN if entry.form is Form.GIVEN else Form.INDEXED
    return next((one for one in entries if one.tool == OURS and one.form is form and one.outcomes), None)


def _ratios(entries: list[Entry]) -> list[str]:
    """Return the sentences the targets are about."""
    lines = []
    for form in Form:
        peers = [
            one for one in entries if one.outcomes and one.form is form and one.tool not in {FLOOR, OURS, COPY, TAG}
        ]
        best = min(peers, key=lambda one: one.median, default=None)
        ours = None if best is None else _counterpart(best, entries)
        if best is not None and ours is not None:
            times = f"{best.median / ours.median:.1f} times ours with zones {ours.form.text}"
            lines.append(f"- Best peer with zones {form.text}: {best.tool}, {times}.")
    floor = next((one for one in entries if one.tool in {FLOOR, COPY} and one.outcomes), None)
    for ours in (one for one in entries if one.tool in {OURS, TAG} and one.outcomes):
        stages = "".join(f", {name} {seconds:.2f} s" for name, seconds in ours.stages.items())
        over = "" if floor is None else f", {ours.median / floor.median:.1f} times reading and writing alone"
        lines.append(f"- Ours with zones {ours.form.text}{over}{stages}.")
    return ["", *lines] if lines else []


def append(file: Path, text: str) -> None:
    """Add a document to the end of a file, made if it is missing."""
    before = file.read_text(encoding="utf-8").rstrip("\n") + "\n\n" if file.exists() else ""
    file.write_text(before + text, encoding="utf-8")
