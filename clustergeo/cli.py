"""The commands. Heavy libraries are imported inside a command, so that `--help` is instant."""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from pathlib import Path
from typing import Any, TextIO

import click

from clustergeo import __version__
from clustergeo._inputs import Inputs, inputs_of, shown
from clustergeo.errors import ClusterGeoError, InputError

_SITES = click.argument("sites", type=click.Path(path_type=Path))
_LANG = click.option(
    "--lang", type=click.Choice(["ko", "en"]), default="en", show_default=True, help="Korean or English."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="clustergeo")
def cli() -> None:
    """Where do these sites lie? Regions, capital region, sectors and restricted zones, with the evidence shown."""


@cli.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--sites", type=click.Path(path_type=Path), default=None, help="Your own sites instead of the 15 complexes."
)
@click.option(
    "--facts", type=click.Path(path_type=Path), default=None, help="A CSV of facts to add or to correct with."
)
@inputs_of
def report(out: Path, *, sites: Path | None, facts: Path | None, inputs: Inputs) -> None:
    """Write the report of the 15 complexes, or of your SITES, into the folder OUT."""
    from clustergeo.reporting import report as write_report  # noqa: PLC0415

    frame = None if sites is None else inputs.sites(sites)
    place = write_report(out, sites=frame, zones=inputs.zones(), as_of=inputs.as_of, own_facts=facts)
    click.echo(f"{shown(place)}: open index.html (English) or index.ko.html (한국어)")
    absent = [f"report.{ending}" for ending in ("xlsx", "docx") if not (place / f"report.{ending}").exists()]
    if absent:
        click.echo(f"No {' and '.join(absent)}: for those, python -m pip install 'clustergeo[documents]'", err=True)


@cli.command()
@click.argument("sites", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="The file to write: .parquet, .gpkg, .geojson or .csv; a folder for several inputs.",
)
@click.option("--scheduler", default=None, metavar="ADDRESS", help="A Dask scheduler, such as tcp://10.0.0.1:8786.")
@inputs_of
def tag(sites: tuple[Path, ...], *, out: Path, scheduler: str | None, inputs: Inputs) -> None:
    """Tag the SITES of a file of any size and write them to another; several files or a folder on Dask workers."""
    for one in sites:
        inputs.spare(out, one)
    options: dict[str, Any] = {"as_of": inputs.as_of, **inputs.reading}
    if len(sites) == 1 and scheduler is None and not sites[0].is_dir():
        from clustergeo.streaming import tag_file  # noqa: PLC0415

        done = tag_file(sites[0], out, zones=inputs.zones(), **options)
        click.echo(f"{shown(out)}: {done.rows:,} sites")
        return
    from clustergeo import parallel  # noqa: PLC0415

    with contextlib.ExitStack() as stack:
        client = None if scheduler is None else stack.enter_context(parallel.client_of(scheduler))
        made = parallel.tag_files(_files(sites), out, zones=inputs.zones(), client=client, **options)
    click.echo(f"{shown(out)}: {made.rows:,} sites in {made.written + made.skipped} parts, {made.written} written now")


def _files(sites: tuple[Path, ...]) -> Any:
    """Return a folder as it is, and several paths as a list."""
    return sites[0] if len(sites) == 1 else list(sites)


@cli.command(name="map")
@_SITES
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="The page to write (.html).")
@click.option("--online", is_flag=True, help="Load the scripts from their CDNs instead of embedding them.")
@click.option(
    "--facts", type=click.Path(path_type=Path), default=None, help="A CSV of facts, for timelines on the cards."
)
@_LANG
@inputs_of
def map_command(sites: Path, *, out: Path, online: bool, facts: Path | None, lang: str, inputs: Inputs) -> None:
    """Draw the SITES of a file as one page that opens without a network."""
    from clustergeo import maps  # noqa: PLC0415
    from clustergeo.datasets import check_known  # noqa: PLC0415
    from clustergeo.facts import read_facts  # noqa: PLC0415

    inputs.spare(out, sites)
    if out.suffix.lower() not in {".html", ".htm"}:
        msg = f"{shown(out)} is no name for a page. Give one that ends in .html."
        raise InputError(msg)
    zones = inputs.zones()
    history = None if facts is None else read_facts(facts)
    tagged = inputs.tagged(sites, zones)
    if history is not None:
        check_known(history, tagged["site_id"])
    made = maps.explore(tagged, lang=lang, zones=zones, history=history)
    maps.save_map(made, out, offline=not online)
    click.echo(shown(out))


