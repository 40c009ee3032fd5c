"""Rows that GDAL sends in batches of Arrow: each batch is parsed and checked while the next is read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pyarrow as pa
import shapely
from pyogrio.raw import open_arrow

from clustergeo.overlap.plain import POLYGONAL
from clustergeo.overlap.threads import chunks, processors, stay_alone

if TYPE_CHECKING:
    from collections.abc import Mapping

_FEW = 2_048


class Gathered(NamedTuple):
    """The rows of a file, and whether each of them was found to be a valid polygon with an area."""

    frame: gpd.GeoDataFrame
    sound: bool


def opened_frame(place: str, layer: str | None, encoding: str | None = None) -> Gathered | None:
    """Return the rows of a layer that GDAL sends in batches; None where its plain way has to read them.

    Parameters
    ----------
    place, layer
        The name that GDAL knows the file by, and its layer.
    encoding
        Of the texts of a shapefile.

    Returns
    -------
    Gathered or None
        None for columns other than texts and numbers, for no rows, and for geometries that shapely does not know: these
        are for the plain way to read or to refuse.
    """
    with open_arrow(place, layer=layer, encoding=encoding, use_pyarrow=True, datetime_as_string=True) as (meta, reader):
        if not is_plain(meta):
            return None
        try:
            return gathered(reader, name=meta["geometry_name"] or "wkb_geometry", crs=meta["crs"])
        except shapely.errors.ShapelyError:
            return None


def is_plain(meta: Mapping[str, Any]) -> bool:
    """Say whether what pyogrio tells of a layer has neither days nor JSON, which its plain way turns into others."""
    days = any(str(kind).startswith("datetime") for kind in meta["dtypes"])
    return not days and "OFSTJSON" not in list(meta["ogr_subtypes"])


def gathered(reader: pa.RecordBatchReader, *, name: str, crs: str | None, whole: bool = False) -> Gathered | None:
    """Return the rows of a stream.

    Parameters
    ----------
    reader
        Batches with the geometries as WKB.
    name
        The column of the geometries.
    crs
        Their CRS, None if it is not known.
    whole
        Whether every row must have a geometry, and every buffer is looked at.

    Returns
    -------
    Gathered or None
        None for columns other than texts and numbers, for no rows, and where a geometry is missing that must be there.

    Raises
    ------
    pyarrow.ArrowException, shapely.errors.ShapelyError
        A buffer is not sound, or a geometry is none.
    """
    names = reader.schema.names
    if (
        len({*names}) < len(names)
        or name not in names
        or not all(field.name == name or _plain(field.type) for field in reader.schema)
    ):
        return None
    rest: list[Any] = []
    shapes: list[Any] = []
    with ThreadPoolExecutor(processors(), initializer=stay_alone) as pool:
        checks = []
        for batch in reader:
            drawn = batch.column(name)
            if whole:
                batch.validate(full=True)
                if drawn.null_count:
                    return None
            shapes.append(_parsed(drawn.to_numpy(zero_copy_only=False)))
            checks.append(pool.submit(_sound, shapes[-1]))
            rest.append(batch.select([one for one in names if one != name]))
    if not shapes:
        return None
    frame = pa.Table.from_batches(rest).replace_schema_metadata().to_pandas()
    frame = gpd.GeoDataFrame(frame, geometry=np.concatenate(shapes), crs=crs or None)
    return Gathered(frame, all(check.result() for check in checks))


def _parsed(binary: Any) -> Any:
    """Return the geometries of WKB, a few at a time: the thread that checks waits while any are parsed."""
    return np.concatenate(
        [np.empty(0, dtype=object)] + [shapely.from_wkb(binary[few]) for few in chunks(len(binary), _FEW)]
    )


def _sound(shapes: Any) -> bool:
    """Say whether all of a batch are valid polygons with an area."""
    areal = bool(np.isin(shapely.get_type_id(shapes), POLYGONAL).all())
    return areal and not bool(shapely.is_empty(shapes).any()) and bool(shapely.is_valid(shapes).all())


def _plain(kind: pa.DataType) -> bool:
    """Say whether a column is of texts, numbers or truth values, which arrive as the plain way gives them."""
    types = pa.types
    return bool(types.is_string(kind) or types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind))
