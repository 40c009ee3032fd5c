"""The commands. Heavy libraries are imported inside a command, so that `--help` is instant."""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click

from clustergeo import __version__
from clustergeo.errors import ClusterGeoError, InputError

F = TypeVar("F", bound=Callable[..., Any])

_SITES = click.argument("sites", type=click.Path(path_type=Path))
_LANG = click.option(
    "--lang", type=click.Choice(["ko", "en"]), default="en", show_default=True, help="Korean or English."
)


def _inputs(command: F) -> F:
    """Add the options that say what to tag."""
    options = [
        click.option(
            "--zones", "zones", multiple=True, metavar="NAME=FILE", help="A zone layer; may be given several times."
        ),
        click.option(
            "--coverage",
            "coverage",
            multiple=True,
            metavar="NAME=WHERE",
            help='Where a zone layer is complete: "everywhere" or codes such as kostat:31,kostat:23.',
        ),
        click.option("--crs", default=None, help="CRS of the sites, where the file has none or a wrong one."),
        click.option("--as-of", default=None, metavar="DATE", help="Only facts known by this day (YYYY-MM-DD)."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


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
def report(
    out: Path,
    *,
    sites: Path | None,
    facts: Path | None,
    zones: tuple[str, ...],
    coverage: tuple[str, ...],
    crs: str | None,
    as_of: str | None,
) -> None:
    """Write the report of the 15 complexes, or of your SITES, into the folder OUT."""
    from clustergeo.reading import read_sites  # noqa: PLC0415
    from clustergeo.reporting import report as write_report  # noqa: PLC0415

    frame = None if sites is None else read_sites(sites, crs=crs)
    place = write_report(out, sites=frame, zones=_zones(zones, coverage), as_of=as_of, own_facts=facts)
    click.echo(f"{_shown(place)}: open index.html (English) or index.ko.html (한국어)")


@cli.command()
@_SITES
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="The file to write: .geojson, .gpkg, .parquet or .csv.",
)
@_inputs
def tag(
    sites: Path, *, out: Path, zones: tuple[str, ...], coverage: tuple[str, ...], crs: str | None, as_of: str | None
) -> None:
    """Tag the SITES of a file and write them to another."""
    from clustergeo._files import write_whole  # noqa: PLC0415
    from clustergeo.exporting import frame_bytes  # noqa: PLC0415

    ending = out.suffix.lower().lstrip(".")
    tagged = _tagged(sites, zones, coverage, crs, as_of)
    write_whole(out, frame_bytes(tagged, ending))
    click.echo(f"{_shown(out)}: {len(tagged)} sites")


@cli.command(name="map")
@_SITES
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="The page to write (.html).")
@click.option("--online", is_flag=True, help="Load the scripts from their CDNs instead of embedding them.")
@_LANG
@_inputs
def map_command(
    sites: Path,
    *,
    out: Path,
    online: bool,
    lang: str,
    zones: tuple[str, ...],
    coverage: tuple[str, ...],
    crs: str | None,
    as_of: str | None,
) -> None:
    """Draw the SITES of a file as one page that opens without a network."""
    from clustergeo import maps  # noqa: PLC0415
    from clustergeo.layers import as_layer  # noqa: PLC0415

    tagged = _tagged(sites, zones, coverage, crs, as_of)
    layers = {name: as_layer(zone, name=name) for name, zone in _zones(zones, coverage).items()}
    maps.save_map(maps.explore(tagged, lang=lang, zones=layers), out, offline=not online)
    click.echo(_shown(out))


@cli.command()
@_SITES
@click.option(
    "--by",
    default=None,
    help="sector, province, macro_region, in_capital_region, rdz_basis or status; or two, joined by a comma.",
)
@click.option(
    "--format", "kind", type=click.Choice(["markdown", "html", "csv", "latex"]), default="markdown", show_default=True
)
@_LANG
@_inputs
def table(
    sites: Path,
    *,
    by: str | None,
    kind: str,
    lang: str,
    zones: tuple[str, ...],
    coverage: tuple[str, ...],
    crs: str | None,
    as_of: str | None,
) -> None:
    """Print the SITES of a file, or a summary of them, as a table."""
    from clustergeo import tables  # noqa: PLC0415

    keys = None if by is None else by.split(",") if "," in by else by
    shown = tables.table(_tagged(sites, zones, coverage, crs, as_of), by=keys, lang=lang)
    made = getattr(shown, kind)()
    click.echo(made.decode("utf-8-sig") if isinstance(made, bytes) else made, nl=False)


@cli.command()
@_SITES
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--by", default=None, help="One file a group: sector or any column.")
@click.option("--format", "kind", default="geojson", show_default=True, help="geojson, gpkg, parquet or csv.")
@_inputs
def export(
    sites: Path,
    out: Path,
    *,
    by: str | None,
    kind: str,
    zones: tuple[str, ...],
    coverage: tuple[str, ...],
    crs: str | None,
    as_of: str | None,
) -> None:
    """Write the tagged SITES into the folder OUT, one file of all and one a group."""
    from clustergeo import exporting  # noqa: PLC0415

    for path in exporting.export(_tagged(sites, zones, coverage, crs, as_of), out, by=by, format=kind):
        click.echo(_shown(path))


@cli.command()
@click.argument("site_id")
@click.option(
    "--sites", type=click.Path(path_type=Path), default=None, help="Your own sites instead of the 15 complexes."
)
@_LANG
@_inputs
def explain(
    site_id: str,
    *,
    sites: Path | None,
    lang: str,
    zones: tuple[str, ...],
    coverage: tuple[str, ...],
    crs: str | None,
    as_of: str | None,
) -> None:
    """Say of one site what each verdict is, what it rests on and what would decide it."""
    from clustergeo.explaining import explain as sentences  # noqa: PLC0415

    click.echo(sentences(_tagged(sites, zones, coverage, crs, as_of), site_id, lang=lang))


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


def _tagged(
    sites: Path | None, zones: tuple[str, ...], coverage: tuple[str, ...], crs: str | None, as_of: str | None
) -> Any:
    """Return the tagged sites of a file, or the tagged 15."""
    from clustergeo import datasets, tags  # noqa: PLC0415
    from clustergeo.reading import read_sites  # noqa: PLC0415

    frame = datasets.load_sites(as_of=as_of) if sites is None else read_sites(sites, crs=crs)
    return tags.tag(frame, zones=_zones(zones, coverage), as_of=as_of)


def _zones(zones: tuple[str, ...], coverage: tuple[str, ...]) -> dict[str, Any]:
    """Return the zone layers that the options name."""
    from clustergeo.reading import read_layer  # noqa: PLC0415

    where = dict(_pair(text, "--coverage") for text in coverage)
    files = dict(_pair(text, "--zones") for text in zones)
    strange = sorted(set(where) - set(files))
    if strange:
        msg = f"--coverage names {', '.join(strange)}, which no --zones gives."
        raise InputError(msg)
    covers = {name: "everywhere" if text == "everywhere" else text.split(",") for name, text in where.items()}
    return {name: read_layer(path, name=name, coverage=covers.get(name)) for name, path in files.items()}


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
