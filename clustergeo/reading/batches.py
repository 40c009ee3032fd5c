"""Batches: the rows of a file of any size, a piece at a time, with the geometry as well-known binary."""

from __future__ import annotations

import contextlib
import functools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyogrio
import shapely

from clustergeo._files import native
from clustergeo.errors import InputError
from clustergeo.reading import encoding as encodings
from clustergeo.reading import geoparquet
from clustergeo.reading.affinity import Unread, check_types, unread_cells, unread_columns
from clustergeo.reading.archives import holds, opened
from clustergeo.reading.binary import parsed_in_part
from clustergeo.reading.dbf import Checked, check_table
from clustergeo.reading.downloads import address_of
from clustergeo.reading.formats import Options, swapped
from clustergeo.reading.losses import Holdings, refusal
from clustergeo.reading.opening import (
    PARQUET,
    UNKNOWN_BOUNDS,
    VECTOR,
    check_length,
    chosen_layer,
    expect_file,
    gdal_path,
    no_geometry,
    no_index,
    no_rows,
    other_types,
    plain_flatgeobuf,
    readable,
    refuse_encoding,
    refuse_layer,
    shown,
)
from clustergeo.reading.projection import named_crs, of_prj, placed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pyproj

SIZE = 65_536
GEOMETRY = "geometry"


