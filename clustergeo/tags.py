"""tag() and overlaps(): where each site lies, and what that rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustergeo import _regions, _zones, crs, footprints, overlap, schema
from clustergeo.errors import warn
from clustergeo.layers import Layer, as_layer

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    layers = {name: as_layer(zone, name=name) for name, zone in (zones or {}).items()}
    frame = schema.site_frame(sites, zone_names=layers)
    names, parts, order, refuted = list(dict.fromkeys([EVIDENCE_ZONE, *layers])), [], [], []
    silent = dict.fromkeys(names, 0)
    for rows, plane in crs.planes(frame.geometry):
        some = frame.iloc[rows]
        prints = footprints.of(some, plane)
        columns = [_regions.region_tags(some, prints, as_of), _regions.capital_tags(some, prints), _sectors(some)]
        for name in names:
            tags, count = _zones.zone_tags(some, layers.get(name), name, prints)
            columns.append(tags)
            silent[name] += count
        parts.append(pd.concat([part.reset_index(drop=True) for part in columns], axis=1))
        order.append(rows)
        refuted += list(some["site_id"][prints.refuted])
    _warn_refuted(refuted)
    for name, layer in layers.items():
        _zones.warn_silent(layer, silent[name])
    added = pd.concat(parts, ignore_index=True).iloc[np.argsort(np.concatenate(order))]
    return _in_order(frame, added.set_axis(frame.index))


def _warn_refuted(ids: list[str]) -> None:
    """Say which sites are larger than what is said to contain them."""
    if ids:
        msg = (
            f"{len(ids)} site(s) are larger than the area said to contain them ({', '.join(ids[:5])}), so "
            "nothing is proved for them. Give `within`, or a position_error_m that covers the whole site."
        )
        warn(msg)


def _sectors(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the sectors of each site, null where the frame names none."""
    if "sectors" in frame.columns:
        return pd.DataFrame({"sectors": frame["sectors"]})
    return pd.DataFrame({"sectors": pd.Series([None] * len(frame), index=frame.index, dtype=object)})


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
    blocks = []
    for rows, plane in crs.planes(frame.geometry):
        part = _overlaps(frame.iloc[rows], layers, plane)
        blocks.append(part.set_index(pd.Index(np.tile(rows, len(layers) + 1))))
    return pd.concat(blocks).sort_index(kind="stable").reset_index(drop=True)


def _overlaps(frame: gpd.GeoDataFrame, layers: Mapping[str, Layer], plane: str) -> pd.DataFrame:
    """Return the rows of sites that share a plane, one block a layer."""
    shared = {str(_zones.common_crs(frame, layer, plane)): layer for layer in layers.values()}
    target: Any = _zones.common_crs(frame, next(iter(layers.values())), plane) if len(shared) == 1 else plane
    prints = footprints.of(frame, target)
    shapes = overlap.only(prints.shapes, prints.measured)
    whole = np.asarray(shapely.area(shapes), dtype=np.float64)
    inside = {name: _zones.inside_areas(frame, [layer], prints, shapes) for name, layer in layers.items()}
    known = {
        name: _zones.covered_areas(layer, prints, shapes, inside[name], drawn=prints.measured) >= whole * (1 - _SAME)
        for name, layer in layers.items()
    }
    total = _zones.inside_areas(frame, list(layers.values()), prints, shapes)
    everything = np.logical_and.reduce(list(known.values())) if known else np.zeros(len(frame), dtype=bool)
    measure = _Measure(frame["site_id"].to_numpy(), whole, crs.areas_m2(frame.geometry))
    blocks = []
    for name in layers:
        others = [layer for other, layer in layers.items() if other != name]
        alone = total - _zones.inside_areas(frame, others, prints, shapes)
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
