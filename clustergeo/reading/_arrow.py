"""Rows that GDAL sends in batches of Arrow: each batch is parsed and checked while the next is read."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely
from pyogrio.raw import open_arrow

from clustergeo.overlap.plain import POLYGONAL
from clustergeo.overlap.threads import pool, processors
from clustergeo.reading.binary import UNPARSED, parsed, parsed_in_part

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from clustergeo.reading.losses import Loss

WHOLE: dict[str, Any] = {"types_mapper": {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype()}.get}
"""How Arrow gives whole numbers to pandas without a loss; `settled` makes the usual types of them."""

# How GDAL names the geometry of formats that do not name it.
_UNNAMED = "wkb_geometry"
_EXACT = 2**53


class Gathered(NamedTuple):
    """The rows of a file, and whether each of them was found to be a valid polygon with an area."""

    frame: gpd.GeoDataFrame
    sound: bool


def opened_frame(place: str, layer: str | None, encoding: str | None = None) -> Gathered | None:
    """Return the rows of a layer that GDAL sends in batches; None where its plain way has to read them.

    Parameters
    ----------
    place, layer
        The name that GDAL knows the file by, and its layer, of which `is_plain` is true.
    encoding
        Of the texts of a shapefile.

    Returns
    -------
    Gathered or None
        None for columns other than texts and numbers, for no rows, and for geometries that shapely does not know: these
        are for the plain way to read or to refuse.
    """
    with open_arrow(place, layer=layer, encoding=encoding, use_pyarrow=True, datetime_as_string=True) as (meta, reader):
        try:
            return gathered(reader, name=meta["geometry_name"] or _UNNAMED, crs=meta["crs"])
        except UNPARSED:
            return None


def plain_frame(place: str, layer: str | None, encoding: str | None = None) -> tuple[Any, list[Loss]]:
    """Return the rows of any layer, and which of their geometries are none that can be read.

    Parameters
    ----------
    place, layer, encoding
        As for `opened_frame`.

    Returns
    -------
    tuple
        What pyogrio gives, a frame without geometries too; times as the text that the file holds.
    """
    options = {"layer": layer, "encoding": encoding, "use_arrow": True, "datetime_as_string": True}
    kept = {"arrow_to_pandas_kwargs": WHOLE}
    try:
        return settled(pyogrio.read_dataframe(place, **options, **kept)), []
    except UNPARSED:
        rest = settled(pyogrio.read_dataframe(place, **options, **kept, read_geometry=False))
    with open_arrow(place, layer=layer, encoding=encoding, columns=[], use_pyarrow=True) as (meta, reader):
        name = meta["geometry_name"] or _UNNAMED
        drawn = [batch.column(name).to_numpy(zero_copy_only=False) for batch in reader]
    shapes, lost = parsed_in_part(np.concatenate(drawn))
    return gpd.GeoDataFrame(rest, geometry=shapes, crs=meta["crs"] or None), lost


def namesake(
    frame: gpd.GeoDataFrame, info: Mapping[str, Any], place: str, layer: str | None, encoding: str | None
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return a frame with the file's own column called `geometry`, which the geometries displace, under another name.

    Parameters
    ----------
    frame
        The rows of a layer.
    info
        What pyogrio tells of it.
    place, layer, encoding
        As for `opened_frame`.

    Returns
    -------
    tuple
        The frame, and what is told of the column.
    """
    names = [str(name) for name in info["fields"]]
    if "geometry" not in names:
        return frame, []
    other = free("geometry", names)
    # All columns: asked for some, pyogrio 0.12 misses the days among the others.
    only = {"read_geometry": False, "use_arrow": True, "datetime_as_string": True}
    held = pyogrio.read_dataframe(place, layer=layer, encoding=encoding, arrow_to_pandas_kwargs=WHOLE, **only)
    # The plain way puts the geometries where the column stood.
    frame = frame[[*frame.columns.drop("geometry"), "geometry"]]
    frame.insert(names.index("geometry"), other, settled(held)["geometry"])
    return frame, [displaced("geometry", other)]


def displaced(name: str, other: str) -> str:
    """Return what is told of a column that the geometries displace."""
    return f"its column {name!r} was read as {other!r}, for the geometries have this name"


def free(name: str, taken: Iterable[Any]) -> str:
    """Return the name under which a column is kept: its own, or another where it is that of the geometries.

    Examples
    --------
    >>> free("floors", []), free("geometry", ["floors"]), free("geometry", ["geometry_attribute"])
    ('floors', 'geometry_attribute', '_geometry_attribute')
    """
    if name != "geometry":
        return name
    held = {*taken}
    return next(one for at in itertools.count() if (one := "_" * at + "geometry_attribute") not in held)


def settled(frame: Any) -> Any:
    """Return a frame read with `WHOLE` whose columns of whole numbers have the types of numpy where these lose nothing.

    A column with a null is one of floats then, of which none above 2**53 is exact: a PNU of 19 digits would change.

    Examples
    --------
    >>> whole = {"a": [1, 2], "b": [1, None], "pnu": [4_146_110_100_100_010_001, None]}
    >>> settled(pd.DataFrame(whole, dtype="Int64")).dtypes.astype(str).to_dict()
    {'a': 'int64', 'b': 'float64', 'pnu': 'Int64'}
    """
    for at, kind in enumerate(frame.dtypes):
        if kind not in (pd.Int64Dtype(), pd.UInt64Dtype()):
            continue
        values = frame.iloc[:, at]
        known = values.dropna().to_numpy(dtype=kind.numpy_dtype)
        if len(known) == len(values):
            frame.isetitem(at, values.astype(kind.numpy_dtype))
        elif not len(known) or (known.min() >= -_EXACT and known.max() <= _EXACT):
            frame.isetitem(at, values.astype("float64"))
    return frame


def is_plain(info: Mapping[str, Any]) -> bool:
    """Say whether what pyogrio tells of a layer has neither days nor JSON, which its plain way turns into others."""
    days = any(str(kind).startswith("datetime") for kind in info["dtypes"])
    return not days and "OFSTJSON" not in list(info["ogr_subtypes"])


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
    pyarrow.ArrowException, shapely.errors.ShapelyError, NotImplementedError
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
    with pool(processors()) as workers:
        checks = []
        for batch in reader:
            drawn = batch.column(name)
            if whole:
                batch.validate(full=True)
                if drawn.null_count:
                    return None
            shapes.append(parsed(drawn.to_numpy(zero_copy_only=False)))
            checks.append(workers.submit(_sound, shapes[-1]))
            # A column of this name would stand where the geometries belong; see `namesake`.
            rest.append(batch.select([one for one in names if one not in (name, "geometry")]))
    if not shapes:
        return None
    frame = settled(pa.Table.from_batches(rest).replace_schema_metadata().to_pandas(**WHOLE))
    frame = gpd.GeoDataFrame(frame, geometry=np.concatenate(shapes), crs=crs or None)
    return Gathered(frame, all(check.result() for check in checks))


def _sound(shapes: Any) -> bool:
    """Say whether all of a batch are valid polygons with an area."""
    areal = bool(np.isin(shapely.get_type_id(shapes), POLYGONAL).all())
    return areal and not bool(shapely.is_empty(shapes).any()) and bool(shapely.is_valid(shapes).all())


def _plain(kind: pa.DataType) -> bool:
    """Say whether a column is of texts, numbers or truth values, which arrive as the plain way gives them."""
    types = pa.types
    return bool(types.is_string(kind) or types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind))