@cli.command()
@_SITES
@click.option(
    "--by",
    default=None,
    help="sector, province, macro_region, in_capital_region, rdz_basis or status; or two, joined by a comma.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["markdown", "html", "csv", "latex", "xlsx"]),
    default="markdown",
    show_default=True,
    help="xlsx needs clustergeo[documents] and -o.",
)
@click.option("--document", is_flag=True, help="With --format latex: a whole document that xelatex compiles.")
@click.option("-o", "--out", type=click.Path(path_type=Path), default=None, help="The file to write, not to print.")
@_LANG
@inputs_of
def table(
    sites: Path, *, by: str | None, kind: str, document: bool, out: Path | None, lang: str, inputs: Inputs
) -> None:
    """Print the SITES of a file, or a summary of them, as a table, or write it to a file."""
    from clustergeo import tables  # noqa: PLC0415
    from clustergeo._files import write_whole  # noqa: PLC0415

    if document and kind != "latex":
        msg = "--document is for --format latex."
        raise click.UsageError(msg)
    if kind == "xlsx" and out is None:
        msg = "A workbook is no text to print. Give the file to write: -o FILE.xlsx."
        raise click.UsageError(msg)
    if out is not None:
        inputs.spare(out, sites)
    keys = None if by is None else by.split(",") if "," in by else by
    result = tables.table(inputs.tagged(sites), by=keys, lang=lang)
    made = result.latex(document=document) if kind == "latex" else getattr(result, kind)()
    if out is not None:
        write_whole(out, made if isinstance(made, bytes) else made.encode("utf-8", "replace"))
        click.echo(shown(out))
        return
    click.echo(made.decode("utf-8-sig") if isinstance(made, bytes) else made, nl=False)


@cli.command()
@_SITES
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--by", default=None, help="One file a group: sector or any column.")
@click.option("--format", "kind", default="geojson", show_default=True, help="geojson, gpkg, parquet, csv or xlsx.")
@inputs_of
def export(sites: Path, out: Path, *, by: str | None, kind: str, inputs: Inputs) -> None:
    """Write the tagged SITES into the folder OUT, one file of all and one a group."""
    from clustergeo import exporting  # noqa: PLC0415

    for path in exporting.export(inputs.tagged(sites), out, by=by, format=kind):
        click.echo(shown(path))


@cli.command()
@click.argument("site_id")
@click.option(
    "--sites", type=click.Path(path_type=Path), default=None, help="Your own sites instead of the 15 complexes."
)
@_LANG
@inputs_of
def explain(site_id: str, *, sites: Path | None, lang: str, inputs: Inputs) -> None:
    """Say of one site what each verdict is, what it rests on and what would decide it."""
    from clustergeo.explaining import explain as sentences  # noqa: PLC0415

    click.echo(sentences(inputs.tagged(sites), site_id, lang=lang))


@cli.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="The folder of the result.")
@click.option("--no-maps", is_flag=True, help="No maps and pictures, which take most of the time.")
def site(scenario: Path, *, out: Path, no_maps: bool) -> None:
    """Run a siting SCENARIO (TOML): what falls out and why, what ranks first, and how sure that is."""
    from clustergeo.siting.scenario import read_scenario  # noqa: PLC0415

    for path in read_scenario(scenario).run(out, maps=not no_maps):
        click.echo(shown(path))


@cli.command()
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@click.option("--format", "kind", type=click.Choice(["markdown", "html", "csv"]), default="markdown", show_default=True)
@_LANG
def compare(first: Path, second: Path, *, kind: str, lang: str) -> None:
    """Lay two scenarios, or two folders that `site` wrote, side by side: sites, places, scores and settings."""
    from clustergeo.siting.comparing import compare as compared  # noqa: PLC0415

    found = compared(first, second)
    for table in (found.table(lang), found.settings_table(lang)):
        made = getattr(table, kind)()
        click.echo(made.decode("utf-8-sig") if isinstance(made, bytes) else made)


@cli.command()
@click.argument("out", type=click.Path(path_type=Path))
def verify(out: Path) -> None:
    """Hold the report in the folder OUT against its own figures; exit code 1 if anything differs."""
    from clustergeo.verifying import verify as held  # noqa: PLC0415

    findings = held(out)
    for row in findings.itertuples(index=False):
        click.echo(": ".join(part for part in (row.file, row.where, row.problem) if part))
    if len(findings):
        sys.exit(1)
    click.echo(f"{shown(out)}: every file and figure is as it was written")


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "kind",
    type=click.Choice(["text", "csv", "json"]),
    default="text",
    show_default=True,
    help="One line a problem, or a table.",
)
@click.option("--layer", default=None, help="Which layer or sheet of a file that holds several.")
@click.option("--crs", default=None, help="CRS of the file, where it has none or a wrong one.")
@click.option("--encoding", default=None, help="Of its texts, such as cp949 or utf-8.")
@click.option("--swap-xy/--keep-xy", default=None, help="Swap its axes; or say that they are right.")
@_LANG
def check(
    file: Path,
    *,
    kind: str,
    layer: str | None,
    crs: str | None,
    encoding: str | None,
    swap_xy: bool | None,
    lang: str,
) -> None:
    """List every problem of the sites or the layer in FILE; exit code 1 if one of them is an error."""
    from clustergeo.reading import checks  # noqa: PLC0415

    found = checks.check(file, lang=lang, layer=layer, crs=crs, encoding=encoding, swap_xy=swap_xy)
    if kind == "text":
        click.echo(checks.lines(found, lang=lang))
    elif kind == "csv":
        click.echo(found.to_csv(index=False, lineterminator="\n"), nl=False)
    else:
        click.echo(found.to_json(orient="records", force_ascii=False, indent=1))
    if (found["severity"] == "error").any():
        sys.exit(1)


