"""Projection: the CRS of a file by authority, parameters or name, held against where its coordinates would lie."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyproj
import shapely

from clustergeo import crs as crs_room
from clustergeo import datasets
from clustergeo.errors import InputError
from clustergeo.reading.opening import companion, shown
from clustergeo.reading.planes import CODES, astray, by_name, by_parameters, korean, shifted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

# Korea with its islands, and a little beyond.
_TURN = 180.0
_KOREA = (123.5, 32.0, 132.5, 39.5)
# Data at sea farther out than this, in degrees, may be land read with its axes swapped.
_OFFSHORE = 0.1
_SAMPLE = 200
_NAMED = 3


class Placed(NamedTuple):
    """Where the coordinates of a file lie, and what was decided.

    Attributes
    ----------
    crs
        Of the coordinates.
    report
        What was decided, one sentence each.
    """

    crs: pyproj.CRS
    report: list[str]


def named_crs(crs: Any) -> pyproj.CRS:
    """Return the CRS that an argument names.

    Examples
    --------
    >>> named_crs(5186).to_epsg()
    5186
    """
    try:
        return pyproj.CRS.from_user_input(crs)
    except (pyproj.exceptions.CRSError, TypeError, ValueError) as error:
        msg = f"crs={crs!r} is no coordinate reference system. Write for example 'EPSG:5186'."
        raise InputError(msg) from error


def stated(frame: Any, asked: Any, *, path: str | Path) -> pyproj.CRS | None:
    """Return the CRS that a frame states; None for none, and for a damaged one where the caller names another.

    Raises
    ------
    InputError
        PROJ cannot read it.
    """
    if frame.crs is None:
        return None
    try:
        return pyproj.CRS(frame.crs)
    except pyproj.exceptions.CRSError as error:
        if asked is not None:
            return None
        msg = f"{shown(path)} names a CRS that cannot be read: its definition is damaged. {_cure(frame.total_bounds)}"
        raise InputError(msg) from error


def placed(
    found: pyproj.CRS | None,
    asked: Any,
    bounds: Sequence[float],
    *,
    path: str | Path,
    points: NDArray[np.float64] | None = None,
    swap_xy: bool | None = None,
) -> Placed:
    """Return the CRS of a file: as asked, by authority, by parameters or by name; and hold it against the bounds.

    Parameters
    ----------
    found
        The one that the file names, None where it names none.
    asked
        The one that the caller names, or None.
    bounds
        Least and greatest x and y of the data, not-a-number where they are not known.
    path
        Of the file, for a refusal.
    points
        Some positions of the data, shape (n, 2), where they are known.
    swap_xy
        Whether the caller has said which axis comes first; None if not.

    Raises
    ------
    InputError
        There is no CRS, or none that can be right: with the candidates.

    Notes
    -----
    A Transverse Mercator of Korea that names its parameters and no EPSG code is the plane of the EPSG register with
    the same ellipsoid and parameters. On the Bessel ellipsoid that brings the datum back, without which positions lie
    some 300 m off. A shift that the file spells out (TOWGS84) is kept.

    Examples
    --------
    >>> text = "+proj=tmerc +lat_0=38 +lon_0=127.0028902777778 +k=1 +x_0=200000 +y_0=500000 +ellps=bessel +units=m"
    >>> found = placed(pyproj.CRS(text), None, (190_000, 440_000, 210_000, 460_000), path="zones.shp")
    >>> found.crs.to_epsg(), found.report[0].split(":")[0]
    (5174, "CRS 'unknown' names no datum; read by its parameters as EPSG")
    """
    try:
        return _decided(found, asked, bounds, path=path, points=points, swap_xy=swap_xy)
    except pyproj.exceptions.ProjError as error:
        name = named_crs(asked).name if asked is not None else "a CRS" if found is None else found.name
        reason = str(error).splitlines()[0]
        msg = f"{shown(path)}: PROJ knows no way from {name!r} to longitude and latitude ({reason}). {_cure(bounds)}"
        raise InputError(msg) from error


def _decided(
    found: pyproj.CRS | None,
    asked: Any,
    bounds: Sequence[float],
    *,
    path: str | Path,
    points: NDArray[np.float64] | None,
    swap_xy: bool | None,
) -> Placed:
    """Return the CRS of a file and what was decided."""
    report = []
    if asked is not None:
        place = named_crs(asked)
        # A reader labels GeoJSON longitude and latitude even where it holds metres: there is nothing to override then.
        if found is not None and found != place and not _impossible(found, bounds):
            report.append(f"CRS {found.name} overridden by {place.name}, as asked")
    elif found is None:
        raise _none(bounds, path)
    else:
        place, report = _recognised(found, bounds, path)
    check_bounds(place, bounds, path=path)
    report += _doubts(place, bounds, points, path=path, swap_xy=swap_xy)
    return Placed(place, report)


def of_prj(file: Path) -> pyproj.CRS | None:
    """Return what the `.prj` of a shapefile says that GDAL does not read: a code such as EPSG:5186, or parameters."""
    told = companion(file, ".prj") if file.suffix.lower() == ".shp" else None
    if told is None:
        return None
    try:
        return pyproj.CRS.from_user_input(told.read_bytes()[:10_000].decode("utf-8-sig").strip())
    except (pyproj.exceptions.CRSError, ValueError):
        return None


def check_bounds(crs: pyproj.CRS, bounds: Sequence[float], *, path: str | Path) -> None:
    """Refuse bounds that cannot be right in a CRS: plane coordinates as degrees, degrees as metres, swapped axes.

    Raises
    ------
    InputError
        With the cure.
    """
    west, south, east, north = bounds
    if not np.isfinite([west, south, east, north]).all():
        return
    said = f"{west:g} to {east:g} and {south:g} to {north:g}"
    if not crs.is_geographic and (_in_korea(bounds) or _in_korea(_swapped(bounds))):
        # In metres of a plane this would be a spot of a few metres.
        turned = "" if _in_korea(bounds) else ", swap_xy=True"
        msg = (
            f"{shown(path)} is said to be in {crs.name} but holds {said}: these are longitudes and latitudes. "
            f'Name their CRS: crs="EPSG:4326"{turned} (--crs EPSG:4326{turned and " --swap-xy"}).'
        )
        raise InputError(msg)
    if _in_korea(_lonlat(crs, _swapped(bounds))) and not _in_korea(_lonlat(crs, bounds)):
        raise _swap(crs, bounds, path)
    if _impossible(crs, bounds) and max(map(abs, bounds)) <= _TURN:
        msg = (
            f"{shown(path)} is labelled longitude and latitude but holds {said}: rows of both orders of the axes are "
            "mixed. Correct them in the file; `clustergeo check` (cg.check) names them."
        )
        raise InputError(msg)
    if _impossible(crs, bounds):
        msg = (
            f"{shown(path)} is labelled longitude and latitude but holds {said}: these are plane coordinates. "
            f"{_cure(bounds)}"
        )
        raise InputError(msg)


def sample_of(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return the first positions of some of the geometries, evenly chosen.

    Examples
    --------
    >>> sample_of(np.array([shapely.Point(1, 2), None])).tolist()
    [[1.0, 2.0]]
    """
    rows = np.linspace(0, len(shapes) - 1, min(len(shapes), _SAMPLE)).astype(int)
    points, owner = shapely.get_coordinates(shapes[rows], return_index=True)
    return np.asarray(points[np.diff(owner, prepend=-1) > 0], dtype=np.float64)


