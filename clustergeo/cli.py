"""The commands. Heavy libraries are imported inside a command, so that `--help` is instant."""

from __future__ import annotations

import contextlib
import functools
import io
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

import click

from clustergeo import __version__
from clustergeo.errors import ClusterGeoError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

_SITES = click.argument("sites", type=click.Path(path_type=Path))
_LANG = click.option(
    "--lang", type=click.Choice(["ko", "en"]), default="en", show_default=True, help="Korean or English."
)


class Inputs(NamedTuple):
    """What the options of a command say about what to tag."""

    files: tuple[str, ...]
    coverage: tuple[str, ...]
    dates: tuple[str, ...]
    layer: str | None
    crs: str | None
    as_of: str | None

    def sites(self, path: Path | None) -> Any:
        """Return the sites of a file, or the 15."""
        from clustergeo import datasets  # noqa: PLC0415
        from clustergeo.reading import read_sites  # noqa: PLC0415

        return (
            datasets.load_sites(as_of=self.as_of) if path is None else read_sites(path, crs=self.crs, layer=self.layer)
        )

    def spare(self, out: Path, sites: Path) -> None:
        """Refuse an output that is one of the inputs."""
        read = [sites, *(Path(path) for path in _pairs(self.files, "--zones").values())]
        if out.exists() and any(path.exists() and out.samefile(path) for path in read):
            msg = f"{_shown(out)} is one of the inputs and would be lost. Give another name."
            raise InputError(msg)

    def zones(self) -> dict[str, Any]:
        """Return the zone layers."""
        from clustergeo.reading import read_layer  # noqa: PLC0415

        files = _pairs(self.files, "--zones")
        where, days = _pairs(self.coverage, "--coverage", known=files), _pairs(self.dates, "--zone-date", known=files)
        covers = {name: "everywhere" if text == "everywhere" else text.split(",") for name, text in where.items()}
        return {
            name: read_layer(path, name=name, coverage=covers.get(name), as_of=days.get(name))
            for name, path in files.items()
        }

    def tagged(self, path: Path | None, zones: dict[str, Any] | None = None) -> Any:
        """Return the tagged sites of a file, or the tagged 15, with the zones given if they were read before."""
        from clustergeo import tags  # noqa: PLC0415

        return tags.tag(self.sites(path), zones=self.zones() if zones is None else zones, as_of=self.as_of)


