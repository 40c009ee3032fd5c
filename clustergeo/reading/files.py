"""Sites and layers from files: read rightly, or refused with the cure."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from clustergeo import overlap, schema
from clustergeo.errors import InputError, warn
from clustergeo.layers import Layer
from clustergeo.overlap.threads import pool
from clustergeo.reading._axes import check_shapes
from clustergeo.reading.archives import opened
from clustergeo.reading.formats import ENDINGS, Options, rows_of, swapped
from clustergeo.reading.losses import refusal
from clustergeo.reading.official import lies_in, told_by
from clustergeo.reading.opening import PARQUET, no_geometry, no_rows, refuse_encoding, refuse_layer, shown, some
from clustergeo.reading.projection import named_crs, of_prj, placed, sample_of, stated
from clustergeo.reading.spreadsheets import TABLES
from clustergeo.reading.vocabulary import recognised

if TYPE_CHECKING:
    import os
    from typing import BinaryIO

    from numpy.typing import NDArray

    from clustergeo.reading.losses import Loss

    Given = str | os.PathLike[str] | BinaryIO


class _Read(NamedTuple):
    """The rows of a file and what is said of them.

    `report` is what was decided while reading, `names` are those it came by, `lost` the geometries that cannot be read,
    `tabular` whether it is a table, which has said itself what is without a place, `sound` whether each row
    was found to be a valid polygon on the way.
    """

    frame: gpd.GeoDataFrame
    report: list[str]
    name: str
    sha256: str
    names: tuple[str, str]
    lost: list[Loss]
    tabular: bool
    sound: bool


def read_sites(
    path: Given,
    *,
    crs: Any = None,
    layer: str | None = None,
    encoding: str | None = None,
    swap_xy: bool | None = None,
    repair: bool = False,
) -> gpd.GeoDataFrame:
    r"""Return the sites of a file.

    Parameters
    ----------
    path
        GeoPackage, FlatGeobuf, GeoJSON (also a feature a line), TopoJSON, GeoParquet, shapefile, or a CSV or Excel
        table with longitude and latitude columns (`lon`/`lat`, `경도`/`위도`), a geometry as WKT, or only the place of
        each site: an address (`소재지`), `시군구`, a legal-dong code or a PNU, from which `within` is made (see
        `match_addresses`); a zip of one, or a file in it (`zones.zip/inner.shp`); an `https://` address, fetched once;
        or such a file opened in binary mode.
    crs
        Overrides the file's coordinate reference system; needed where the file has none. Tables are EPSG:4326 by
        default.
    layer
        Which layer or sheet of a file, or file of a zip, of several.
    encoding
        Of the texts of a shapefile or text file. By default what the file says of itself (`.cpg`, language byte) where
        its bytes agree, then UTF-8, then cp949.
    swap_xy
        True swaps the axes; False says that they are right, where data at sea would be land when swapped.
    repair
        Whether to repair invalid geometries, and say how many; otherwise they are refused with the reasons.

    Returns
    -------
    geopandas.GeoDataFrame
        One row a site, in the file's CRS, all columns kept, with a unique text `site_id` (made from the row number,
        from 1, where the file has none) and known evidence columns in their types; times are ISO text. What was decided
        while reading is told in a ClusterGeoWarning, and kept in `attrs["decided_while_reading"]` for a report.

    Raises
    ------
    InputError
        No such file, an unknown format, no geometry, no CRS, no rows, texts in no known encoding, coordinates that
        cannot be right, invalid geometries or duplicate ids: with every problem and the cure.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "sites.csv"
    >>> _ = path.write_text("site_id,lon,lat\na,127.2,37.15\n")
    >>> read_sites(path)["site_id"].tolist()
    ['a']
    """
    return read_and_repair(path, Options(crs, layer, encoding, swap_xy), repair=repair)[0]


def read_and_repair(path: Given, options: Options, *, repair: bool) -> tuple[gpd.GeoDataFrame, int]:
    """Return the sites of a file as `read_sites` does, and how many of their geometries were repaired."""
    found = _read(path, options)
    frame, report, repaired = _repaired(found) if repair else (found.frame, found.report, 0)
    told = [*report, *_nowhere(found)]
    for decided in told:
        warn(f"the file {shown(found.name)}: {decided}.")
    sites = schema.site_frame(frame, what=f"the file {shown(found.name)}", checked=found.sound)
    if told:
        sites.attrs[schema.DECIDED] = told
    return sites, repaired


def read_shapes(path: str | Path, *, crs: Any = None, layer: str | None = None) -> gpd.GeoDataFrame:
    r"""Return the points, lines or polygons of a file, such as roads or stations.

    Parameters
    ----------
    path, crs, layer
        As for `read_sites`.

    Raises
    ------
    InputError
        As for `read_sites`; the geometries themselves are checked where they are used.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "stations.csv"
    >>> _ = path.write_text("lon,lat\n127.2,37.15\n")
    >>> read_shapes(path).geometry.tolist()
    [<POINT (127.2 37.15)>]
    """
    found = _read(path, Options(crs, layer))
    for decided in [*found.report, *_nowhere(found)]:
        warn(f"the file {shown(found.name)}: {decided}.")
    return found.frame


def read_layer(
    path: Given,
    *,
    name: str,
    crs: Any = None,
    layer: str | None = None,
    encoding: str | None = None,
    swap_xy: bool | None = None,
    repair: bool = False,
    coverage: Any = None,
    as_of: str | None = None,
    source: str | None = None,
    licence: str | None = None,
) -> Layer:
    """Return the polygons of a file as a Layer.

    Parameters
    ----------
    path, crs, layer, encoding, swap_xy, repair
        As for `read_sites`.
    name, coverage, as_of, source, licence
        As for `Layer`. The coverage of an official bulk file (`LSMD_CONT_..._29`) is the province in its name; `source`
        is the file's name, or the address it was fetched from, by default.

    Returns
    -------
    Layer
        Its `report` says what was decided while reading.

    Raises
    ------
    InputError
        As for `read_sites` and `Layer`.

    Examples
    --------
    >>> import tempfile, pathlib, geopandas, shapely
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "LSMD_CONT_UD801_29_202501.gpkg"
    >>> shapes = [shapely.box(126.8, 35.1, 126.9, 35.2)]
    >>> geopandas.GeoDataFrame(geometry=shapes, crs="EPSG:4326").to_file(path)
    >>> read_layer(path, name="rdz").report
    ("coverage mois:29, from the file's name", "as of 2025-01, from the file's name")
    """
    found = _read(path, Options(crs, layer, encoding, swap_xy))
    frame, report, _ = _repaired(found) if repair else (found.frame, found.report, 0)
    if frame.geometry.isna().all():
        raise no_geometry(found.name, " in any row")
    report += recognised(frame)
    if not found.sound:
        frame, report = _drawn(frame, report, name=found.name, repair=repair)
    told = told_by(found.names, asked=coverage)
    if coverage is None and told.coverage and lies_in(frame, told.coverage):
        coverage = told.coverage
        report.append(f"coverage {coverage}, from the file's name")
    elif coverage is None and told.coverage:
        report.append(f"its name says {told.coverage}, where none of its polygons lies: no coverage is taken from it")
    if as_of is None and told.as_of:
        as_of = told.as_of
        report.append(f"as of {as_of}, from the file's name")
    origin = found.name if "://" in found.name else Path(found.name).name
    return Layer(
        frame,
        name=name,
        coverage=coverage,
        as_of=as_of,
        source=source or shown(origin).strip("'"),
        licence=licence,
        report=tuple(report),
        sha256=found.sha256,
        checked=found.sound,
    )


def _bare(frame: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Say which rows have no geometry or an empty one."""
    return np.asarray(frame.geometry.isna() | frame.geometry.is_empty, dtype=bool)


