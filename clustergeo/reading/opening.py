"""A file before its rows are read: is it there, which layer of it is meant, where do its coordinates lie."""

from __future__ import annotations

import contextlib
import math
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyogrio
import pyproj

from clustergeo import crs as crs_room
from clustergeo._files import native
from clustergeo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PARQUET = (".parquet", ".geoparquet")
UNKNOWN_BOUNDS = (math.nan,) * 4

_REFUSALS = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pa.ArrowException,
    ValueError,
    RuntimeError,
    OSError,
)
_ADDRESS = ";!"
_SHAPEFILE = (9994).to_bytes(4, "big")
_KOREA = (124.0, 33.0, 132.0, 39.0)


def shown(path: str | Path) -> str:
    """Return a path for a message, readable in any locale."""
    return repr(os.fsencode(native(path) if path else "").decode("utf-8", "backslashreplace"))


def expect_file(path: str | Path, endings: Iterable[str]) -> Path:
    """Return the path of a file that is there, is not empty and has one of these endings.

    Raises
    ------
    InputError
        It is not; the message names the path and the cure.
    """
    file = native(path)
    if not file.is_file():
        msg = f"There is no file {shown(path)}. Check the path and the working directory."
        raise InputError(msg)
    known = tuple(endings)
    if file.suffix.lower() not in known:
        msg = f"{shown(path)} is of an unknown format. clustergeo reads {', '.join(known)}."
        raise InputError(msg)
    if file.stat().st_size == 0:
        msg = f"{shown(path)} is empty (0 bytes). Export it again."
        raise InputError(msg)
    return file


def named_crs(crs: Any) -> pyproj.CRS:
    """Return the CRS that an argument names.

    Examples
    --------
    >>> named_crs(5186).to_epsg()
    5186
    """
    try:
        return pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError as error:
        msg = f"crs={crs!r} is no coordinate reference system. Write for example 'EPSG:5186'."
        raise InputError(msg) from error


def placed(
    found: pyproj.CRS | None, asked: Any, bounds: Sequence[float], *, path: str | Path
) -> tuple[pyproj.CRS, list[str]]:
    """Return the CRS of a file, overridden where the caller says so, and what was decided.

    Parameters
    ----------
    found
        The one in the file, None where it has none.
    asked
        The one that the caller names, or None.
    bounds
        Least and greatest x and y of the data, not-a-number where they are not known.
    path
        Of the file, for a refusal.

    Raises
    ------
    InputError
        There is none, or the caller's is none.
    """
    if asked is None:
        return crs_room.require_crs(gpd.GeoSeries(crs=found), what=f"the file {shown(path)}"), []
    wanted = named_crs(asked)
    # A reader labels GeoJSON longitude and latitude even where it holds metres: there is nothing to override then.
    if found is None or found == wanted or _impossible(found, bounds):
        return wanted, []
    return wanted, [f"CRS {found.name} overridden by {wanted.name}, as asked"]


def check_bounds(crs: pyproj.CRS, bounds: Sequence[float], *, path: str | Path) -> None:
    """Refuse longitude and latitude that cannot be such, or that fit Korea only when swapped; and degrees as metres."""
    west, south, east, north = bounds
    if not np.isfinite([west, south, east, north]).all():
        return
    if not crs.is_geographic:
        # In metres of a plane this would be a spot of a few metres.
        if _KOREA[0] <= west and east <= _KOREA[2] and _KOREA[1] <= south and north <= _KOREA[3]:
            msg = (
                f"{shown(path)} is said to be in {crs.name} but holds {west:g} to {east:g} and {south:g} to {north:g}: "
                'these are longitudes and latitudes. Name their CRS: crs="EPSG:4326" (--crs EPSG:4326).'
            )
            raise InputError(msg)
        return
    swapped = _KOREA[0] <= south and north <= _KOREA[2] and _KOREA[1] <= west and east <= _KOREA[3]
    if swapped:
        msg = (
            f"{shown(path)} has longitudes of {west:g} to {east:g} and latitudes of {south:g} to {north:g}: "
            "they fit Korea only when swapped. Swap the two columns or axes."
        )
        raise InputError(msg)
    if _impossible(crs, bounds):
        msg = (
            f"{shown(path)} is labelled longitude and latitude but holds {west:g} to {east:g} and {south:g} to "
            f'{north:g}: these are plane coordinates. Name their CRS: crs="EPSG:5186" (--crs EPSG:5186).'
        )
        raise InputError(msg)


