"""tag() and overlaps(): where each site lies, and what that rests on."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from clustergeo import _regions, crs, footprints, overlap, schema
from clustergeo._coded import plain
from clustergeo._zones import Zones, meeting, warn_silent, zone_tags
from clustergeo.errors import warn
from clustergeo.layers import as_layer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clustergeo.layers import Layer
    from clustergeo.overlap import Shapes

EVIDENCE_ZONE = "rdz"
ANY_LAYER = "any"
_SAME = 1e-9


def tag(
    sites: gpd.GeoDataFrame, *, zones: Mapping[str, Any] | None = None, as_of: str | None = None
) -> gpd.GeoDataFrame:
    """Return the sites with their region, capital region, sectors and zones.

    Parameters
    ----------
    sites
        Polygons or points with a CRS, n rows; only the geometry is needed. Columns that `load_sites` has mean the same
        here.
    zones
        Zone layers by name, each a `Layer` or a GeoDataFrame of polygons.
    as_of
        The day whose province names and codes are meant; the latest by default.

    Returns
    -------
    geopandas.GeoDataFrame
        The n sites in their own CRS, index and order, with the columns of docs/architecture.md added: regions,
        `in_capital_region`, `capital_share` with proved bounds, `capital_border_km` (geodesic, from the centroid,
        negative inside), `sectors`, and for each zone NAME and always for `rdz` `NAME_present`, `NAME_share`, bounds,
        `NAME_area_m2`, basis, date and source. Shares are 0 to 1; null is unknown.

    Raises
    ------
    InputError
        The frame cannot be used, or a column of it would be overwritten.

    Notes
    -----
    Sites and zones that share a projected CRS are intersected in it; others on a Lambert azimuthal equal-area plane
    (GRS80). Bounds follow from what certainly contains a site, never from sampling.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> sites = gpd.GeoDataFrame(geometry=[shapely.box(127.20, 37.14, 127.21, 37.15)], crs="EPSG:4326")
    >>> tagged = tag(sites)
    >>> tagged["municipality"].iloc[0], bool(tagged["in_capital_region"].iloc[0]), tagged["rdz_basis"].iloc[0]
    ('용인시 처인구', True, 'unknown')
    """
    return Tagger(zones, as_of=as_of).whole(sites)


class Tagger:
    """Zone layers prepared once, for any number of frames or batches of sites.

    Parameters
    ----------
    zones, as_of
        As for `tag`.

    Attributes
    ----------
    layers
        The zone layers by name.
    names
        The zones that are tagged: `rdz` always, and the layers.
    """

    def __init__(self, zones: Mapping[str, Any] | None = None, *, as_of: str | None = None) -> None:
        self.layers = {name: as_layer(zone, name=name) for name, zone in (zones or {}).items()}
        self.names = tuple(dict.fromkeys([EVIDENCE_ZONE, *self.layers]))
        self.as_of = as_of
        self._zones = {name: Zones([layer]) for name, layer in self.layers.items()}

    def __repr__(self) -> str:
        """Return one line."""
        held = ", ".join(f"{name} ({len(layer):,} polygons)" for name, layer in self.layers.items())
        return f"<Tagger: {held or 'no zone layers'}{f', as of {self.as_of}' if self.as_of else ''}>"

    def _repr_html_(self) -> str:
        """Return the layers as small tables for notebooks."""
        parts = [layer._repr_html_() for layer in self.layers.values()]
        return f"<p>{html.escape(repr(self))}</p>{''.join(parts)}"

    @property
    def rests_on(self) -> list[Layer]:
        """The zone layers."""
        return list(self.layers.values())

    def checked(self, sites: Any, *, what: str = "the sites") -> gpd.GeoDataFrame:
        """Return a checked copy of a frame of sites whose columns leave room for the tags."""
        return schema.site_frame(sites, zone_names=self.layers, what=what)

    def whole(self, sites: gpd.GeoDataFrame, *, what: str = "the sites") -> gpd.GeoDataFrame:
        """Return the sites of a frame with their tags, as `tag` does.

        Parameters
        ----------
        sites
            As for `tag`.
        what
            How to name the frame in a refusal.
        """
        frame = self.checked(sites, what=what)
        drawn, source = drawn_of(frame)
        added = self.added(frame, drawn, source)
        self.warn(added.silent, list(frame["site_id"].iloc[added.refuted[: schema.SHOWN]]), len(added.refuted))
        return _in_order(frame, plain(added.columns).set_axis(frame.index))

    def added(self, evidence: pd.DataFrame, drawn: Shapes, source: pyproj.CRS) -> Added:
        """Return the tags of sites.

        Parameters
        ----------
        evidence
            The columns of a checked site frame that say something of the sites; n rows, or no columns at all.
        drawn
            Their polygons and points, n entries, valid; empty ones are missing.
        source
            The CRS of both.
        """
        bounds = overlap.bounds_of(drawn)
        middles = crs.lonlat_of((bounds[:, :2] + bounds[:, 2:]) / 2, source)
        groups = crs.planes_at(middles)
        if len(groups) == 1:
            return self._on_plane(evidence, drawn, source, groups[0][1])
        parts = [
            self._on_plane(evidence.iloc[rows], overlap.rows_of(drawn, rows), source, plane) for rows, plane in groups
        ]
        order = np.argsort(np.concatenate([rows for rows, _ in groups]))
        columns = pd.concat([plain(part.columns) for part in parts], ignore_index=True).iloc[order]
        refuted = np.concatenate([rows[part.refuted] for (rows, _), part in zip(groups, parts, strict=True)])
        silent = {name: sum(part.silent[name] for part in parts) for name in self.names}
        return Added(columns.reset_index(drop=True), silent, np.sort(refuted))

    def _on_plane(self, evidence: pd.DataFrame, drawn: Shapes, source: pyproj.CRS, plane: str) -> Added:
        """Return the tags of sites that share a plane."""
        prints = footprints.of(evidence, drawn, source, plane)
        columns = [
            _regions.region_tags(evidence, prints, self.as_of),
            _regions.capital_tags(prints),
            _sectors(evidence, len(prints)),
        ]
        silent = {}
        for name in self.names:
            tags, silent[name] = zone_tags(evidence, self._zones.get(name), name, prints)
            columns.append(tags)
        whole = {str(name): part[name] for part in columns for name in part.columns}
        return Added(pd.DataFrame(whole), silent, np.flatnonzero(prints.refuted))

    def warn(self, silent: Mapping[str, int], refuted: Sequence[str], count: int) -> None:
        """Say once what the answers could not take into account.

        Parameters
        ----------
        silent
            About how many sites each zone says nothing.
        refuted, count
            The ids of the first sites whose size is refuted, and how many there are.
        """
        if count:
            msg = (
                f"{count} site(s) are larger than the area said to contain them ({', '.join(refuted)}), so nothing is "
                "proved for them. Give `within`, or a position_error_m that covers the whole site."
            )
            warn(msg)
        for name, layer in self.layers.items():
            warn_silent(layer, silent[name])


class Added(NamedTuple):
    """Tags of sites, a row each; the number about which each zone says nothing; and the rows whose size is refuted."""

    columns: pd.DataFrame
    silent: dict[str, int]
    refuted: np.ndarray[Any, Any]


def drawn_of(frame: gpd.GeoDataFrame) -> tuple[Shapes, pyproj.CRS]:
    """Return the geometries of a checked frame as the engine takes their number, and their CRS.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> drawn, source = drawn_of(gpd.GeoDataFrame(geometry=[shapely.Point(0, 0), shapely.Point()], crs="EPSG:5186"))
    >>> drawn.tolist(), source.to_epsg()
    ([<POINT (0 0)>, None], 5186)
    """
    values = np.asarray(frame.geometry.values, dtype=object)
    flat = shapely.force_2d(overlap.only(values, ~shapely.is_empty(values)))
    return overlap.taken(flat), pyproj.CRS(frame.crs)


def _sectors(evidence: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return the sectors of each site, null where the frame names none."""
    if "sectors" in evidence.columns:
        return pd.DataFrame({"sectors": evidence["sectors"].to_numpy(dtype=object)})
    return pd.DataFrame({"sectors": np.full(count, None, dtype=object)})


