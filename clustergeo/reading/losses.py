"""Losses: geometries that a file holds and GDAL gave back in part only or not at all, without a word."""

from __future__ import annotations

import json
import re
import sqlite3
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from clustergeo.errors import InputError
from clustergeo.reading.affinity import database, quoted, row_number
from clustergeo.reading.dbf import Table
from clustergeo.reading.opening import companion, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_SHOWN = 5
_TEXT = 40
_PLANAR = 2
_BLANK = re.compile(r"[\s\x1e\ufeff]*")
_DECODER = json.JSONDecoder()
# How many lists stand around a position, by the type of the geometry.
_DEPTHS = {"Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
_ESRI = {"rings": 2, "paths": 2, "points": 1}
_SHP_HEAD, _SHX_ENTRY, _SHP_NULL, _SHP_LEAST = 100, 8, 0, 12


CURVES = ("CircularString", "CompoundCurve", "CurvePolygon", "MultiCurve", "MultiSurface")
"""The kinds of geometries of arcs, by GDAL's names, in the order of their numbers in well-known binary."""


class Loss(NamedTuple):
    """A row, from 0, and what its geometry holds that cannot be read, as it is written in the file."""

    row: int
    found: str

    @property
    def said(self) -> str:
        """What was found, and what helps against it where that is known."""
        straight = " (ogr2ogr -nlt CONVERT_TO_LINEAR makes straight lines of curves)"
        return self.found + straight * (self.found in CURVES)


class Holdings:
    """What a file holds, to be compared with what GDAL gave of it.

    GDAL leaves out the part of a polygon that it does not understand, and gives a row without a geometry where it
    understands nothing of it. A JSON is looked through when this is made, which may be beside GDAL's reading.

    Parameters
    ----------
    file
        What is read.
    driver
        GDAL's name of the format.
    layer
        The layer that is read, None for the only one.
    name
        How to name the file in a refusal.

    Raises
    ------
    InputError
        The file is no whole JSON.
    """

    def __init__(self, file: Path, *, driver: str, layer: str | None, name: str) -> None:
        self._driver, self._file, self._layer, self._name = driver, file, layer, name
        self._features, self._faults, self._empty = 0, list[Loss](), set[int]()
        for row, geometry in self._geometries() if driver in _JSON else ():
            self._features = row + 1
            if geometry is None:
                self._empty.add(row)
            elif isinstance(geometry, str):
                self._faults.append(Loss(row, geometry))

    def lost(self, missing: Sequence[int], rows: int) -> list[Loss]:
        """Return the rows of which the file holds a geometry that was not read, or not whole.

        Parameters
        ----------
        missing
            The rows, from 0, that GDAL gave without a geometry.
        rows
            How many it gave.

        Raises
        ------
        InputError
            The file holds other features than were read.
        """
        if self._driver in _JSON:
            return self._of_json(set(map(int, missing)), rows)
        if not len(missing):
            return []
        if self._driver == "ESRI Shapefile":
            return list(_of_shapefile(self._file, missing))
        held = self._driver == "GPKG" and self._layer is not None
        return list(_of_geopackage(self._file, missing, str(self._layer))) if held else []

    def _of_json(self, missing: set[int], rows: int) -> list[Loss]:
        """Return the rows of a JSON with a geometry that does not follow its format."""
        if self._features != rows:
            msg = (
                f"{shown(self._name)} holds {self._features:,} features, of which {rows:,} can be read. "
                "Copy or export it again."
            )
            raise InputError(msg)
        odd = missing - self._empty - {fault.row for fault in self._faults}
        more = [Loss(row, f"geometry = {_said(one)}") for row, one in (self._geometries() if odd else ()) if row in odd]
        return sorted([*self._faults, *more])

    def _geometries(self) -> Iterator[tuple[int, Any]]:
        """Yield the number of each feature of a JSON and its geometry, or what is wrong with it as text."""
        text = self._file.read_text(encoding="utf-8-sig")
        try:
            yield from enumerate(_JSON[self._driver](text, self._layer))
        except (ValueError, RecursionError) as error:
            reason = str(error).splitlines()[0] if isinstance(error, ValueError) else "it is nested too deeply"
            msg = f"{shown(self._name)} is no whole JSON: {reason}. Copy or export it again."
            raise InputError(msg) from error


def refusal(lost: Sequence[Loss], name: str) -> InputError:
    """Return the refusal of a file with geometries that cannot be read."""
    rows = "\n- ".join(f"row {one.row}: {one.said}" for one in lost[:_SHOWN])
    more = f"\n- and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
    return InputError(
        f"{shown(name)} has {len(lost)} geometries that cannot be read, or in part only; rows are counted from 0:"
        f"\n- {rows}{more}\nWhat they cover would be lost in silence. Mend or export these rows again, or delete them."
    )


def _of_shapefile(file: Path, missing: Sequence[int]) -> Iterator[Loss]:
    """Yield the rows of a shapefile whose shape is no null shape and was read as none."""
    index, table = companion(file, ".shx"), companion(file, ".dbf")
    if index is None:
        return
    data = index.read_bytes()[_SHP_HEAD:]
    # Of a damaged index the whole entries count.
    starts = np.frombuffer(data[: len(data) // _SHX_ENTRY * _SHX_ENTRY], dtype=">u4")[::2]
    deleted = np.zeros(0, dtype=bool) if table is None else Table(table).deleted()
    if deleted.any():
        # GDAL leaves these out, so that the rows after them count less.
        starts = starts[: len(deleted)][~deleted[: len(starts)]]
    with file.open("rb") as stream:
        for row in missing:
            if row >= len(starts):
                return
            stream.seek(2 * int(starts[row]))
            head = stream.read(24)
            if len(head) < _SHP_LEAST:
                yield Loss(int(row), f"its .shx points to byte {2 * int(starts[row]):,}, where no shape begins")
            elif int.from_bytes(head[8:12], "little") != _SHP_NULL:
                yield Loss(int(row), f"shape {head.hex()}…")


def _of_geopackage(file: Path, missing: Sequence[int], layer: str) -> Iterator[Loss]:
    """Yield the rows of a GeoPackage whose geometry is not null and was read as none."""
    with database(file) as held:
        try:
            query = "select column_name from gpkg_geometry_columns where table_name = ?"
            column = held.execute(query, (layer,)).fetchone()
            if column is None:
                return
            shape, table = quoted(str(column[0])), quoted(layer)
            nulls = held.execute(f"select count(*) from {table} where {shape} is null").fetchone()  # noqa: S608
            if nulls[0] == len(missing):
                return
            # In the order of the rows, as GDAL reads them; that of a view is not known, but not all are null in any.
            number = row_number(held, layer)
            rows = held.execute(f"select substr({shape}, 1, 16) from {table} order by {number}")  # noqa: S608 - quoted
            wanted = set(map(int, missing))
            for row, (head,) in enumerate(rows):
                if row in wanted and head is not None:
                    yield Loss(row, f"geometry {bytes(head).hex()}…" if isinstance(head, bytes) else _said(head))
        except sqlite3.Error:
            # A table without row numbers: its nulls are told as such.
            return


def _said(value: Any) -> str:
    """Return a value as JSON writes it, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _TEXT else text[:_TEXT] + "…"


def _members(text: str, key: str) -> Iterator[Any]:
    """Yield the members of the list that a JSON object holds under a key, or the object itself where it holds none.

    One at a time: the whole of a large file as objects of Python would fill the memory.
    """
    start = at = _past(text, 0)
    listed = False
    while at == start or text[at - 1] == ",":
        name, at = _DECODER.raw_decode(text, _after(text, at, "{") if at == start else _past(text, at))
        at = _past(text, _after(text, at, ":"))
        if name == key and text.startswith("[", at):
            listed = True
            at = _past(text, at + 1)
            while not text.startswith("]", at):
                member, at = _DECODER.raw_decode(text, at)
                yield member
                at = _past(text, at)
                at = at if text.startswith("]", at) else _past(text, _after(text, at, ","))
            at += 1
        else:
            at = _DECODER.raw_decode(text, at)[1]
        at = _past(text, at)
        at = at if text.startswith("}", at) else _after(text, at, ",")
    if _past(text, at + 1) < len(text):
        raise json.JSONDecodeError("Extra data", text, at + 1)  # noqa: EM101, TRY003 - the words of json
    if not listed:
        yield _DECODER.raw_decode(text, start)[0]


def _after(text: str, at: int, sign: str) -> int:
    """Return where a sign ends that has to stand at a place, blanks left out."""
    at = _past(text, at)
    if not text.startswith(sign, at):
        msg = f"Expecting {sign!r}"
        raise json.JSONDecodeError(msg, text, at)
    return _past(text, at + 1) if sign != "," else at + 1


def _past(text: str, at: int) -> int:
    """Return where the next sign that is no blank stands."""
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _geojson(text: str, _: str | None) -> Iterator[Any]:
    """Yield the geometry of each feature of a GeoJSON, or what is wrong with it as text."""
    for member in _members(text, "features"):
        yield _judged(member)


def _geojson_lines(text: str, _: str | None) -> Iterator[Any]:
    """Yield the same of the features of a text sequence."""
    at = _past(text, 0)
    while at < len(text):
        member, at = _DECODER.raw_decode(text, at)
        yield _judged(member)
        at = _past(text, at)


def _judged(feature: Any) -> Any:
    """Return the geometry of a feature, or what is wrong with it as text."""
    held = feature if isinstance(feature, dict) else {}
    geometry = held if held.get("type") in (*_DEPTHS, "GeometryCollection") else held.get("geometry")
    return geometry if geometry is None else (_fault(geometry, "geometry") or geometry)


def _fault(geometry: Any, at: str) -> str | None:
    """Return what a geometry of GeoJSON holds that is none, None for nothing."""
    if not isinstance(geometry, dict):
        return f"{at} = {_said(geometry)}"
    kind = geometry.get("type")
    if kind == "GeometryCollection":
        held = geometry.get("geometries")
        if not isinstance(held, list):
            return f"{at}.geometries = {_said(held)}"
        found = (_fault(one, f"{at}.geometries[{number}]") for number, one in enumerate(held))
        return next((fault for fault in found if fault), None)
    if kind not in _DEPTHS:
        return f"{at}.type = {_said(kind)}"
    if "coordinates" not in geometry:
        return f"{at} = {_said(geometry)}"
    return _odd(geometry["coordinates"], _DEPTHS[kind], "coordinates")


def _odd(value: Any, depth: int, at: str) -> str | None:
    """Return the first of nested lists that is no list of positions, None where all are."""
    if not isinstance(value, list):
        return f"{at} = {_said(value)}"
    if depth == 0:
        return f"{at} = {_said(value)}" if value and not _is_position(value) else None
    if depth == 1 and _all_positions(value):
        return None
    if depth == 1:
        return next((f"{at}[{n}] = {_said(one)}" for n, one in enumerate(value) if not _is_position(one)), None)
    return next((fault for n, one in enumerate(value) if (fault := _odd(one, depth - 1, f"{at}[{n}]"))), None)


def _is_position(value: Any) -> bool:
    """Say whether a value is a list of two numbers or more."""
    return (
        isinstance(value, list)
        and len(value) >= _PLANAR
        and all(isinstance(one, int | float) and not isinstance(one, bool) for one in value)
    )


def _all_positions(values: list[Any]) -> bool:
    """Say whether values are all positions of one length, quickly; otherwise each is looked at."""
    try:
        held = np.array(values)
    except ValueError:
        return False
    return held.ndim == _PLANAR and held.shape[1] >= _PLANAR and held.dtype.kind == "f"


def _esrijson(text: str, _: str | None) -> Iterator[Any]:
    """Yield the geometry of each feature of an Esri JSON, or what is wrong with it as text."""
    for member in _members(text, "features"):
        geometry = member.get("geometry") if isinstance(member, dict) else None
        held = geometry if isinstance(geometry, dict) else {}
        faults = (_odd(held[key], depth, key) for key, depth in _ESRI.items() if key in held)
        yield next((fault for fault in faults if fault), geometry or None)


def _topojson(text: str, layer: str | None) -> Iterator[Any]:
    """Yield the geometry of each object of a TopoJSON layer, or what is wrong with it as text."""
    held = json.loads(text)
    arcs, objects = held.get("arcs"), held.get("objects")
    arcs = arcs if isinstance(arcs, list) else []
    named = objects.get(layer) if isinstance(objects, dict) else None
    if isinstance(named, dict) and named.get("type") == "GeometryCollection":
        members = named.get("geometries")
    else:
        # Objects that are no collection make one layer.
        members = [one for one in dict(objects or {}).values() if one.get("type") != "GeometryCollection"]
    for one in members if isinstance(members, list) else []:
        fault = next(_bad_arcs(one.get("arcs", []), arcs, "arcs"), None) if isinstance(one, dict) else _said(one)
        yield fault or (one if isinstance(one, dict) and one.get("type") else None)


def _bad_arcs(value: Any, arcs: list[Any], at: str) -> Iterator[str]:
    """Yield which numbers of arcs mean none that can be read."""
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from _bad_arcs(one, arcs, f"{at}[{number}]")
    elif not isinstance(value, int) or not -len(arcs) <= value < len(arcs):
        yield f"{at} = {_said(value)}"
    elif fault := _odd(arcs[value], 1, f"arcs[{value}]"):
        yield fault


_JSON = {
    "GeoJSON": _geojson,
    "GeoJSONSeq": _geojson_lines,
    "ESRIJSON": _esrijson,
    "TopoJSON": _topojson,
}
