"""Planes: the coordinate reference systems of Korea, and which of them a CRS without a code means."""

from __future__ import annotations

import functools
import math
import re
from typing import TYPE_CHECKING

import pyproj

from clustergeo import crs as crs_room

if TYPE_CHECKING:
    from collections.abc import Iterator

# The planes in use in Korea, those that official files use today first: the order in which candidates are named.
CODES = (
    5186,
    5179,
    5174,
    5181,
    5185,
    5187,
    5188,
    2097,
    5178,
    5173,
    5175,
    5176,
    5177,
    5180,
    5182,
    5183,
    5184,
    2096,
    2098,
)
_KOREAN_1985 = 4162

# Metres and degrees within which parameters are the same; half a metre together.
_NEAR_M = 0.1
_NEAR_DEGREES = 2e-6
_NEAR_SCALE = 1e-8
_TM = {
    "Latitude of natural origin": _NEAR_DEGREES,
    "Longitude of natural origin": _NEAR_DEGREES,
    "Scale factor at natural origin": _NEAR_SCALE,
    "False easting": _NEAR_M,
    "False northing": _NEAR_M,
}
_EARTH = (6_378_137.0, 298.257)


def by_parameters(found: pyproj.CRS) -> pyproj.CRS | None:
    """Return the registered CRS of Korea with the ellipsoid and parameters of another; None if there is none."""
    if re.search("tokyo", _datum(found), re.IGNORECASE):
        return None
    if found.is_geographic:
        return pyproj.CRS(_KOREAN_1985) if _bessel(found) and _nameless(found) else None
    said = _parameters(found)
    if said is None:
        return None
    for code in CODES:
        known = korean(code)
        fits = all(abs(one - other) <= _TM[name] for name, (one, other) in _paired(said, _parameters(known)))
        if fits and _bessel(found) == _bessel(known) and (_bessel(found) or _modern(found)):
            return known
    return None


def _paired(one: dict[str, float], other: dict[str, float] | None) -> Iterator[tuple[str, tuple[float, float]]]:
    """Yield the parameters of two planes side by side."""
    for name in _TM:
        yield name, (one[name], (other or {}).get(name, math.inf))


def _parameters(crs: pyproj.CRS) -> dict[str, float] | None:
    """Return the parameters of a Transverse Mercator in metres and degrees; None for any other CRS."""
    method = crs.coordinate_operation
    if not crs.is_projected or method is None or method.method_name != "Transverse Mercator":
        return None
    if any(axis.unit_conversion_factor != 1 for axis in crs.axis_info):
        return None
    degree = math.pi / 180
    told = {
        one.name: float(one.value) * one.unit_conversion_factor / (degree if "itude" in one.name else 1)
        for one in method.params
    }
    return told if set(_TM) <= set(told) else None


def by_name(found: pyproj.CRS) -> pyproj.CRS | None:
    """Return the plane of Korea of this name, for a CRS that says nothing else of itself."""
    if found.is_geographic or found.is_projected:
        return None
    name = _letters(found.name)
    return next((korean(code) for code in CODES if name in {_letters(korean(code).name), f"epsg{code}"}), None)


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


@functools.cache
def korean(code: int) -> pyproj.CRS:
    """Return a CRS of the register."""
    return pyproj.CRS.from_epsg(code)


def _datum(crs: pyproj.CRS) -> str:
    """Return the name of a datum."""
    return crs.datum.name if crs.datum is not None else ""


def _nameless(crs: pyproj.CRS) -> bool:
    """Say whether a datum is only an ellipsoid, or the Korean one in a spelling that the register does not know."""
    return bool(re.search(r"unknown|not.?specified|bessel|korean.?(datum|1985)", _datum(crs), re.IGNORECASE))


def _bessel(crs: pyproj.CRS) -> bool:
    """Say whether a CRS stands on the ellipsoid of Bessel."""
    size, flat = _ellipsoid(crs)
    return abs(size - 6_377_397.155) < 1 and abs(flat - 299.1528) < 0.01  # noqa: PLR2004


def _modern(crs: pyproj.CRS) -> bool:
    """Say whether a CRS stands on the ellipsoid of GRS80 or of WGS 84, which are alike within a millimetre."""
    size, flat = _ellipsoid(crs)
    return abs(size - _EARTH[0]) < 1 and abs(flat - _EARTH[1]) < 0.01  # noqa: PLR2004


def _ellipsoid(crs: pyproj.CRS) -> tuple[float, float]:
    """Return the greater half axis and the inverse flattening."""
    shape = crs.ellipsoid
    return (math.nan, math.nan) if shape is None else (shape.semi_major_metre, shape.inverse_flattening)


def astray(found: pyproj.CRS) -> bool:
    """Say whether PROJ knows no way from a datum to WGS 84, and the ellipsoids differ."""
    if _modern(found):
        return False
    way = pyproj.Transformer.from_crs(found, crs_room.LONLAT, always_xy=True)
    way.transform(0.0, 0.0)
    return "ballpark" in way.description.lower() or "ballpark" in str(way.definition).lower()


def shifted(found: pyproj.CRS) -> bool:
    """Say whether a CRS spells out a datum shift that is none of zeros."""
    if not found.is_bound or found.coordinate_operation is None:
        return False
    shift = found.coordinate_operation.towgs84
    return any(shift) if shift else True
