"""Layer: polygons of one kind with a name, coverage, date, source and licence."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from clustergeo import crs, facts, schema
from clustergeo.errors import InputError

EVERYWHERE = "everywhere"
_CODE = re.compile(r"(kostat:|mois:)?\d{2}(\d{3})?")


@dataclass(frozen=True, repr=False, eq=False)
class Layer:
    """Polygons of one kind and what is known of them.

    Parameters
    ----------
    frame
        The polygons, with a CRS. They are copied; the caller's frame is never changed.
    name
        An identifier such as `rdz`, used in column names.
    coverage
        Where the layer is complete: `"everywhere"`, a code or codes of provinces or municipalities (`"kostat:31"`,
        `"mois:41"`; a bare code where it means one province only), a polygon in EPSG:4326, or a GeoDataFrame or
        GeoSeries. None says that it is not known: then a site that no zone touches stays unknown instead of becoming 0.
    as_of
        The date of the content, ISO text: a day, a month or a year.
    source, licence, attribution
        Where it comes from and on what terms.
    report
        What was decided while it was read, one sentence each.
    sha256
        Of the file it was read from; of the geometries if it was not read from a file.
    checked
        Whether the caller knows that all geometries are valid polygons: to look at them is most of what a layer costs.

    Raises
    ------
    InputError
        The frame has no CRS, no polygons or invalid ones, or the name, the date or the coverage is none.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> frame = gpd.GeoDataFrame(geometry=[shapely.box(127.0, 37.0, 127.1, 37.1)], crs="EPSG:4326")
    >>> Layer(frame, name="rdz", coverage="kostat:31", as_of="2025-01-01")
    <Layer rdz: 1 polygons, EPSG:4326, as of 2025-01-01, coverage kostat:31>
    """

    frame: gpd.GeoDataFrame
    name: str = field(kw_only=True)
    coverage: Any = field(default=None, kw_only=True)
    as_of: str | None = field(default=None, kw_only=True)
    source: str | None = field(default=None, kw_only=True)
    licence: str | None = field(default=None, kw_only=True)
    attribution: str | None = field(default=None, kw_only=True)
    report: tuple[str, ...] = field(default=(), kw_only=True)
    sha256: str | None = field(default=None, kw_only=True)
    checked: InitVar[bool] = field(default=False, kw_only=True)

    def __post_init__(self, checked: bool) -> None:
        """Check the parts and take copies of them."""
        schema.check_zone_name(self.name)
        object.__setattr__(self, "as_of", facts.checked_date(self.as_of, what=f"the content of layer {self.name!r}"))
        schema.check_polygons(self.frame, what=f"layer {self.name!r}", checked=checked)
        object.__setattr__(self, "frame", self.frame.copy())
        object.__setattr__(self, "coverage", _coverage(self.coverage, self.name))
        if self.sha256 is None:
            object.__setattr__(self, "sha256", digest(self.frame))

    @property
    def coverage_text(self) -> str:
        """The coverage in a few words, for provenance."""
        if self.coverage is None:
            return "not known"
        if isinstance(self.coverage, tuple):
            return ", ".join(self.coverage)
        return self.coverage if isinstance(self.coverage, str) else "a polygon"

    @property
    def provenance(self) -> dict[str, str | None]:
        """What the layer rests on, under the names of the catalogue, and what was decided while it was read."""
        return {
            "layer": self.name,
            "vintage": self.as_of,
            "coverage": self.coverage_text,
            "licence": self.licence,
            "attribution": self.attribution,
            "source": self.source,
            "sha256": self.sha256,
            "decided": "; ".join(self.report) or None,
        }

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.frame)

    def __repr__(self) -> str:
        """Return one line."""
        authority = self.frame.crs.to_authority()
        plane = ":".join(authority) if authority else self.frame.crs.name
        return (
            f"<Layer {self.name}: {len(self.frame)} polygons, {plane}, "
            f"as of {self.as_of or 'an unknown date'}, coverage {self.coverage_text}>"
        )

    def _repr_html_(self) -> str:
        """Return a small table for notebooks."""
        rows = {
            "layer": self.name,
            "polygons": f"{len(self.frame):,}",
            "CRS": self.frame.crs.name,
            "as of": self.as_of or "not known",
            "coverage": self.coverage_text,
            "source": self.source or "not given",
            "licence": self.licence or "not given",
            "decided while reading": "; ".join(self.report) or "nothing",
        }
        cells = "".join(f"<tr><th>{html.escape(k)}</th><td>{html.escape(v)}</td></tr>" for k, v in rows.items())
        return f"<table>{cells}</table>"


def _coverage(value: Any, name: str) -> Any:
    """Return a coverage in its kept form: None, "everywhere", a tuple of codes or a geometry in EPSG:4326."""
    if value is None or (isinstance(value, str) and value == EVERYWHERE):
        return value
    if isinstance(value, gpd.GeoDataFrame | gpd.GeoSeries):
        value = shapely.union_all(
            np.asarray(crs.to_lonlat(value, what=f"the coverage of {name!r}").geometry.values, dtype=object)
        )
    if isinstance(value, shapely.Polygon | shapely.MultiPolygon):
        return _area(value, name)
    codes = (
        (value,)
        if isinstance(value, str)
        else tuple(value)
        if isinstance(value, list | tuple | set | frozenset)
        else ()
    )
    if codes and all(isinstance(code, str) and _CODE.fullmatch(code) for code in codes):
        return tuple(sorted(codes))
    msg = (
        f"The coverage of layer {name!r} is {value!r}. Give codes such as 'kostat:31' or ['mois:41', 'mois:28'], "
        "a polygon in EPSG:4326, 'everywhere', or None if it is not known."
    )
    raise InputError(msg)


def _area(value: Any, name: str) -> Any:
    """Return a coverage polygon, or refuse one that can cover nothing."""
    west, south, east, north = shapely.bounds(value)
    if shapely.is_valid(value) and -180 <= west <= east <= 180 and -90 <= south <= north <= 90:  # noqa: PLR2004
        return value
    reason = "empty" if shapely.is_empty(value) else shapely.is_valid_reason(value)
    msg = (
        f"The coverage of layer {name!r} cannot be used ({reason}, bounds {west:g}, {south:g} to {east:g}, {north:g}). "
        "Give a valid polygon in longitude and latitude (EPSG:4326), or a GeoDataFrame with its CRS."
    )
    raise InputError(msg)


def digest(frame: gpd.GeoDataFrame) -> str:
    """Return the sha256 of the geometries and their CRS."""
    digest = hashlib.sha256(frame.crs.to_wkt().encode())
    for shape in shapely.to_wkb(np.asarray(frame.geometry.values, dtype=object)):
        digest.update(shape or b"\0")
    return digest.hexdigest()


def as_layer(zone: Any, *, name: str) -> Layer:
    """Return a zone argument, a Layer or a GeoDataFrame, as a Layer of that name.

    Raises
    ------
    InputError
        It is neither.
    """
    if isinstance(zone, Layer):
        if zone.name == name:
            return zone
        return Layer(
            zone.frame,
            name=name,
            coverage=zone.coverage,
            as_of=zone.as_of,
            source=zone.source,
            licence=zone.licence,
            attribution=zone.attribution,
            report=zone.report,
            sha256=zone.sha256,
            checked=True,
        )
    if isinstance(zone, gpd.GeoDataFrame):
        return Layer(zone, name=name)
    msg = f"Zone {name!r} is a {type(zone).__name__}. Give a Layer or a GeoDataFrame (read_layer reads a file)."
    raise InputError(msg)


def named_layers(given: Any, *, what: str = "zones") -> dict[str, Layer]:
    """Return layers to be drawn, by name; the name is only shown and need not be an identifier.

    Raises
    ------
    InputError
        They have no names, or one is neither a Layer nor a GeoDataFrame.

    Examples
    --------
    >>> named_layers(None)
    {}
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        msg = f'{what}= is a {type(given).__name__}. Give layers by name: {what}={{"rdz": layer}}.'
        raise InputError(msg)
    return {
        str(name): one
        if isinstance(one, Layer)
        else as_layer(one, name="zone" if isinstance(one, gpd.GeoDataFrame) else str(name))
        for name, one in given.items()
    }
