"""Well-known binary in an Arrow column: which kinds of geometry it holds, and the same in two dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from clustergeo.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MISSING = -1
POINT, POLYGON, MULTIPOLYGON = 1, 3, 6

_HEADER = 5
_KINDS = ("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection")
_DIMENSIONS = ("", " Z", " M", " ZM")
_EXTENDED = (0x80000000, 0x40000000, 0x20000000)  # the flags of PostGIS for z, m and a system
_THOUSAND = 1000  # ISO adds it to the kind for z, and twice for m


def as_iso(batch: pa.RecordBatch, name: str, doubtful: NDArray[np.bool_]) -> pa.RecordBatch:
    """Return a batch whose geometry is ISO well-known binary, which GeoParquet demands; only doubtful rows are read."""
    if not doubtful.any():
        return batch
    at = batch.schema.get_field_index(name)
    column = batch.column(at)
    shapes = shapely.from_wkb(column.filter(pa.array(doubtful)).to_numpy(zero_copy_only=False))
    values = pa.array(shapely.to_wkb(shapes, byte_order=1, flavor="iso"), type=column.type)
    mended = pc.replace_with_mask(column, pa.array(doubtful), values)
    columns = [mended if place == at else one for place, one in enumerate(batch.columns)]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def codes_of(column: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the ISO code of each row, and which rows are plain: two-dimensional, little-endian and without a system.

    Parameters
    ----------
    column
        Type `binary` or `large_binary`; ISO or extended well-known binary.

    Returns
    -------
    tuple
        Codes, shape (n,): 3 for a polygon, 1003 for one with z, `MISSING` for null; and flags, shape (n,).

    Raises
    ------
    InputError
        A row is too short to say what it is, or says something unknown.

    Examples
    --------
    >>> codes, plain = codes_of(pa.array([shapely.to_wkb(shapely.Point(1, 2, 3)), None]))
    >>> codes.tolist(), plain.tolist()
    ([1001, -1], [False, False])
    """
    data, offsets = _parts(column)
    codes = np.full(len(column), MISSING, dtype=np.int64)
    plain = np.zeros(len(column), dtype=bool)
    rows = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
    starts = offsets[rows]
    short = offsets[rows + 1] - starts < _HEADER
    if short.any():
        raise _unknown(int(rows[short][0]))
    heads = data[starts[:, None] + np.arange(_HEADER)]
    common = (heads[:, 0] == 1) & (heads[:, 1] > 0) & (heads[:, 1] <= len(_KINDS)) & ~heads[:, 2:].any(axis=1)
    codes[rows], plain[rows] = heads[:, 1], common
    if not common.all():
        found, wrong = _codes(heads[~common])
        if wrong.any():
            raise _unknown(int(rows[~common][wrong][0]))
        codes[rows[~common]] = found
    return codes, plain


def _codes(heads: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the ISO codes that the first bytes of rows tell, shape (n, 5), and which of them tell nothing known."""
    word = heads[:, 1:].astype(np.int64)
    low, high = np.array([1, 1 << 8, 1 << 16, 1 << 24]), np.array([1 << 24, 1 << 16, 1 << 8, 1])
    found = np.where(heads[:, 0] == 1, word @ low, word @ high)
    z, m, _ = ((found & flag != 0).astype(np.int64) for flag in _EXTENDED)
    iso = (found & ~sum(_EXTENDED)) + _THOUSAND * (z + 2 * m)
    return iso, (heads[:, 0] > 1) | (iso % _THOUSAND < 1) | (iso // _THOUSAND >= len(_DIMENSIONS))


def names_of(codes: set[int]) -> list[str]:
    """Return the names of geometry kinds as GeoParquet spells them, sorted.

    Examples
    --------
    >>> names_of({1003, 6, MISSING})
    ['MultiPolygon', 'Polygon Z']
    """
    known = {code for code in codes if code != MISSING and code % _THOUSAND <= len(_KINDS)}
    return sorted(_KINDS[code % _THOUSAND - 1] + _DIMENSIONS[code // _THOUSAND] for code in known)


def shapes_of(column: pa.Array) -> NDArray[np.object_]:
    """Return the geometries of a column as shapely knows them."""
    # Arrow hands the bytes of a null row as None, which is what shapely takes for it.
    return np.asarray(shapely.from_wkb(column.to_numpy(zero_copy_only=False)), dtype=object)


def flattened(column: pa.Array, plain: NDArray[np.bool_]) -> pa.Array:
    """Return a column with every row in two dimensions, little-endian and without a system.

    Examples
    --------
    >>> column = pa.array([shapely.to_wkb(shapely.Point(1, 2, 3), byte_order=0)])
    >>> shapely.from_wkb(flattened(column, np.array([False]))[0].as_py()).wkt
    'POINT (1 2)'
    """
    mask = pa.array(~plain)
    mask = pc.and_(mask, column.is_valid())
    if not pc.any(mask).as_py():
        return column
    return pc.replace_with_mask(column, mask, encoded(shapes_of(column.filter(mask)), column.type))


def prefixed(column: pa.Array, chosen: NDArray[np.bool_], prefix: bytes) -> pa.Array:
    """Return a column with some bytes before the value of each chosen row."""
    if not chosen.any():
        return column
    scalar = pa.scalar(prefix, column.type)
    longer = pc.binary_join_element_wise(scalar, column, pa.scalar(b"", column.type))
    return longer if chosen.all() else pc.if_else(pa.array(chosen), longer, column)


def encoded(shapes: Any, kind: pa.DataType) -> pa.Array:
    """Return geometries as plain well-known binary of an Arrow type."""
    return pa.array(shapely.to_wkb(shapes, output_dimension=2, byte_order=1, flavor="iso"), type=kind)


def _parts(column: pa.Array) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the bytes of a column and where each row begins."""
    width: Any = np.int64 if pa.types.is_large_binary(column.type) else np.int32
    _, starts, values = column.buffers()
    if not len(column):
        return np.empty(0, dtype=np.uint8), np.zeros(1, dtype=np.int64)
    offsets = np.frombuffer(starts, dtype=width)[column.offset : column.offset + len(column) + 1].astype(np.int64)
    data = np.frombuffer(values, dtype=np.uint8) if values is not None else np.empty(0, dtype=np.uint8)
    return data, offsets


def _unknown(row: int) -> InputError:
    """Return the refusal of a row that is no geometry."""
    return InputError(f"Row {row} is not well-known binary of a geometry. Write the geometry column anew.")