def _numbers(rows: NDArray[np.bool_]) -> str:
    """Return the numbers of the first of some rows, from 0."""
    return some(np.flatnonzero(rows).tolist())


def _without_zeros(frame: gpd.GeoDataFrame, shapes: NDArray[np.object_]) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return a frame in which a point at 0 and 0, how a position that is not known is written, is none; and say so."""
    zero = shapely.get_type_id(shapes) == shapely.GeometryType.POINT
    zero[zero] = ~shapely.is_empty(shapes[zero])
    zero[zero] = (shapely.get_coordinates(shapes[zero]) == 0).all(axis=1)
    if not zero.any():
        return frame, []
    kept = shapes.copy()
    kept[zero] = None
    frame = frame.set_geometry(gpd.GeoSeries(kept, index=frame.index, crs=frame.crs))
    return frame, [f"row {_numbers(zero)} (counted from 0) lies at 0, 0: read as no position"]


def _nowhere(found: _Read) -> list[str]:
    """Return what is said of rows that lie nowhere."""
    if found.tabular or found.sound:
        return []
    frame = found.frame
    bare = _bare(frame)
    if "within" in frame.columns:
        bare = bare & np.asarray(frame["within"].isna(), dtype=bool)
    if not bare.any():
        return []
    rows = f"{int(bare.sum())} of {len(frame)} rows have no geometry (row {_numbers(bare)}, counted from 0)"
    return [f"{rows}: where they lie is not known"]


def _drawn(
    frame: gpd.GeoDataFrame, report: list[str], *, name: str, repair: bool
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return the rows of a layer that have a geometry; the others are left out on request only: they would say none."""
    bare = _bare(frame)
    if not bare.any():
        return frame, report
    rows = f"{int(bare.sum())} rows without a geometry"
    where = f"(row {_numbers(bare)}, counted from 0)"
    if not repair:
        msg = (
            f"{shown(name)} has {rows} {where}: what they cover is not known, and would be taken for free ground. "
            "repair=True (--repair) leaves them out and says so."
        )
        raise InputError(msg)
    return frame[~bare], [*report, f"{rows} were left out, as asked {where}"]


