"""Features of a service as a layer: decoded, placed, without the copies that tiles and pages bring."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from clustergeo import crs as crs_room
from clustergeo import overlap, schema
from clustergeo.errors import InputError, ServiceError, warn
from clustergeo.layers import Layer
from clustergeo.reading import _boxes
from clustergeo.reading._arrow import displaced, free, settled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clustergeo.reading._boxes import Box

_GEOMETRY = "geometry"
_SLACK = 1e-6  # degrees: a decimetre, for services that round


def identity(feature: dict[str, Any]) -> str:
    """Return what two copies of a feature share by properties and geometry, whatever number the service gave them."""
    said = json.dumps([feature.get("properties"), feature.get(_GEOMETRY)], sort_keys=True)
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()


class Gathered:
    """Features of several tiles, each once.

    A feature on the edge of tiles comes whole from each of them. What one tile holds twice is in the data twice.
    """

    def __init__(self) -> None:
        self.features: list[dict[str, Any]] = []
        self.copies = 0
        self._held: Counter[str] = Counter()

    def add(self, features: Iterable[dict[str, Any]]) -> None:
        """Take the features of one tile."""
        here: Counter[str] = Counter()
        for feature in features:
            key = identity(feature)
            here[key] += 1
            if here[key] > self._held[key]:
                self._held[key] += 1
                self.features.append(feature)
            else:
                self.copies += 1

    @property
    def pieces(self) -> int:
        """How many ids stand at features that differ."""
        ids = Counter(str(feature["id"]) for feature in self.features if feature.get("id") is not None)
        return sum(count > 1 for count in ids.values())


def frame_of(features: list[dict[str, Any]], *, crs: Any, what: str) -> gpd.GeoDataFrame:
    """Return GeoJSON features as a frame; the properties keep their names and types.

    Raises
    ------
    ServiceError
        A geometry or the properties of a feature are none.
    """
    odd = [feature for feature in features if not isinstance(feature.get("properties") or {}, dict)]
    if odd:
        msg = f"{what}: the properties of feature {odd[0].get('id')!r} are no object. Report it to the service."
        raise ServiceError(msg)
    records = [feature.get("properties") or {} for feature in features]
    table = pd.DataFrame(records)
    for name in table.columns[table.dtypes == np.float64]:
        values = [record.get(name) for record in records]
        # Whole numbers with a null among them: floats would change those of many digits, such as a PNU.
        if all(value is None or _fits(value) for value in values):
            table[name] = pd.array(values, dtype="Int64")
    table = settled(table)
    if _GEOMETRY in table.columns:
        other = free(_GEOMETRY, table.columns)
        table = table.rename(columns={_GEOMETRY: other})
        warn(f"{what}: {displaced(_GEOMETRY, other)}.")
    shapes = np.full(len(features), None, dtype=object)
    for row, feature in enumerate(features):
        if feature.get(_GEOMETRY) is None:
            continue
        try:
            shapes[row] = shapely.from_geojson(json.dumps(feature[_GEOMETRY]))
        except (shapely.errors.GEOSException, ValueError, TypeError) as error:
            msg = f"{what}: the geometry of feature {feature.get('id', row + 1)!r} cannot be decoded ({error})."
            raise ServiceError(msg) from error
    return gpd.GeoDataFrame(table.set_index(pd.RangeIndex(len(features))), geometry=shapes, crs=crs)


def _fits(value: Any) -> bool:
    """Say whether a value is a whole number of eight bytes."""
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def check_place(frame: gpd.GeoDataFrame, box: Box, *, what: str, cure: str) -> None:
    """Refuse features that do not meet the box that was asked for: the axes are swapped, or the CRS is another.

    Parameters
    ----------
    frame
        The features, in any CRS.
    box
        West, south, east, north in degrees.
    what, cure
        How to name the service in a refusal, and what else the user can do.

    Raises
    ------
    ServiceError
        Some do not.
    """
    lonlat = crs_room.to_lonlat(frame, what=what)
    bounds = np.asarray(lonlat.geometry.bounds, dtype=float)
    # What cannot be a position is off too: a projection of swapped axes ends in infinity.
    off = ~nowhere(frame) & ~_boxes.meeting(bounds, box, slack=_SLACK)
    if not off.any():
        return
    drawn = np.asarray(frame.geometry.values, dtype=object)[off]
    turned = gpd.GeoSeries(shapely.transform(drawn, lambda xy: xy[:, ::-1]), crs=frame.crs)
    back = np.asarray(crs_room.to_lonlat(turned, what=what).geometry.bounds, dtype=float)
    swapped = bool(_boxes.meeting(back, box, slack=_SLACK).all())
    why = "they lie in it only with their axes swapped" if swapped else "their positions or their CRS are wrong"
    msg = (
        f"{what} gave {int(off.sum()):,} of {len(frame):,} features outside the box {box} that was asked for: {why}. "
        f"Nothing was taken. {cure}"
    )
    raise ServiceError(msg)


def nowhere(frame: gpd.GeoDataFrame) -> Any:
    """Say which features have no geometry or an empty one."""
    shapes = np.asarray(frame.geometry.values, dtype=object)
    return shapely.is_missing(shapes) | shapely.is_empty(shapes)


def layer_of(
    frame: gpd.GeoDataFrame,
    *,
    name: str,
    repair: bool,
    what: str,
    report: list[str],
    coverage: Any,
    as_of: str | None,
    source: str,
    licence: str | None,
    attribution: str | None = None,
) -> Layer:
    """Return a frame that was read whole as a layer.

    Raises
    ------
    InputError
        There are points or lines; or features without a geometry or invalid polygons, and no `repair`.
    """
    shapes = np.asarray(frame.geometry.values, dtype=object)
    kinds = shapely.get_type_id(shapes)
    areal = np.isin(kinds, [-1, shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON])
    if not areal.all():
        odd = sorted({shape.geom_type for shape in shapes[~areal]})
        msg = f"{what} holds {', '.join(odd)} ({int((~areal).sum()):,} features). A layer is made of polygons."
        raise InputError(msg)
    lost = np.flatnonzero(nowhere(frame))
    bad = overlap.invalid_rows(shapes)
    if (len(lost) or len(bad)) and not repair:
        # What cannot be placed may lie anywhere in the box, and a site there must not get a zero.
        reasons = [f"row {row}: no geometry" for row in lost[: schema.SHOWN]]
        reasons += [f"row {row}: {shapely.is_valid_reason(shapes[row])}" for row in bad[: schema.SHOWN]]
        msg = f"{what} gave {len(lost):,} features without a geometry and {len(bad):,} invalid polygons:\n- "
        msg += "\n- ".join(reasons) + "\nLeave out and repair them while reading: repair=True. It counts them."
        raise InputError(msg)
    if len(lost) or len(bad):
        done = f"{len(lost)} features without a geometry left out, {len(bad)} invalid polygons repaired, as asked"
        fixed = gpd.GeoSeries(overlap.repaired(shapes, bad), index=frame.index, crs=frame.crs)
        frame = frame.set_geometry(fixed).drop(index=frame.index[lost]).reset_index(drop=True)
        report = [*report, done]
        warn(f"{what}: {done}.")
    if as_of is None:
        report = [*report, "the service does not say of which day its content is: as_of is not known"]
    return Layer(
        frame,
        name=name,
        coverage=coverage,
        as_of=as_of,
        source=source,
        licence=licence,
        attribution=attribution,
        report=tuple(report),
    )


def same_crs(told: Any, wanted: pyproj.CRS) -> bool:
    """Say whether a CRS that a service names is the one that was asked for, whatever its axis order.

    Examples
    --------
    >>> same_crs("urn:ogc:def:crs:EPSG::5179", pyproj.CRS(5179))
    True
    """
    try:
        return bool(pyproj.CRS.from_user_input(told).equals(wanted, ignore_axis_order=True))
    except pyproj.exceptions.CRSError:
        return False
