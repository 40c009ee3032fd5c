"""What the tests of files written in batches share: shapes, columns of every type, and a file written in pieces."""

from __future__ import annotations

import datetime as dt
import decimal
import sqlite3
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from clustergeo._writers import writing
from clustergeo._writing import wkb

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LONLAT = "EPSG:4326"
PLANE = "EPSG:5186"
SQUARE = shapely.box(127.0, 37.0, 127.01, 37.01)
HOLED = shapely.box(128, 36, 128.1, 36.1).difference(shapely.box(128.02, 36.02, 128.04, 36.04))
PAIR = shapely.MultiPolygon([SQUARE, shapely.box(127.2, 37.2, 127.3, 37.3)])
SHAPES = [SQUARE, HOLED, None, PAIR, shapely.Polygon(), shapely.MultiPolygon([SQUARE])]
MOMENT = pd.Timestamp("2025-02-25T01:02:03.004")

# Every type, with a null in each column; six rows, as many as SHAPES.
TYPED: dict[str, pa.Array] = {
    "site_id": pa.array(["a", "b", None, "가", 'q"\\', "f"]),
    "tiny": pa.array([1, None, -3, 4, 5, 6], pa.int8()),
    "whole": pa.array([2**62, None, 0, 1, 2, -(2**63)], pa.int64()),
    "unsigned": pa.array([2**32 - 1, None, 0, 1, 2, 3], pa.uint32()),
    "largest": pa.array([2**64 - 1, None, 0, 1, 2, 3], pa.uint64()),
    "half": pa.array(np.array([1.5, 0, 1, 2, 3, 4], np.float16), mask=np.arange(6) == 1),
    "single": pa.array([0.1, None, float("nan"), 1, 2, 3], pa.float32()),
    "double": pa.array([0.1, None, -0.0, float("inf"), 1e-7, 12345678.9], pa.float64()),
    "level": pa.array([1.0, None, 2.0, 3.0, 1e20, 5.0]),
    "flag": pa.array([True, None, False, True, True, False]),
    "day": pa.array([dt.date(2025, 2, 25), None, dt.date(1900, 1, 1), None, None, dt.date(2100, 12, 31)]),
    "moment": pa.array([MOMENT, None, None, None, None, MOMENT], pa.timestamp("ms")),
    "zoned": pa.array([MOMENT, None, None, None, None, MOMENT], pa.timestamp("us", "Asia/Seoul")),
    "hour": pa.array([dt.time(1, 2, 3), None, None, None, None, dt.time(23, 59)], pa.time64("us")),
    "money": pa.array([decimal.Decimal("1.50"), None, None, None, None, decimal.Decimal("-2.25")]),
    "한글 열": pa.array(["가\n나", None, "", "똠방각하", "\t'", "x\u2028y"]),
    "long": pa.array(["x", None, "y", "", "z", "가"], pa.large_string()),
    "coded": pa.array(["x", None, "y", "x", "x", "가"]).dictionary_encode(),
    "nothing": pa.nulls(6),
    "never": pa.nulls(6, pa.string()),
    "raw": pa.array([b"\x00\xff", None, b"", b"a", b"b", b"c"]),
    "sectors": pa.array([["bio", "food"], None, [], [None, "x"], ["food"], ['"']]),
    "numbers": pa.array([[1, 2], None, [], [None], [3], [4]]),
    "parts": pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": None}, None, None, {"a": 2, "b": "가"}]),
    "bbox": pa.array([1, None, 3, 4, 5, 6]),
    "geometry": pa.array(["own", None, "a", "b", "c", "d"]),
    "fid": pa.array(["x", None, "a", "b", "c", "d"]),
    "geom": pa.array([1, None, 3, 4, 5, 6]),
}


def table_of(shapes: Sequence[Any], columns: dict[str, pa.Array] | None = None, *, name: str = "shape") -> pa.Table:
    """Return columns and, last, shapes as well-known binary."""
    held = columns if columns is not None else {"site_id": pa.array([str(row) for row in range(len(shapes))])}
    values = shapely.to_wkb(np.array(list(shapes), dtype=object))
    return pa.table({**held, name: pa.array(values, pa.binary())})


def put(
    path: Path, table: pa.Table, *, size: int = 65_536, crs: Any = LONLAT, name: str = "shape", **more: Any
) -> Path:
    """Write a table in batches of a size."""
    with writing(path, crs=crs, geometry=name, **more) as writer:
        for batch in table.to_batches(max_chunksize=size) or [pa.RecordBatch.from_pylist([], schema=table.schema)]:
            writer.write(batch, bounds_of(batch.column(name)))
    return path


def bounds_of(column: pa.Array) -> Any:
    """Return the bounds of the shapes of a column."""
    return shapely.bounds(wkb.shapes_of(column)).reshape(-1, 4)


def frame_of(table: pa.Table, *, crs: Any = LONLAT, name: str = "shape") -> gpd.GeoDataFrame:
    """Return a table as the frame that a user would have, its values as Python knows them."""
    columns = {one: pd.Series(table[one].to_pylist(), dtype=object) for one in table.column_names if one != name}
    for one, column in columns.items():
        kind = table.schema.field(one).type
        if pa.types.is_floating(kind):
            columns[one] = column.astype("float64")
        if pa.types.is_integer(kind):
            columns[one] = column.astype(
                ("U" if str(kind).startswith("u") else "") + "Int" + str(kind).partition("int")[2]
            )
    shapes = wkb.shapes_of(table[name].combine_chunks())
    frame = pd.DataFrame(columns)
    frame[name] = gpd.GeoSeries(shapes, crs=crs)
    return gpd.GeoDataFrame(frame, geometry=name, crs=crs)


def sound(path: Path) -> bool:
    """Say whether SQLite finds no fault with a GeoPackage and its spatial index."""
    with sqlite3.connect(path) as base:
        names = base.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%USING rtree%'").fetchall()
        whole = base.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        checks = [base.execute("SELECT rtreecheck(?)", name).fetchone() for name in names]
    base.close()
    return whole and checks == [("ok",)]


def litter(folder: Path) -> list[str]:
    """Return the names of all files in a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