def _repaired(found: _Read) -> tuple[gpd.GeoDataFrame, list[str], int]:
    """Return a frame with its invalid geometries repaired, what is said of them, and how many they were."""
    frame, report = found.frame, found.report
    shapes = np.asarray(frame.geometry.values, dtype=object)
    bad = np.empty(0, dtype=np.int64) if found.sound else overlap.invalid_rows(shapes)
    if not len(bad):
        return frame, report, 0
    mended = np.asarray(overlap.repaired(shapes, bad), dtype=object)
    gone = int(shapely.is_empty(mended[bad]).sum())
    said = f"{len(bad)} invalid geometries were repaired, as asked"
    said += f"; {gone} of them have no area and are empty now" if gone else ""
    return frame.set_geometry(gpd.GeoSeries(mended, index=frame.index, crs=frame.crs)), [*report, said], len(bad)


def read_as_it_is(path: Given, options: Options) -> tuple[gpd.GeoDataFrame, list[Loss]]:
    """Return the frame of a file wherever its coordinates lie, and the geometries that cannot be read, for `check`.

    Raises
    ------
    InputError
        It cannot be read at all, or has no CRS.
    """
    found = _read(path, options, anywhere=True)
    return found.frame, found.lost


def _read(path: Given, options: Options, *, anywhere: bool = False) -> _Read:
    """Return the frame of a file and what was decided while reading; its bounds are not looked at on request."""
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(opened(path, endings=ENDINGS, layer=options.layer))
        ending = source.file.suffix.lower()
        # Beside the reading, which waits for the disk too.
        digest = stack.enter_context(pool(1)).submit(_digest, source.packed)
        if ending in PARQUET:
            refuse_layer(source.name, source.layer)
        refuse_encoding(source.file, source.name, options.encoding)
        frame, told, lost, sound = rows_of(source, options, anywhere=anywhere)
        report = [*source.report, *told]
        if frame.empty:
            raise no_rows(source.name)
        shapes = np.asarray(frame.geometry.values, dtype=object)
        nothing = bool(shapely.is_missing(shapes).all())
        if lost and (nothing or not anywhere):
            raise refusal(lost, source.name)
        if not (anywhere or sound) and ending not in TABLES:
            frame, zeros = _without_zeros(frame, shapes)
            shapes = np.asarray(frame.geometry.values, dtype=object)
            nothing = bool(shapely.is_missing(shapes).all())
            report += zeros
        if nothing and "within" not in frame.columns:
            raise no_geometry(source.name, " in any row")
        if options.swap_xy:
            frame = frame.set_geometry(gpd.GeoSeries(swapped(shapes), index=frame.index, crs=frame.crs))
            report.append("x and y swapped, as asked")
        found = stated(frame, options.crs, path=source.name)
        frame = frame if found is not None else frame.set_crs(None, allow_override=True)
        found = found if found is not None else of_prj(source.file)
        if anywhere and (options.crs is not None or found is not None):
            frame = frame.set_crs(named_crs(options.crs) if options.crs is not None else found, allow_override=True)
            return _Read(frame, report, source.name, digest.result(), source.names, lost, ending in TABLES, sound)
        shapes, bounds = np.asarray(frame.geometry.values, dtype=object), frame.total_bounds
        named = named_crs(options.crs) if options.crs is not None else found
        if named is not None and ending not in TABLES:
            check_shapes(shapes, named, bounds, path=source.name, swap_xy=options.swap_xy)
        place = placed(
            found,
            options.crs,
            bounds,
            path=source.name,
            points=sample_of(shapes),
            swap_xy=options.swap_xy,
        )
        frame = frame if frame.crs == place.crs else frame.set_crs(place.crs, allow_override=True)
        report += place.report
        return _Read(frame, report, source.name, digest.result(), source.names, lost, ending in TABLES, sound)


def _digest(file: Path) -> str:
    """Return the sha256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