def _inputs(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say what to tag; the command gets them as one argument, `inputs`."""

    @functools.wraps(command)
    def gathered(
        *,
        zones: tuple[str, ...],
        coverage: tuple[str, ...],
        zone_date: tuple[str, ...],
        layer: str | None,
        crs: str | None,
        as_of: str | None,
        **rest: Any,
    ) -> None:
        command(inputs=Inputs(zones, coverage, zone_date, layer, crs, as_of), **rest)

    options = [
        click.option("--zones", multiple=True, metavar="NAME=FILE", help="A zone layer; may be given several times."),
        click.option(
            "--coverage",
            multiple=True,
            metavar="NAME=WHERE",
            help='Where a zone layer is complete: "everywhere" or codes such as kostat:31,kostat:23.',
        ),
        click.option("--zone-date", multiple=True, metavar="NAME=DATE", help="The date of a zone layer's content."),
        click.option("--layer", default=None, help="Which layer of a sites file that holds several."),
        click.option("--crs", default=None, help="CRS of the sites, where the file has none or a wrong one."),
        click.option("--as-of", default=None, metavar="DATE", help="Only facts known by this day (YYYY-MM-DD)."),
    ]
    for option in reversed(options):
        gathered = option(gathered)
    return gathered


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
@_inputs
def report(out: Path, *, sites: Path | None, facts: Path | None, inputs: Inputs) -> None:
    """Write the report of the 15 complexes, or of your SITES, into the folder OUT."""
    from clustergeo.reporting import report as write_report  # noqa: PLC0415

    frame = None if sites is None else inputs.sites(sites)
    place = write_report(out, sites=frame, zones=inputs.zones(), as_of=inputs.as_of, own_facts=facts)
    click.echo(f"{_shown(place)}: open index.html (English) or index.ko.html (한국어)")
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
@click.option("--repair", is_flag=True, help="Repair invalid geometries, and say how many, instead of refusing them.")
@click.option("--scheduler", default=None, metavar="ADDRESS", help="A Dask scheduler, such as tcp://10.0.0.1:8786.")
@_inputs
def tag(sites: tuple[Path, ...], *, out: Path, repair: bool, scheduler: str | None, inputs: Inputs) -> None:
    """Tag the SITES of a file of any size and write them to another; several files or a folder on Dask workers."""
    for one in sites:
        inputs.spare(out, one)
    options: dict[str, Any] = {"as_of": inputs.as_of, "crs": inputs.crs, "layer": inputs.layer, "repair": repair}
    if len(sites) == 1 and scheduler is None and not sites[0].is_dir():
        from clustergeo.streaming import tag_file  # noqa: PLC0415

        done = tag_file(sites[0], out, zones=inputs.zones(), **options)
        click.echo(f"{_shown(out)}: {done.rows:,} sites")
        return
    from clustergeo import parallel  # noqa: PLC0415

    with contextlib.ExitStack() as stack:
        client = None if scheduler is None else stack.enter_context(parallel.client_of(scheduler))
        made = parallel.tag_files(_files(sites), out, zones=inputs.zones(), client=client, **options)
    click.echo(f"{_shown(out)}: {made.rows:,} sites in {made.written + made.skipped} parts, {made.written} written now")


def _files(sites: tuple[Path, ...]) -> Any:
    """Return a folder as it is, and several paths as a list."""
    return sites[0] if len(sites) == 1 else list(sites)


@cli.command(name="map")
@_SITES
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="The page to write (.html).")
@click.option("--online", is_flag=True, help="Load the scripts from their CDNs instead of embedding them.")
@_LANG
@_inputs
def map_command(sites: Path, *, out: Path, online: bool, lang: str, inputs: Inputs) -> None:
    """Draw the SITES of a file as one page that opens without a network."""
    from clustergeo import maps  # noqa: PLC0415

    inputs.spare(out, sites)
    if out.suffix.lower() not in {".html", ".htm"}:
        msg = f"{_shown(out)} is no name for a page. Give one that ends in .html."
        raise InputError(msg)
    zones = inputs.zones()
    made = maps.explore(inputs.tagged(sites, zones), lang=lang, zones=zones)
    maps.save_map(made, out, offline=not online)
    click.echo(_shown(out))


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
@_inputs
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
    shown = tables.table(inputs.tagged(sites), by=keys, lang=lang)
    made = shown.latex(document=document) if kind == "latex" else getattr(shown, kind)()
    if out is not None:
        write_whole(out, made if isinstance(made, bytes) else made.encode("utf-8", "replace"))
        click.echo(_shown(out))
        return
    click.echo(made.decode("utf-8-sig") if isinstance(made, bytes) else made, nl=False)


@cli.command()
@_SITES
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--by", default=None, help="One file a group: sector or any column.")
@click.option("--format", "kind", default="geojson", show_default=True, help="geojson, gpkg, parquet, csv or xlsx.")
@_inputs
def export(sites: Path, out: Path, *, by: str | None, kind: str, inputs: Inputs) -> None:
    """Write the tagged SITES into the folder OUT, one file of all and one a group."""
    from clustergeo import exporting  # noqa: PLC0415

    for path in exporting.export(inputs.tagged(sites), out, by=by, format=kind):
        click.echo(_shown(path))


@cli.command()
@click.argument("site_id")
@click.option(
    "--sites", type=click.Path(path_type=Path), default=None, help="Your own sites instead of the 15 complexes."
)
@_LANG
@_inputs
def explain(site_id: str, *, sites: Path | None, lang: str, inputs: Inputs) -> None:
    """Say of one site what each verdict is, what it rests on and what would decide it."""
    from clustergeo.explaining import explain as sentences  # noqa: PLC0415

    click.echo(sentences(inputs.tagged(sites), site_id, lang=lang))


@cli.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="The folder of the result.")
def site(scenario: Path, *, out: Path) -> None:
    """Run a siting SCENARIO (TOML): what falls out and why, what ranks first, and how sure that is."""
    from clustergeo.siting.scenario import read_scenario  # noqa: PLC0415

    for path in read_scenario(scenario).run(out):
        click.echo(_shown(path))


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
    click.echo(f"{_shown(out)}: every file and figure is as it was written")


@cli.command()
def layers() -> None:
    """List the shipped layers and tables with rows, vintage and licence."""
    from clustergeo.datasets import catalogue  # noqa: PLC0415

    for row in catalogue().itertuples(index=False):
        click.echo(
            f"{row.layer}\t{row.rows} rows\t{row.vintage}\t{row.licence}\t{row.attribution}\t{row.source}\t{row.sha256}"
        )


def _pairs(texts: tuple[str, ...], option: str, *, known: dict[str, str] | None = None) -> dict[str, str]:
    """Return what the uses of an option say by name; a name twice, or one that no --zones gives, is refused."""
    pairs = [_pair(text, option) for text in texts]
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    strange = sorted(set(names) - set(known)) if known is not None else []
    if twice or strange:
        fault = f"names {twice[0]!r} twice" if twice else f"names {strange[0]!r}, which no --zones gives"
        msg = f"{option} {fault}."
        raise InputError(msg)
    return dict(pairs)


def _pair(text: str, option: str) -> tuple[str, str]:
    """Return the two parts of NAME=VALUE; a wrong form is an error of the command line."""
    name, sign, value = text.partition("=")
    if not (name and sign and value):
        msg = f"{text!r} is not NAME=VALUE."
        raise click.BadParameter(msg, param_hint=option)
    return name, value


def _shown(path: Path) -> str:
    """Return a path that any terminal can show."""
    from clustergeo._files import shown  # noqa: PLC0415

    return shown(path)


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


if __name__ == "__main__":
    main()
