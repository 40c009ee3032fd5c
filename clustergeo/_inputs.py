"""What the commands take: the options that say which sites and zone layers are meant, and how they are read."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from clustergeo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable


class Inputs(NamedTuple):
    """What the options of a command say about what to tag."""

    files: tuple[str, ...]
    coverage: tuple[str, ...]
    dates: tuple[str, ...]
    zone_crs: tuple[str, ...]
    zone_layer: tuple[str, ...]
    zone_encoding: tuple[str, ...]
    zone_swapped: tuple[str, ...]
    zone_kept: tuple[str, ...]
    reading: dict[str, Any]
    as_of: str | None

    def sites(self, path: Path | None) -> Any:
        """Return the sites of a file, or the 15."""
        from clustergeo import datasets  # noqa: PLC0415
        from clustergeo.reading import read_sites  # noqa: PLC0415

        return datasets.load_sites(as_of=self.as_of) if path is None else read_sites(path, **self.reading)

    def spare(self, out: Path, sites: Path) -> None:
        """Refuse an output that is one of the inputs."""
        read = [sites, *(Path(path) for path in _pairs(self.files, "--zones").values())]
        if out.exists() and any(path.exists() and out.samefile(path) for path in read):
            msg = f"{shown(out)} is one of the inputs and would be lost. Give another name."
            raise InputError(msg)

    def zones(self) -> dict[str, Any]:
        """Return the zone layers."""
        from clustergeo.reading import read_layer  # noqa: PLC0415

        files = _pairs(self.files, "--zones")
        where = _pairs(self.coverage, "--coverage", known=files)
        said: dict[str, dict[str, Any]] = {
            "coverage": {name: text if text == "everywhere" else text.split(",") for name, text in where.items()},
            "as_of": _pairs(self.dates, "--zone-date", known=files),
            "crs": _pairs(self.zone_crs, "--zone-crs", known=files),
            "layer": _pairs(self.zone_layer, "--zone-layer", known=files),
            "encoding": _pairs(self.zone_encoding, "--zone-encoding", known=files),
        }
        turned = {"--zone-swap-xy": self.zone_swapped, "--zone-keep-xy": self.zone_kept}
        for option, names in turned.items():
            _pairs(tuple(f"{name}=yes" for name in names), option, known=files)
        said["swap_xy"] = dict.fromkeys(self.zone_kept, False) | dict.fromkeys(self.zone_swapped, True)
        found = {}
        for name, path in files.items():
            told = {option: one.get(name) for option, one in said.items()}
            try:
                found[name] = read_layer(path, name=name, repair=self.reading["repair"], **told)
            except InputError as error:
                raise InputError(_of_zone(str(error), name)) from error
            for decided in found[name].report:
                click.echo(f"zones {name}: {decided}.", err=True)
        return found

    def tagged(self, path: Path | None, zones: dict[str, Any] | None = None) -> Any:
        """Return the tagged sites of a file, or the tagged 15, with the zones given if they were read before."""
        from clustergeo import tags  # noqa: PLC0415

        return tags.tag(self.sites(path), zones=self.zones() if zones is None else zones, as_of=self.as_of)


def inputs_of(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say what to tag; the command gets them as one argument, `inputs`."""

    @functools.wraps(command)
    def gathered(
        *,
        zones: tuple[str, ...],
        coverage: tuple[str, ...],
        zone_date: tuple[str, ...],
        zone_crs: tuple[str, ...],
        zone_layer: tuple[str, ...],
        zone_encoding: tuple[str, ...],
        zone_swap_xy: tuple[str, ...],
        zone_keep_xy: tuple[str, ...],
        as_of: str | None,
        **rest: Any,
    ) -> None:
        reading = {name: rest.pop(name) for name in ("crs", "layer", "encoding", "swap_xy", "repair")}
        zone = (zone_date, zone_crs, zone_layer, zone_encoding, zone_swap_xy, zone_keep_xy)
        held = Inputs(zones, coverage, *zone, reading, as_of)
        command(inputs=held, **rest)

    options = [
        click.option("--zones", multiple=True, metavar="NAME=FILE", help="A zone layer; may be given several times."),
        click.option(
            "--coverage",
            multiple=True,
            metavar="NAME=WHERE",
            help='Where a zone layer is complete: "everywhere" or codes such as kostat:31,kostat:23.',
        ),
        click.option("--zone-date", multiple=True, metavar="NAME=DATE", help="The date of a zone layer's content."),
        click.option("--zone-crs", multiple=True, metavar="NAME=CRS", help="As --crs, of a zone layer."),
        click.option("--zone-layer", multiple=True, metavar="NAME=LAYER", help="As --layer, of a zone layer."),
        click.option("--zone-encoding", multiple=True, metavar="NAME=ENC", help="As --encoding, of a zone layer."),
        click.option("--zone-swap-xy", multiple=True, metavar="NAME", help="Swap the axes of a zone layer."),
        click.option("--zone-keep-xy", multiple=True, metavar="NAME", help="Say that they are right (zones at sea)."),
        click.option("--layer", default=None, help="Which layer of a sites file, or file of a zip, of several."),
        click.option("--crs", default=None, help="CRS of the sites, where the file has none or a wrong one."),
        click.option("--encoding", default=None, help="Of the texts of the sites, such as cp949 or utf-8."),
        click.option(
            "--swap-xy/--keep-xy",
            default=None,
            help="Swap the axes of the sites; or say that they are right, where they are taken for swapped.",
        ),
        click.option("--repair", is_flag=True, help="Repair invalid geometries of sites and zones, and say how many."),
        click.option("--as-of", default=None, metavar="DATE", help="Only facts known by this day (YYYY-MM-DD)."),
    ]
    for option in reversed(options):
        gathered = option(gathered)
    return gathered


def _of_zone(text: str, name: str) -> str:
    """Return a refusal whose options are those of a zone layer.

    Examples
    --------
    >>> _of_zone('pass swap_xy=True (--swap-xy), crs="EPSG:5174" (--crs EPSG:5174)', "rdz")
    'pass swap_xy=True (--zone-swap-xy rdz), crs="EPSG:5174" (--zone-crs rdz=EPSG:5174)'
    """
    text = re.sub(r"(?<!\S)(\(?)--(crs|layer|encoding) ", rf"\1--zone-\2 {name}=", text)
    return re.sub(r"(?<!\S)(\(?)--(swap|keep)-xy", rf"\1--zone-\2-xy {name}", text)


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


def shown(path: Path) -> str:
    """Return a path that any terminal can show."""
    from clustergeo._files import shown  # noqa: PLC0415

    return shown(path)