def _recognised(found: pyproj.CRS, bounds: Sequence[float], path: str | Path) -> tuple[pyproj.CRS, list[str]]:
    """Return the CRS that a file means, and what was decided."""
    told = shifted(found)
    if told or "id" in found.to_json_dict():
        return found, []
    flat = found.source_crs if found.is_bound and found.source_crs is not None else found
    known = by_parameters(flat) or by_name(found)
    if known is not None:
        moved = _moved(found, known, bounds)
        wanted = f"EPSG:{known.to_epsg()} ({known.name})"
        if moved is not None and moved > 1:
            said = f"CRS {found.name!r} names no datum; read by its parameters as {wanted}"
            return known, [f"{said}: overrode the datum, without which it would lie {moved:,.0f} m off"]
        return known, [f"CRS {found.name!r} has no EPSG code; read by its parameters as {wanted}"]
    if not (found.is_geographic or found.is_projected):
        msg = f"{shown(path)} is in {found.name!r}, which says nothing of where on Earth it lies. {_cure(bounds)}"
        raise InputError(msg)
    if astray(found):
        msg = (
            f"{shown(path)} is in {found.name!r}, on the ellipsoid {found.ellipsoid.name if found.ellipsoid else '?'} "
            f"without a datum: its positions may be hundreds of metres off. {_cure(bounds)}"
        )
        raise InputError(msg)
    return found, []