@dataclass(frozen=True)
class Batches:
    """The sites of a file as Arrow record batches, read again at each iteration.

    Attributes
    ----------
    path
        The file.
    crs
        Of the geometry.
    schema
        Of the batches: the caller's columns with their own types and order, and the geometry. A further geometry column
        of GeoParquet carries its metadata on its field, under the key `geo`.
    geometry
        The name of the geometry column: `binary` or `large_binary`, well-known binary.
    rows
        How many there are, where the file says so.
    report
        What was decided while reading, one sentence each.
    swap_xy
        Whether the axes were swapped or said to be right; None where nobody said.
    """

    path: Path
    crs: pyproj.CRS
    schema: pa.Schema
    geometry: str
    rows: int | None
    report: tuple[str, ...]
    swap_xy: bool | None
    _read: Callable[[], Iterator[pa.RecordBatch]] = field(repr=False)
    _whole: bool = field(default=True, repr=False)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Yield the batches in the order of the file.

        Raises
        ------
        InputError
            The file is damaged, holds fewer rows than it says, or has no geometry in any row.
        """
        rows = drawn = 0
        for batch in self._read():
            rows += batch.num_rows
            drawn += batch.num_rows - batch.column(self.geometry).null_count
            yield batch
        if self.rows is not None and rows < self.rows:
            msg = (
                f"{shown(self.path)} says that it holds {self.rows:,} rows, but {rows:,} can be read: it is cut short, "
                "or its count is wrong. Copy or export it again."
            )
            raise InputError(msg)
        if self._whole and not rows:
            raise no_rows(self.path)
        if self._whole and not drawn:
            raise no_geometry(self.path, " in any row")


def streams(path: str | Path) -> bool:
    """Say whether the format of a file, by its ending, or of the files in a zip is read in batches.

    Examples
    --------
    >>> streams("parcels.gpkg"), streams("parcels.csv")
    (True, False)
    """
    text = str(path).lower()
    # What is fetched is fetched once, and batches may be read again.
    if address_of(path) is not None:
        return False
    return holds(path, VECTOR) if text.endswith(".zip") else text.endswith((*PARQUET, *VECTOR))


def open_batches(
    path: str | Path,
    *,
    crs: Any = None,
    layer: str | None = None,
    encoding: str | None = None,
    swap_xy: bool | None = None,
    size: int = SIZE,
    row_groups: tuple[int, int] | None = None,
) -> Batches:
    """Return the sites of a file as batches.

    Parameters
    ----------
    path
        GeoParquet, GeoPackage, FlatGeobuf or shapefile, the last three also in a zip.
    crs
        Overrides the file's coordinate reference system; needed where the file has none.
    layer, encoding, swap_xy
        As for `read_sites`.
    size
        The most rows of a batch.
    row_groups
        The first row group of a GeoParquet file, and the one after the last, that are read; all by default.

    Returns
    -------
    Batches
        Nothing is read but what the file says of itself.

    Raises
    ------
    InputError
        No such file, a format that is not read in batches, no geometry, no CRS, no rows, or bounds that cannot be
        right: with the cure.

    Examples
    --------
    >>> import tempfile, pathlib, geopandas, shapely
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "sites.parquet"
    >>> shapes = [shapely.box(127, 37, 127.1, 37.1)] * 3
    >>> geopandas.GeoDataFrame({"owner": list("abc")}, geometry=shapes, crs="EPSG:4326").to_parquet(file)
    >>> [batch.column("owner").to_pylist() for batch in open_batches(file, size=2)]
    [['a', 'b'], ['c']]
    """
    if size < 1:
        msg = f"size={size} is no number of rows of a batch; expected 1 or more, such as {SIZE}."
        raise InputError(msg)
    options = Options(crs, layer, encoding, swap_xy)
    if str(path).lower().endswith(PARQUET):
        file = expect_file(path, PARQUET)
        refuse_layer(file, layer)
        refuse_encoding(file, file, encoding)
        return _from_parquet(file, options, size, row_groups)
    if row_groups is not None:
        msg = f"row_groups={row_groups!r} were given for {shown(path)}; only GeoParquet has them. Leave them out."
        raise InputError(msg)
    return _from_vector(native(path), options, size)


def pieces(path: str | Path, *, rows: int) -> list[tuple[int, int]] | None:
    """Return ranges of row groups of about so many rows each, for `open_batches`.

    Parameters
    ----------
    path
        A file.
    rows
        How many rows a piece should have; a row group is never cut.

    Returns
    -------
    list of tuple
        The first row group and the one after the last, of each piece; None where the format cannot be split.

    Examples
    --------
    >>> import tempfile, pathlib, geopandas, shapely
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "sites.parquet"
    >>> shapes = [shapely.box(127, 37, 127.1, 37.1)] * 6
    >>> geopandas.GeoDataFrame(geometry=shapes, crs="EPSG:4326").to_parquet(file, row_group_size=2)
    >>> pieces(file, rows=4)
    [(0, 2), (2, 3)]
    """
    file = native(path)
    if file.suffix.lower() not in PARQUET:
        return None
    out, first, held = [], 0, 0
    groups = geoparquet.row_groups(file)
    for number, group in enumerate(groups):
        held += group
        if held >= rows or number == len(groups) - 1:
            out.append((first, number + 1))
            first, held = number + 1, 0
    return out


def _from_parquet(file: Path, options: Options, size: int, row_groups: tuple[int, int] | None) -> Batches:
    """Return the batches of a GeoParquet file."""
    footer = geoparquet.read_footer(file)
    place, report = _placed(footer.crs, footer.bounds, options, file)
    first, last = row_groups if row_groups is not None else (0, len(footer.groups))
    if not 0 <= first <= last <= len(footer.groups):
        msg = f"row_groups={row_groups!r} are not in {shown(file)}, which has {len(footer.groups)}. See pieces()."
        raise InputError(msg)
    return Batches(
        path=file,
        crs=place,
        schema=footer.schema,
        geometry=footer.geometry,
        rows=sum(footer.groups[first:last]),
        report=(*report, *footer.told),
        swap_xy=options.swap_xy,
        _read=_turned(
            functools.partial(geoparquet.read_batches, file, footer.schema, range(first, last), size),
            footer.geometry,
            options,
        ),
        _whole=row_groups is None,
    )


def _placed(
    found: pyproj.CRS | None, bounds: tuple[float, ...], options: Options, path: Path
) -> tuple[pyproj.CRS, list[str]]:
    """Return the CRS of a file and what was decided, its axes swapped if that was asked."""
    west, south, east, north = bounds
    held = (south, west, north, east) if options.swap_xy else bounds
    place, report = placed(found, options.crs, held, path=path, swap_xy=options.swap_xy)
    return place, ["x and y swapped, as asked", *report] if options.swap_xy else report


def _turned(
    read: Callable[[], Iterator[pa.RecordBatch]], geometry: str, options: Options
) -> Callable[[], Iterator[pa.RecordBatch]]:
    """Return what reads the batches, their axes swapped if that was asked."""
    return functools.partial(_swapped_batches, read, geometry) if options.swap_xy else read


def _swapped_batches(read: Callable[[], Iterator[pa.RecordBatch]], geometry: str) -> Iterator[pa.RecordBatch]:
    """Yield batches with x as y."""
    for batch in read():
        at = batch.schema.get_field_index(geometry)
        shapes, lost = parsed_in_part(np.array(batch.column(at).to_pylist(), dtype=object))
        columns = list(batch.columns)
        # What is no geometry stays as it is, to be refused with the others of its kind.
        kept = dict.fromkeys(one.row for one in lost)
        turned = shapely.to_wkb(swapped(shapes))
        values = [columns[at][row].as_py() if row in kept else one for row, one in enumerate(turned)]
        columns[at] = pa.array(values, batch.schema.field(at).type)
        yield pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def _from_vector(path: Path, options: Options, size: int) -> Batches:
    """Return the batches of a file that GDAL reads."""
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(opened(path, endings=(*PARQUET, *VECTOR), layer=options.layer))
        file, report = source.file, list(source.report)
        check_length(file, path)
        refuse_encoding(file, path, options.encoding)
        texts, table = encodings.Encoding(None, []), Checked([], 0)
        if file.suffix.lower() == ".shp":
            texts = encodings.of_shapefile(file, options.encoding, source.name)
            table = check_table(file, path, encoding=texts.name)
            report = [*report, *texts.report, *no_index(file), *table.report]
        whole = stack.enter_context(encodings.whole(file, texts, table))
        with readable(path), other_types(), gdal_path(whole) as place:
            plain_flatgeobuf(file)
            chosen = chosen_layer(place, source.layer, path=path)
            info = pyogrio.read_info(place, layer=chosen, encoding=texts.name)
            if info["geometry_type"] is None:
                raise no_geometry(path)
            # Of a shapefile GDAL counts the rows that it leaves out too.
            count = int(info["features"]) - table.deleted
            unread = unread_columns(file, driver=str(info["driver"]), layer=chosen, info=info, name=path)
            with _stream(place, chosen, texts, driver=str(info["driver"]), size=1) as found:
                meta, reader = found
                held = reader.schema
                # A file that does not say how many rows it has is asked for one of them.
                if count <= 0 and next(reader, None) is None:
                    raise no_rows(path)
        bounds = UNKNOWN_BOUNDS if info["total_bounds"] is None else tuple(map(float, info["total_bounds"]))
        crs, said = _placed(named_crs(meta["crs"]) if meta["crs"] else of_prj(file), bounds, options, path)
    # GDAL names the geometry of most formats so, and puts it after the columns, one of which may have that name too.
    column = meta["geometry_name"] or "wkb_geometry"
    at = len(held.names) - 1 - held.names[::-1].index(column)
    others = {*held.names[:at], *held.names[at + 1 :], *unread.types}
    geometry = next(name for name in (GEOMETRY, column, "_" + GEOMETRY) if name not in others)
    names = [*held.names[:at], geometry, *held.names[at + 1 :]]
    fields = [pa.field(name, _stored(one.type)) for name, one in zip(names, held, strict=True)]
    schema = pa.schema([*fields, *(pa.field(name, kind) for name, kind in unread.types.items())])
    geoparquet.check_names(schema, path)
    kept = _Told(texts, table, unread, str(info["driver"]))
    read = functools.partial(_vector_batches, path, options.layer, kept, schema, geometry=geometry, size=size)
    return Batches(
        path=path,
        crs=crs,
        schema=schema,
        geometry=geometry,
        rows=count if count > 0 else None,
        report=(*report, *unread.report, *said),
        swap_xy=options.swap_xy,
        _read=_turned(read, geometry, options),
    )


def _stream(place: str, layer: str | None, texts: encodings.Encoding, *, driver: str, size: int) -> Any:
    """Return what opens the stream of a layer's rows."""
    # Times of FlatGeobuf have a zone each, and would have none.
    options = {"use_pyarrow": True, "datetime_as_string": driver == "FlatGeobuf"}
    return pyogrio.open_arrow(place, layer=layer, encoding=texts.name, batch_size=size, **options)


