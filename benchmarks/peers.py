"""The job of each peer, file to file, as somebody who knows the tool would write it.

With zones as given, the job is the join and the intersection that a user would write. The zones are first dissolved
(for every tool by `shapely.disjoint_subset_union_all`, the fastest there is): zones that overlap would count twice.

With zones in pieces, an expert has dissolved and cut them before, which is not in the peer's time. Tuned, the expert
also intersects no site with a piece that holds it, which saves half of the time or more, and keeps every core at work.
So the peers are shown in the best light that still gives right answers.
"""

from __future__ import annotations

import importlib.util
import itertools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import shapely

from benchmarks import answers, geoparquet, machine
from benchmarks.forms import Form
from benchmarks.splitting import dissolved

if TYPE_CHECKING:
    from benchmarks.loads import Load
    from benchmarks.shapes import Shapes

_PAIRS = """
    SELECT s.site_id, {code} {area} AS area
    FROM sites AS s JOIN {zones} AS z ON ST_Intersects(s.geometry, z.geometry)
"""
_EVERY = "ST_Area(ST_Intersection(s.geometry, z.geometry))"
_UNHELD = f"CASE WHEN ST_Covers(z.geometry, s.geometry) THEN ST_Area(s.geometry) ELSE {_EVERY} END"


class UnavailableError(Exception):
    """The tool cannot run here; the message says why."""


def geopandas(load: Load, answer: Path, *, form: Form) -> dict[str, float]:
    """Join in GeoPandas, then intersect each pair."""
    import geopandas as gpd  # noqa: PLC0415

    sites = gpd.read_parquet(load.site_file, columns=["site_id", "geometry"])
    zones = gpd.read_parquet(load.zone_file(form), columns=["geometry"])
    units = gpd.read_parquet(load.municipality_file(form), columns=["code", "geometry"])
    if form is Form.GIVEN:
        zones = gpd.GeoDataFrame(geometry=dissolved(zones.geometry.to_numpy()), crs=zones.crs)

    def pairs(part: Any, other: Any) -> tuple[Any, ...]:
        joined = gpd.sjoin(part, other, predicate="intersects")
        left = sites.geometry.to_numpy()[joined.index.to_numpy()]
        right = other.geometry.to_numpy()[joined["index_right"].to_numpy()]
        if form is not Form.TUNED:
            return joined, shapely.area(shapely.intersection(left, right))
        area = shapely.area(left)
        crossing = ~shapely.contains_properly(right, left)
        area[crossing] = shapely.area(shapely.intersection(left[crossing], right[crossing]))
        return joined, area

    def both(part: Any) -> tuple[Any, ...]:
        own = _prepared_copy if form is Form.TUNED else lambda frame: frame
        (first, area), (second, unit_area) = pairs(part, own(zones)), pairs(part, own(units))
        return first["site_id"], area, second["site_id"], second["code"], unit_area

    # GEOS lets go of the interpreter, so an expert runs parts of the sites side by side.
    workers = machine.cores() if form is Form.TUNED else 1
    ends = np.linspace(0, len(sites), 1 + workers).astype(int)
    parts = [sites.iloc[a:b] for a, b in itertools.pairwise(ends)]
    with ThreadPoolExecutor(workers) as pool:
        columns = [np.concatenate(column) for column in zip(*pool.map(both, parts), strict=True)]
    answers.write_pairs(answer, sites.area.to_numpy(), columns[:2], columns[2:])
    return {}


def _prepared_copy(frame: Any) -> Any:
    """Return a frame with prepared geometries of its own: GEOS crashes where two threads share prepared ones."""
    shapes = shapely.from_wkb(shapely.to_wkb(frame.geometry.to_numpy()))
    shapely.prepare(shapes)
    return frame.set_geometry(shapes, crs=frame.crs)


def sedonadb(load: Load, answer: Path, *, form: Form) -> dict[str, float]:
    """Join in SedonaDB, in SQL over the Parquet files."""
    import sedonadb as sedona  # noqa: PLC0415

    session = sedona.connect()
    session.read_parquet(str(load.site_file)).to_memtable().to_view("sites")
    session.read_parquet(str(load.municipality_file(form))).to_memtable().to_view("units")
    if form.cut:
        session.read_parquet(str(load.zone_file(form))).to_memtable().to_view("zones")
    else:
        import geopandas as gpd  # noqa: PLC0415

        frame = gpd.GeoDataFrame(geometry=_dissolved_zones(load), crs=geoparquet.CRS)
        session.create_data_frame(frame).to_memtable().to_view("zones")

    def columns(query: str) -> list[Any]:
        return [column.to_numpy() for column in session.sql(query).to_arrow_table().columns]

    site, whole = columns("SELECT site_id, ST_Area(geometry) AS area FROM sites")
    area = _UNHELD if form is Form.TUNED else _EVERY
    zones = columns(_PAIRS.format(code="", area=area, zones="zones"))
    units = columns(_PAIRS.format(code="z.code,", area=area, zones="units"))
    answers.write_pairs(answer, whole[np.argsort(site)], zones, units)
    return {}


