"""GeoParquet 1.1 written batch by batch, and its geometry read back as plain WKB."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmarks.shapes import Shapes

CRS = "EPSG:5179"  # Korea 2000, unified; metres
ROW_GROUP = 65_536
_SIDES = ("xmin", "ymin", "xmax", "ymax")


def write(path: Path, batches: Iterable[tuple[dict[str, NDArray[np.int64]], Shapes]]) -> int:
    """Write batches of columns and geometries to one GeoParquet 1.1 file with a bounding box for each row.

    The file appears under its name only when it is whole. Returns how many rows it has.
    """
    part = path.with_suffix(".part")
    box = np.array([np.inf, np.inf, -np.inf, -np.inf])
    kinds: set[str] = set()
    rows = 0
    writer: pq.ParquetWriter | None = None
    try:
        for columns, shapes in batches:
            bounds = shapely.bounds(shapes)
            box[:2] = np.minimum(box[:2], bounds[:, :2].min(axis=0))
            box[2:] = np.maximum(box[2:], bounds[:, 2:].max(axis=0))
            kinds |= {shape.geom_type for shape in shapes[:1]}
            cover = pa.StructArray.from_arrays([pa.array(side) for side in bounds.T], names=_SIDES)
            wkb = pa.array(shapely.to_wkb(shapes, byte_order=1, flavor="iso"), pa.binary())
            table = pa.table({**columns, "bbox": cover, "geometry": wkb})
            writer = writer or pq.ParquetWriter(part, table.schema)
            writer.write_table(table, row_group_size=ROW_GROUP)
            rows += len(shapes)
        if writer is None:
            msg = f"nothing to write to {path.name}"
            raise ValueError(msg)
        writer.add_key_value_metadata({"geo": json.dumps(_about(box, kinds))})
    finally:
        if writer is not None:
            writer.close()
    part.replace(path)
    return rows


def _about(box: NDArray[np.float64], kinds: set[str]) -> dict[str, object]:
    """Return the metadata of a GeoParquet 1.1 file with one geometry column."""
    return {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {
            "geometry": {
                "encoding": "WKB",
                "geometry_types": sorted(kinds),
                "crs": pyproj.CRS(CRS).to_json_dict(),
                "bbox": box.tolist(),
                "covering": {"bbox": {side: ["bbox", side] for side in _SIDES}},
            }
        },
    }


def read(path: Path, key: str) -> tuple[NDArray[np.int64], pa.ChunkedArray]:
    """Return a column of whole numbers and the geometries of a file as WKB."""
    table = pq.read_table(path, columns=[key, "geometry"])
    return table[key].to_numpy(), wkb(table["geometry"])


def wkb(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a geometry column as plain binary, whether or not a GeoArrow extension type has been registered."""
    chunks = [chunk.storage if isinstance(chunk, pa.ExtensionArray) else chunk for chunk in column.chunks]
    return pa.chunked_array(chunks, type=None if chunks else pa.binary())


def shapes_of(column: pa.ChunkedArray) -> Shapes:
    """Return the geometries of a WKB column as shapely objects."""
    return np.asarray(shapely.from_wkb(column.to_numpy(zero_copy_only=False)), dtype=object)