class _Told(NamedTuple):
    """What was found of a file before its rows: its texts, its table, the columns that GDAL leaves out, its format."""

    texts: encodings.Encoding
    table: Checked
    unread: Unread
    driver: str


def _vector_batches(
    path: Path,
    layer: str | None,
    told: _Told,
    schema: pa.Schema,
    *,
    geometry: str,
    size: int,
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file that GDAL reads, under the names and types of a schema; refuse it where it lost one."""
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(opened(path, endings=(*PARQUET, *VECTOR), layer=layer))
        with readable(path), other_types():
            file = stack.enter_context(encodings.whole(source.file, told.texts, told.table))
            place = stack.enter_context(gdal_path(file))
            plain_flatgeobuf(source.file)
            chosen = chosen_layer(place, source.layer, path=path)
            _, reader = stack.enter_context(_stream(place, chosen, told.texts, driver=told.driver, size=size))
        # Beside GDAL's reading.
        pool = stack.enter_context(ThreadPoolExecutor(1))
        typed = pool.submit(check_types, file, driver=told.driver, layer=chosen, name=path)
        more = stack.enter_context(unread_cells(file, chosen, told.unread, path))
        at = schema.get_field_index(geometry)
        rows, missing = 0, list[int]()
        while True:
            with readable(path):
                batch = next(reader, None)
                if batch is None:
                    break
                held = [*batch, *more(batch.num_rows)]
            encodings.check_texts(zip(schema.names, held, strict=True), path, first=rows)
            if batch.column(at).null_count:
                missing += (rows + np.flatnonzero(np.asarray(batch.column(at).is_null()))).tolist()
            rows += batch.num_rows
            columns = [column.storage if isinstance(column, pa.ExtensionArray) else column for column in held]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)
        typed.result()
        lost = Holdings(file, driver=told.driver, layer=chosen, name=str(path)).lost(missing, rows)
        if lost:
            raise refusal(lost, str(path))


def _stored(kind: pa.DataType) -> pa.DataType:
    """Return the type that stores an extension, and any other type as it is."""
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