def _in_order(frame: gpd.GeoDataFrame, added: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the caller's columns in their order, evidence filled, then the added ones, the active geometry last."""
    active = frame.geometry.name
    columns = {name: frame[name] for name in frame.columns if name != active}
    columns |= {name: added[name] for name in added.columns}
    whole = pd.concat([*columns.values(), frame[active]], axis=1, keys=[*columns, active])
    return gpd.GeoDataFrame(whole, geometry=active, crs=frame.crs)


def overlaps(sites: gpd.GeoDataFrame, *, zones: Mapping[str, Any]) -> pd.DataFrame:
    """Return how much of each site each layer takes, alone and with the others.

    Parameters
    ----------
    sites
        As for `tag`. Only measured polygons have figures; the rows of other sites are null.
    zones
        Zone layers by name.

    Returns
    -------
    pandas.DataFrame
        Long, one row a site and layer and one with layer `any`: `site_id, layer, area_m2, share, own_share`, the last
        being what this layer alone removes. Null where a layer is not known to be complete over the site.

    Raises
    ------
    InputError
        As for `tag`.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> sites = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 4, 1)], crs="EPSG:5186")
    >>> from clustergeo import Layer
    >>> def zone(x):
    ...     box = gpd.GeoDataFrame(geometry=[shapely.box(x, 0, x + 2, 1)], crs="EPSG:5186")
    ...     return Layer(box, name="zone", coverage="everywhere")
    >>> overlaps(sites, zones={"left": zone(0), "right": zone(1)})[["layer", "share", "own_share"]].values.tolist()
    [['left', 0.5, 0.25], ['right', 0.5, 0.25], ['any', 0.75, 0.75]]
    """
    layers = {name: as_layer(zone, name=name) for name, zone in zones.items()}
    frame = schema.site_frame(sites, zone_names=layers)
    drawn, source = drawn_of(frame)
    singles = {name: Zones([layer]) for name, layer in layers.items()}
    # What a layer alone removes is what all remove together, less what the others do.
    groups = {name: Zones([one for other, one in layers.items() if other != name]) for name in layers}
    prepared = _Prepared(singles, groups, Zones(list(layers.values())))
    blocks = []
    for rows, plane in crs.planes(frame.geometry):
        prints = footprints.of(frame.iloc[rows], overlap.rows_of(drawn, rows), source, plane)
        part = _overlaps(frame["site_id"].to_numpy()[rows], prints, prepared)
        blocks.append(part.set_index(pd.Index(np.tile(rows, len(layers) + 1))))
    return pd.concat(blocks).sort_index(kind="stable").reset_index(drop=True)


class _Prepared(NamedTuple):
    """Layers one by one, all others of each, and all of them together."""

    singles: Mapping[str, Zones]
    others: Mapping[str, Zones]
    every: Zones


def _overlaps(ids: np.ndarray[Any, Any], prints: footprints.Footprints, zones: _Prepared) -> pd.DataFrame:
    """Return the rows of sites that share a plane, one block a layer."""
    true, prints = prints.true_areas, meeting(prints, list(zones.singles.values()) or [zones.every])
    shapes = overlap.only(prints.shapes, prints.measured)
    whole = np.where(prints.measured, overlap.areas_of(shapes), np.nan)
    inside = {name: zone.inside(prints, shapes) for name, zone in zones.singles.items()}
    known = {
        name: zone.covered(prints, shapes, inside[name], drawn=prints.measured) >= whole * (1 - _SAME)
        for name, zone in zones.singles.items()
    }
    total = zones.every.inside(prints, shapes)
    everything = np.logical_and.reduce(list(known.values())) if known else np.zeros(len(prints), dtype=bool)
    measure = _Measure(ids, whole, true)
    blocks = []
    for name, zone in zones.others.items():
        alone = total - zone.inside(prints, shapes)
        blocks.append(measure.rows(name, inside[name], alone, known=known[name], everything=everything))
    blocks.append(measure.rows(ANY_LAYER, total, total, known=everything, everything=everything))
    return pd.concat(blocks, ignore_index=True)


class _Measure(NamedTuple):
    """What turns areas of overlap into rows: ids, areas in the plane and true areas."""

    ids: np.ndarray[Any, Any]
    whole: np.ndarray[Any, Any]
    true: np.ndarray[Any, Any]

    def rows(
        self,
        layer: str,
        inside: np.ndarray[Any, Any],
        alone: np.ndarray[Any, Any],
        *,
        known: np.ndarray[Any, Any],
        everything: np.ndarray[Any, Any],
    ) -> pd.DataFrame:
        """Return the rows of one layer."""
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(known, inside / self.whole, np.nan)
            own = np.where(everything, np.maximum(alone, 0.0) / self.whole, np.nan)
        return pd.DataFrame(
            {
                "site_id": self.ids,
                "layer": layer,
                "area_m2": share * self.true,
                "share": share,
                "own_share": np.where(own < _SAME, 0.0, own),
            }
        )
