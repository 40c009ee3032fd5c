"""The child of `fence`: a script that sends a file of vectors to its standard output as a stream of Arrow.

It imports nothing of ours, and neither pandas nor geopandas, so that it starts in a fraction of a second.
"""

from __future__ import annotations

import sys


def main(place: str, layer: str) -> None:
    """Send the rows of a layer, with the name of its geometry column and its CRS as metadata of the schema."""
    for name in ("geopandas", "pandas", "pyproj", "shapely"):
        sys.modules[name] = None  # type: ignore[assignment]
    import pyarrow as pa  # noqa: PLC0415 - not before these are shut out
    from pyogrio.raw import open_arrow  # noqa: PLC0415

    with open_arrow(place, layer=layer, use_pyarrow=True) as (meta, reader):
        told = {"geometry": meta["geometry_name"] or "wkb_geometry", "crs": meta["crs"] or ""}
        schema = reader.schema.with_metadata(told)
        with pa.ipc.new_stream(sys.stdout.buffer, schema) as sink:
            for batch in reader:
                sink.write_batch(batch.replace_schema_metadata(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