def _moved(found: pyproj.CRS, known: pyproj.CRS, bounds: Sequence[float]) -> float | None:
    """Return how far apart two readings of the middle of the bounds lie, in metres."""
    middle = np.array([[(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2]])
    if not np.isfinite(middle).all():
        return None
    one, other = crs_room.lonlat_of(middle, found), crs_room.lonlat_of(middle, known)
    metres = float(crs_room.geodesic_distances_m(one[:, 0], one[:, 1], other[:, 0], other[:, 1])[0])
    return metres if math.isfinite(metres) else None


def _doubts(
    crs: pyproj.CRS,
    bounds: Sequence[float],
    points: NDArray[np.float64] | None,
    *,
    path: str | Path,
    swap_xy: bool | None,
) -> list[str]:
    """Return what is odd about where the data lies; refuse it where it is land of Korea only with its axes swapped."""
    if not np.isfinite(bounds).all() or crs.is_geographic:
        return []
    here = _lonlat(crs, bounds)
    if not _in_korea(here):
        others = _candidates(bounds)
        if not others:
            return []
        west, south, east, north = here
        where = f"longitude {west:.1f} to {east:.1f}, latitude {south:.1f} to {north:.1f}"
        return [f"in {crs.name} it lies outside Korea ({where}), in {_listed(others)} inside: if so, pass crs="]
    if swap_xy is None and _in_korea(_lonlat(crs, _swapped(bounds))):
        held = np.array(bounds).reshape(2, 2) if points is None or not len(points) else points
        if not ashore(crs, held, bounds) and ashore(crs, held[:, ::-1], _swapped(bounds)):
            others = [one for one in _candidates(bounds) if ashore(one, held, bounds)]
            raise _at_sea(crs, bounds, path, others)
    return []


def ashore(crs: pyproj.CRS, points: NDArray[np.float64], bounds: Sequence[float]) -> bool:
    """Say whether half of the positions, or the box round all where only its corners are known, are near the land."""
    if len(points) <= 2:  # noqa: PLR2004
        shapes = np.array([shapely.box(*_lonlat(crs, bounds))])
    else:
        held = crs_room.lonlat_of(points, crs)
        # A position that the CRS cannot show is near nothing.
        shapes = shapely.points(held[np.isfinite(held).all(axis=1)])
    near = np.zeros(len(shapes), dtype=bool)
    for land in _ground():
        near |= shapely.dwithin(land, shapes, _OFFSHORE)
    return bool(2 * near.sum() >= max(len(points), 1))


@functools.cache
def _ground() -> NDArray[np.object_]:
    """Return the land of Korea."""
    land = np.asarray(datasets.load_regions("province").geometry.values, dtype=object)
    shapely.prepare(land)
    return land


def _candidates(bounds: Sequence[float]) -> list[pyproj.CRS]:
    """Return the planes of Korea in which bounds would lie in Korea."""
    return [korean(code) for code in CODES if _in_korea(_lonlat(korean(code), bounds))]


def _listed(planes: Sequence[pyproj.CRS]) -> str:
    """Return the names of the first of some planes."""
    return " or ".join(f"EPSG:{one.to_epsg()} ({one.name})" for one in planes[:_NAMED])


def _cure(bounds: Sequence[float]) -> str:
    """Return what to pass for coordinates whose CRS is not known."""
    known = np.isfinite(bounds).all()
    if known and _in_korea(bounds):
        return 'Name their CRS: crs="EPSG:4326" (--crs EPSG:4326) if they are longitudes and latitudes of WGS 84.'
    others = _candidates(bounds) if known else []
    if not others and known and (turned := _candidates(_swapped(bounds))):
        first = turned[0].to_epsg()
        return (
            f"With the axes swapped they would lie in Korea in {_listed(turned)}. Ask the publisher which it is, and "
            f'pass for example crs="EPSG:{first}", swap_xy=True (--crs EPSG:{first} --swap-xy).'
        )
    if not others:
        return 'Name their CRS: crs="EPSG:..." (--crs EPSG:...); in no plane in use in Korea do they lie in Korea.'
    first = others[0].to_epsg()
    return (
        f"They would lie in Korea in {_listed(others)}. Ask the publisher which it is, and name it: "
        f'crs="EPSG:{first}" (--crs EPSG:{first}).'
    )


def _none(bounds: Sequence[float], path: str | Path) -> InputError:
    """Return the refusal of a file that names no CRS."""
    return InputError(
        f"the file {shown(path)} has no coordinate reference system (CRS), so its coordinates cannot be placed. "
        f"{_cure(bounds)}"
    )


def _swap(crs: pyproj.CRS, bounds: Sequence[float], path: str | Path) -> InputError:
    """Return the refusal of coordinates that lie in Korea with their axes swapped only."""
    west, south, east, north = bounds
    axes = ("longitudes", "latitudes") if crs.is_geographic else ("x", "y")
    return InputError(
        f"{shown(path)} has {axes[0]} of {west:g} to {east:g} and {axes[1]} of {south:g} to {north:g} in {crs.name}: "
        "they fit Korea only when swapped. Swap the two columns or axes: swap_xy=True (--swap-xy)."
    )


def _at_sea(crs: pyproj.CRS, bounds: Sequence[float], path: str | Path, others: list[pyproj.CRS]) -> InputError:
    """Return the refusal of coordinates that lie at sea, and on land with their axes swapped."""
    west, south, east, north = bounds
    system = f", or it is in {_listed(others)}: pass crs=" if others else ""
    return InputError(
        f"{shown(path)} has x of {west:g} to {east:g} and y of {south:g} to {north:g} in {crs.name}: they lie in the "
        f"sea off Korea, and on its land when swapped. Either the axes are swapped: swap_xy=True (--swap-xy){system}; "
        "or it does lie at sea: swap_xy=False (--keep-xy)."
    )


def _swapped(bounds: Sequence[float]) -> tuple[float, float, float, float]:
    """Return bounds with x as y."""
    west, south, east, north = bounds
    return south, west, north, east


def _lonlat(crs: pyproj.CRS, bounds: Sequence[float]) -> tuple[float, float, float, float]:
    """Return bounds in longitude and latitude, infinite where there is none."""
    if crs.is_geographic:
        west, south, east, north = bounds
        return west, south, east, north
    corners = np.array([[x, y] for x in bounds[::2] for y in bounds[1::2]], dtype=np.float64)
    moved = crs_room.change(crs, crs_room.LONLAT)(corners)
    return (*moved.min(axis=0).tolist(), *moved.max(axis=0).tolist())


def _in_korea(bounds: Sequence[float]) -> bool:
    """Say whether bounds in degrees lie in Korea."""
    west, south, east, north = bounds
    return bool(_KOREA[0] <= west <= east <= _KOREA[2] and _KOREA[1] <= south <= north <= _KOREA[3])


def _impossible(crs: pyproj.CRS, bounds: Sequence[float]) -> bool:
    """Say whether what is labelled longitude and latitude cannot be such."""
    west, south, east, north = bounds
    return bool(crs.is_geographic and (west < -180 or east > 180 or south < -90 or north > 90))  # noqa: PLR2004