@cli.command()
@click.argument("sites", required=False, type=click.Path(path_type=Path))
@click.option(
    "--on", default=None, metavar="DATE", help="Which rules apply on this day (YYYY-MM-DD); else all are listed."
)
@click.option("--explain", "site_id", default=None, metavar="SITE_ID", help="The whole chain for one site.")
@click.option("--investment", type=int, default=None, help="The applicant's investment in won.")
@click.option("--additional-investment", type=int, default=None, help="Won beyond what was planned.")
@click.option("--size", type=click.Choice(["large", "mid", "sme"]), default=None, help="The applicant's size.")
@click.option("--technology", default=None, help="The technology invested in, such as semiconductor.")
@click.option("--scenario", "scenarios", multiple=True, help="A proposal to suppose in force; marked in the output.")
@click.option("--rules", "own", type=click.Path(path_type=Path), default=None, help="A TOML file of your own rules.")
@click.option("-o", "--out", type=click.Path(path_type=Path), default=None, help="A file to write, not to print.")
@_LANG
@inputs_of
def rules(
    sites: Path | None, *, on: str | None, site_id: str | None, own: Path | None, out: Path | None, **rest: Any
) -> None:
    """List the rules of support, or hold them against the 15 complexes or the SITES of a file on a day."""
    from clustergeo import policy  # noqa: PLC0415
    from clustergeo._files import write_whole  # noqa: PLC0415
    from clustergeo._formats import csv_rows  # noqa: PLC0415

    inputs: Inputs = rest["inputs"]
    held = policy.load_rules(own)
    if on is None:
        asked = [sites, site_id, *(rest[one] for one in ("investment", "additional_investment", "size", "technology"))]
        if any(one is not None for one in asked) or rest["scenarios"]:
            msg = "Give the day: --on YYYY-MM-DD."
            raise click.UsageError(msg)
        found = policy.listing(held)
    else:
        applicant = policy.Applicant(
            *(rest[one] for one in ("investment", "additional_investment", "size", "technology"))
        )
        options: dict[str, Any] = {"on": on, "applicant": applicant, "rules": held}
        options |= {one: rest[one] for one in ("scenarios", "lang")}
        tagged = inputs.tagged(sites)
        if site_id is not None:
            found = policy.explain_rules(tagged, site_id, **options)
        else:
            found = policy.rules_for(tagged, **options)
            click.echo(found.attrs["notice"], err=True)
    if isinstance(found, str):
        made = f"{found}\n".encode()
    else:
        cells = found.astype(object).where(found.notna(), None)
        made = csv_rows(list(cells.columns), cells.itertuples(index=False))
    if out is None:
        click.echo(made.decode("utf-8-sig"), nl=False)
        return
    if sites is not None:
        inputs.spare(out, sites)
    write_whole(out, made)
    click.echo(shown(out))


@cli.command()
def layers() -> None:
    """List the shipped layers and tables with rows, vintage and licence."""
    from clustergeo.datasets import catalogue  # noqa: PLC0415

    for row in catalogue().itertuples(index=False):
        click.echo(
            f"{row.layer}\t{row.rows} rows\t{row.vintage}\t{row.licence}\t{row.attribution}\t{row.source}\t{row.sha256}"
        )


def _readable(stream: TextIO) -> None:
    """Make a stream take Korean: UTF-8 where the locale knows ASCII only, escapes where a character is impossible."""
    if isinstance(stream, io.TextIOWrapper):
        ascii_only = (stream.encoding or "ascii").lower().replace("-", "") in {"ascii", "usascii", "ansi_x3.41968"}
        stream.reconfigure(encoding="utf-8" if ascii_only else stream.encoding, errors="backslashreplace")


def main() -> None:
    """Run the command line: exit code 0 done, 1 input refused, 2 command line wrong, 130 interrupted."""
    _readable(sys.stdout)
    _readable(sys.stderr)
    warnings.showwarning = _told
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("Interrupted; nothing was left behind.", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ClusterGeoError as error:
        click.echo(f"clustergeo: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        # The reader of our output has left, as `head` does.
        sys.stderr.close()
        sys.exit(0)


def _told(message: Warning | str, *_: Any, **__: Any) -> None:
    """Show a warning in one line, without the place in the code."""
    click.echo(f"warning: {message}", err=True)