def duckdb(load: Load, answer: Path, *, form: Form) -> dict[str, float]:
    """Join in DuckDB with its spatial extension, in SQL over the Parquet files."""
    import duckdb as duck  # noqa: PLC0415

    session = duck.connect()
    _load_spatial(session, duck)
    read = "CREATE TABLE {} AS SELECT {} FROM read_parquet('{}')"
    session.execute(read.format("sites", "site_id, geometry", load.site_file))
    session.execute(read.format("units", "code, geometry", load.municipality_file(form)))
    if form.cut:
        session.execute(read.format("zones", "geometry", load.zone_file(form)))
    else:
        session.register("wkb", pa.table({"wkb": shapely.to_wkb(_dissolved_zones(load))}))
        session.execute("CREATE TABLE zones AS SELECT ST_GeomFromWKB(wkb) AS geometry FROM wkb")

    def columns(query: str) -> list[Any]:
        return list(session.execute(query).fetchnumpy().values())

    site, whole = columns("SELECT site_id, ST_Area(geometry) AS area FROM sites")
    area = _UNHELD if form is Form.TUNED else _EVERY
    zones = columns(_PAIRS.format(code="", area=area, zones="zones"))
    units = columns(_PAIRS.format(code="z.code,", area=area, zones="units"))
    answers.write_pairs(answer, whole[np.argsort(site)], zones, units)
    return {}


def _load_spatial(session: Any, duck: Any) -> None:
    """Load the spatial extension: from its Python package, installed before, or downloaded."""
    package = importlib.util.find_spec("duckdb_extension_spatial")
    if package is not None and package.origin is not None:
        name = Path("extensions", f"v{duck.__version__}", "spatial.duckdb_extension")
        file = Path(package.origin).parent / name
        if file.exists():
            session.execute(f"LOAD '{file}'")
            return
    try:
        session.execute("LOAD spatial")
    except duck.Error:
        try:
            session.execute("INSTALL spatial; LOAD spatial")
        except duck.Error as error:
            msg = f"no spatial extension for DuckDB {duck.__version__}: neither installed nor to be downloaded here"
            raise UnavailableError(msg) from error


def polars(load: Load, answer: Path, *, form: Form) -> dict[str, float]:
    """Join in polars-st."""
    import polars as pl  # noqa: PLC0415
    import polars_st as st  # noqa: PLC0415

    def frame(path: Path, *columns: str) -> Any:
        return pl.read_parquet(path, columns=[*columns, "geometry"])

    sites = frame(load.site_file, "site_id")
    units = frame(load.municipality_file(form), "code")
    zones = (
        frame(load.zone_file(form))
        if form.cut
        else pl.DataFrame({"geometry": list(shapely.to_wkb(_dissolved_zones(load)))})
    )

    def columns(other: Any, *names: str) -> list[Any]:
        joined = sites.st.sjoin(other, on="geometry", predicate="intersects", how="inner")
        site, zone = st.geom("geometry"), st.geom("geometry_right")
        every = site.st.intersection(zone).st.area().alias("area")
        if form is not Form.TUNED:
            return [column.to_numpy() for column in joined.select("site_id", *names, every)]
        held = joined.select(zone.st.covers(site)).to_series()
        inside = joined.filter(held).select("site_id", *names, site.st.area().alias("area"))
        crossing = joined.filter(~held).select("site_id", *names, every)
        return [column.to_numpy() for column in pl.concat([inside, crossing])]

    whole = sites.select(st.geom("geometry").st.area()).to_series().to_numpy()
    answers.write_pairs(answer, whole, columns(zones), columns(units, "code"))
    return {}


def _dissolved_zones(load: Load) -> Shapes:
    """Return the zones as given, dissolved."""
    _, column = geoparquet.read(load.zone_file(Form.GIVEN), "zone")
    return dissolved(geoparquet.shapes_of(column))
