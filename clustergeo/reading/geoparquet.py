"""GeoParquet as batches of rows: what its footer says, and the rows of any size of file in bounded memory."""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyproj

from clustergeo import crs as crs_room
from clustergeo.errors import InputError
from clustergeo.reading.encoding import check_texts
from clustergeo.reading.opening import UNKNOWN_BOUNDS, gdal_path, no_geometry, no_rows, readable, shown
from clustergeo.reading.projection import named_crs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray


# The metadata of a further geometry column is kept on its field under this key, in the words of GeoParquet.
GEOMETRY_KEY = b"geo"

# Pages are read through a buffer of this size; without it a whole column of a row group is held in memory.
_BUFFER = 1 << 20

_ROW_LABELS = re.compile(r"__index_level_\d+__")
_AXES = ("xmin", "ymin", "xmax", "ymax")
# The head of a geometry of several parts in well-known binary: either order of bytes, with the marks of EWKB or the
# numbers of ISO.
_PARTS = re.compile(
    rb"\x01(?:[\x04-\x07]\x00|[\xec-\xef]\x03|[\xd4-\xd7]\x07|[\xbc-\xbf]\x0b)\x00[\x00\x20\x40\x60\x80\xa0\xc0\xe0]"
    rb"|\x00[\x00\x20\x40\x60\x80\xa0\xc0\xe0]\x00(?:\x00[\x04-\x07]|\x03[\xec-\xef]|\x07[\xd4-\xd7]|\x0b[\xbc-\xbf])"
)
_HEAD_BYTES = 9
_DEPTH = 100
_CURE = "Write it with geopandas: geopandas.read_file(...).to_parquet(...)."


@dataclass(frozen=True)
class Footer:
    """What a GeoParquet file says of itself.

    Attributes
    ----------
    schema
        Of the batches: without the covering boxes, dictionaries decoded.
    geometry
        The name of the primary geometry column.
    crs
        Of that column; None where the file says that it is not known.
    bounds
        Least and greatest x and y, not-a-number where the file does not say.
    groups
        Rows of each row group.
    told
        What was decided, such as what was left out, one sentence each.
    """

    schema: pa.Schema
    geometry: str
    crs: pyproj.CRS | None
    bounds: tuple[float, ...]
    groups: tuple[int, ...]
    told: tuple[str, ...]


def read_footer(file: Path) -> Footer:
    """Return what a GeoParquet file says of itself.

    Raises
    ------
    InputError
        It is no GeoParquet, it has no rows or no geometry, or its geometry is not well-known binary.
    """
    with _opened(file) as parquet:
        found, held = parquet.metadata, parquet.schema_arrow
        geo = _geo(found.metadata or {}, file)
        name, columns = str(geo["primary_column"]), geo["columns"]
        check_names(held, file)
        if name not in held.names or not isinstance(columns.get(name), dict):
            msg = f"{shown(file)} names {name!r} as its geometry column, but has no such column. {_CURE}"
            raise InputError(msg)
        column = columns[name]
        encoding = column.get("encoding")
        if encoding != "WKB":
            msg = (
                f"{shown(file)} holds its geometry {name!r} in the encoding {encoding!r}; batches are read as WKB. "
                "Write it anew: geopandas.read_parquet(...).to_parquet(...)."
            )
            raise InputError(msg)
        if not found.num_rows:
            raise no_rows(file)
        if _all_null(found, name):
            raise no_geometry(file, " in any row")
        box = _covering(column, held)
        labels = _row_labels(held)
        schema = _schema(held.remove_metadata(), name, columns, {*labels, *([box] if box else [])}, file)
        return Footer(
            schema=schema,
            geometry=name,
            crs=_crs(column, file),
            bounds=_bounds(column, found, box),
            groups=tuple(found.row_group(number).num_rows for number in range(found.num_row_groups)),
            told=(*(f"the row labels of pandas ({label}) are left out" for label in labels), *spherical(held)),
        )