def _impossible(crs: pyproj.CRS, bounds: Sequence[float]) -> bool:
    """Say whether what is labelled longitude and latitude cannot be such."""
    west, south, east, north = bounds
    return bool(crs.is_geographic and (west < -180 or east > 180 or south < -90 or north > 90))  # noqa: PLR2004


def refuse_layer(file: Path, layer: str | None) -> None:
    """Refuse a layer asked of a format that has none."""
    if layer is not None:
        msg = f"layer={layer!r} was asked of {shown(file)}, whose format holds one table only. Leave it out."
        raise InputError(msg)


def check_length(file: Path) -> None:
    """Refuse a shapefile that is cut short: GDAL would read the rows beyond the cut as having no geometry."""
    if file.suffix.lower() != ".shp":
        return
    with file.open("rb") as stream:
        magic, _, length = stream.read(4), stream.read(20), stream.read(4)
    # The header counts the length of the file in words of two bytes.
    told, held = 2 * int.from_bytes(length, "big"), file.stat().st_size
    if magic == _SHAPEFILE and held < told:
        msg = f"{shown(file)} is cut short: it says that it has {told:,} bytes, but has {held:,}. Copy it again."
        raise InputError(msg)


def no_rows(path: str | Path) -> InputError:
    """Return the refusal of a file without rows."""
    return InputError(f"{shown(path)} has no rows. Check that the export worked and the right layer was chosen.")


def no_geometry(path: str | Path, where: str = "") -> InputError:
    """Return the refusal of a file without a geometry, at all or in any row."""
    return InputError(f"{shown(path)} has no geometry{where}: clustergeo needs polygons or points.")


@contextlib.contextmanager
def readable(path: str | Path) -> Iterator[None]:
    """Turn what GDAL or Arrow cannot read into a refusal that carries its cure."""
    try:
        yield
    except InputError:
        raise
    except _REFUSALS as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        msg = f"{shown(path)} cannot be read: {reason}. Check that it is whole and of the format its name says."
        raise InputError(msg) from error


def chosen_layer(source: str, layer: str | None, *, path: str | Path) -> str | None:
    """Return which layer of a file that GDAL opens is read: the one asked for, or the only one with a geometry.

    Raises
    ------
    InputError
        There are several and none was asked for; the message names them.
    """
    found = pyogrio.list_layers(source)
    names = [str(name) for name, kind in found if kind is not None]
    if layer is not None and layer not in [str(name) for name, _ in found]:
        msg = f"{shown(path)} has no layer {layer!r}; it holds {', '.join(names) or 'none with a geometry'}."
        raise InputError(msg)
    if layer is not None or not names:
        return layer
    if len(names) > 1:
        msg = (
            f"{shown(path)} holds {len(names)} layers: {', '.join(names)}. "
            f"Name one: layer={names[0]!r} (--layer {names[0]} on the command line)."
        )
        raise InputError(msg)
    return names[0]


@contextlib.contextmanager
def gdal_path(file: Path) -> Iterator[str]:
    """Yield a path that GDAL and Arrow can open.

    They take a text and encode it as UTF-8, whatever the locale; under `LC_ALL=C` a Korean name holds surrogate escapes
    that stand for the same bytes. A name of other bytes (cp949, from an old disk), or one that pyogrio would not take
    for the name of a file, is reached through links.
    """
    try:
        text = os.fsencode(file).decode("utf-8")
    except UnicodeDecodeError:
        text = _ADDRESS
    if set(text) & set(_ADDRESS) or (text.lower().endswith(".zip") and not text.endswith(".zip")):
        with tempfile.TemporaryDirectory() as folder:
            for sibling in file.parent.iterdir():
                if sibling.stem == file.stem and sibling.is_file():
                    Path(folder, f"file{sibling.suffix.lower()}").symlink_to(sibling.absolute())
            yield str(Path(folder, f"file{file.suffix.lower()}"))
    else:
        yield text