def read_batches(file: Path, schema: pa.Schema, groups: range, size: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows of some row groups, at most `size` at a time, in the columns and types of a schema.

    Raises
    ------
    InputError
        The file is damaged.
    """
    with _opened(file) as parquet:
        batches = parquet.iter_batches(batch_size=size, row_groups=list(groups), columns=schema.names)
        row = sum(parquet.metadata.row_group(number).num_rows for number in range(groups.start))
        while True:
            with readable(file):
                batch = next(batches, None)
                if batch is None:
                    return
                columns = [_plain(batch.column(field.name), field.type) for field in schema]
                batch = pa.RecordBatch.from_arrays(columns, schema=schema)
            for column in columns:
                check_nesting(column, file)
            check_texts(zip(schema.names, columns, strict=True), file, first=row)
            row += len(batch)
            yield batch


def check_names(schema: pa.Schema, file: str | Path) -> None:
    """Refuse two columns of one name: they cannot be told apart."""
    twice = sorted({name for name in schema.names if schema.names.count(name) > 1})
    if twice:
        msg = f"{shown(file)} has two columns named {twice[0]!r}; expected different names. Rename one."
        raise InputError(msg)


def check_nesting(column: pa.Array | pa.ChunkedArray, file: str | Path) -> None:
    """Refuse parts within parts within parts: GEOS follows them until its stack ends.

    Parameters
    ----------
    column
        Well-known binary.
    file
        How to name the file in a refusal.

    Raises
    ------
    InputError
        A geometry is nested more than `_DEPTH` times.
    """
    row = 0
    for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
        held = chunk.storage if isinstance(chunk, pa.ExtensionArray) else chunk
        for at in np.flatnonzero(_may_nest(held)):
            if len(_PARTS.findall(held[int(at)].as_py())) > _DEPTH:
                msg = f"{shown(file)} has a geometry nested more than {_DEPTH} times in row {row + at}. Unpack it."
                raise InputError(msg)
        row += len(held)


def is_binary(kind: pa.DataType) -> bool:
    """Say whether a column may hold well-known binary, an extension of it too."""
    kind = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def spherical(schema: pa.Schema) -> list[str]:
    """Return what is told of a file whose edges are arcs on a sphere, as those of BigQuery are; nothing of others."""
    try:
        geo = json.loads((schema.metadata or {})[b"geo"])
        column = geo["columns"][geo["primary_column"]]
    except (ValueError, KeyError, TypeError):
        # A file holds these words twice, and one copy may be damaged.
        return []
    if not isinstance(column, dict) or column.get("edges") != "spherical":
        return []
    return ["its edges are said to be arcs on a sphere; they are read as straight lines"]


def _may_nest(column: pa.Array) -> NDArray[np.bool_]:
    """Say which rows of well-known binary have parts, by their first bytes, and room for many heads."""
    if not is_binary(column.type):
        return np.zeros(len(column), dtype=bool)
    heads = pc.binary_slice(column.fill_null(b""), 0, 5)
    known = pc.unique(heads)
    nested = known.filter(pa.array([_PARTS.match(head) is not None for head in known.to_pylist()], pa.bool_()))
    long = pc.greater_equal(pc.fill_null(pc.binary_length(column), 0), _DEPTH * _HEAD_BYTES)
    return np.asarray(pc.and_(long, pc.is_in(heads, nested)).to_numpy(zero_copy_only=False), dtype=bool)


def row_groups(file: Path) -> tuple[int, ...]:
    """Return the number of rows of each row group."""
    with _opened(file) as parquet:
        found = parquet.metadata
        return tuple(found.row_group(number).num_rows for number in range(found.num_row_groups))


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file so that a row group of millions of rows is read page by page."""
    with contextlib.ExitStack() as stack:
        with readable(file):
            source = stack.enter_context(pa.OSFile(stack.enter_context(gdal_path(file))))
            parquet = pq.ParquetFile(source, pre_buffer=False, buffer_size=_BUFFER)
        yield parquet


def _geo(metadata: dict[bytes, bytes], file: Path) -> dict[str, Any]:
    """Return the metadata that makes a Parquet file a GeoParquet file."""
    if b"geo" not in metadata:
        msg = f"{shown(file)} cannot be read as GeoParquet: no 'geo' metadata. Plain Parquet has no geometry. {_CURE}"
        raise InputError(msg)
    try:
        geo = json.loads(metadata[b"geo"])
        if isinstance(geo["columns"], dict) and isinstance(geo["primary_column"], str):
            return dict(geo)
    except (ValueError, KeyError, TypeError):
        pass
    msg = f"{shown(file)} cannot be read as GeoParquet: its 'geo' metadata is broken. {_CURE}"
    raise InputError(msg)


def _crs(column: dict[str, Any], file: Path) -> pyproj.CRS | None:
    """Return the CRS of a geometry column; a file that does not speak of one means longitude and latitude."""
    if "crs" not in column:
        return named_crs(crs_room.LONLAT)
    told = column["crs"]
    if told is None:
        return None
    try:
        return pyproj.CRS.from_user_input(told)
    except (pyproj.exceptions.CRSError, TypeError, ValueError) as error:
        msg = f"{shown(file)} names a CRS that PROJ does not know. Export it again with a CRS such as EPSG:5186."
        raise InputError(msg) from error


def _covering(column: dict[str, Any], schema: pa.Schema) -> str | None:
    """Return the name of the column that holds the box of each row and nothing else."""
    covering = column.get("covering")
    box = covering.get("bbox") if isinstance(covering, dict) else None
    if not isinstance(box, dict):
        return None
    paths = [path for path in box.values() if isinstance(path, list) and len(path) == len(("column", "field"))]
    names = {str(path[0]) for path in paths}
    name = names.pop() if len(names) == 1 else None
    if name not in schema.names or not pa.types.is_struct(schema.field(name).type):
        return None
    held = {field.name for field in schema.field(name).type}
    return name if held == {path[1] for path in paths} else None


def _row_labels(schema: pa.Schema) -> list[str]:
    """Return the columns that are the unnamed row labels of a pandas frame, not data."""
    return [] if b"pandas" not in (schema.metadata or {}) else [n for n in schema.names if _ROW_LABELS.fullmatch(n)]


def _bounds(column: dict[str, Any], metadata: pq.FileMetaData, box: str | None) -> tuple[float, ...]:
    """Return the bounds that the metadata of the file or of its row groups tells."""
    told = column.get("bbox")
    if isinstance(told, list) and len(told) in (4, 6) and all(isinstance(one, (int, float)) for one in told):
        half = len(told) // 2
        return (*told[:2], *told[half : half + 2])
    sides = [_statistics(metadata, f"{box}.{name}") for name in _AXES]
    if any(one is None or not one.has_min_max for side in sides for one in side):
        return UNKNOWN_BOUNDS
    left, bottom, right, top = sides
    return (
        min(one.min for one in left),
        min(one.min for one in bottom),
        max(one.max for one in right),
        max(one.max for one in top),
    )


def _all_null(metadata: pq.FileMetaData, name: str) -> bool:
    """Say whether the statistics prove that no row has a geometry."""
    statistics = _statistics(metadata, name)
    nulls = [one.null_count if one is not None and one.has_null_count else 0 for one in statistics]
    return bool(sum(nulls) == metadata.num_rows)


def _statistics(metadata: pq.FileMetaData, path: str) -> list[Any]:
    """Return the statistics of a column in each row group, None where there are none."""
    number = next((at for at in range(metadata.num_columns) if metadata.schema.column(at).path == path), None)
    if number is None:
        return [None]
    groups = (metadata.row_group(at) for at in range(metadata.num_row_groups))
    return [group.column(number).statistics for group in groups]


def _schema(held: pa.Schema, geometry: str, columns: dict[str, Any], dropped: set[str], file: Path) -> pa.Schema:
    """Return the schema of the batches."""
    fields = []
    for field in held:
        if field.name in dropped:
            continue
        kind = field.type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        if field.name not in columns:
            fields.append(pa.field(field.name, kind, field.nullable))
            continue
        told = columns[field.name]
        kind = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            kept = None if field.name == geometry else {GEOMETRY_KEY: json.dumps(told).encode()}
            fields.append(pa.field(field.name, kind, field.nullable, kept))
        elif field.name == geometry:
            msg = f"{shown(file)} holds its geometry {geometry!r} as {kind}; expected well-known binary. {_CURE}"
            raise InputError(msg)
        else:
            fields.append(pa.field(field.name, kind, field.nullable))
    return pa.schema(fields)


def _plain(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return a column in its plain type: dictionaries decoded, an extension of a geometry as what stores it."""
    if column.type == kind:
        return column
    if isinstance(column, pa.DictionaryArray):
        column = column.dictionary_decode()
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    return column if column.type == kind else column.cast(kind)
