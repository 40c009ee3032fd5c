"""Every problem of a layer or of sites at once, without raising: where, what was found, what was expected, the cure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from clustergeo import _ids, crs, overlap, schema
from clustergeo.errors import InputError
from clustergeo.layers import Layer
from clustergeo.reading import _placing, _values, files, problems
from clustergeo.reading._values import Finding
from clustergeo.reading.formats import Options
from clustergeo.reading.problems import KINDS, LANGS

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    import geopandas as gpd
    from numpy.typing import NDArray

    from clustergeo.reading.losses import Loss

COLUMNS = ("row", "column", "problem", "found", "expected", "cure", "severity")

_POINT, _AREAL = 0, (3, 6)
# Less than this part of the smaller of two polygons is rounding.
_ROUNDING = 1e-6
_LEAST_WIDTH_M = 0.1
_CANDIDATES = 10_000


def check(
    data: Any,
    *,
    lang: str = "en",
    layer: str | None = None,
    crs: Any = None,
    encoding: str | None = None,
    swap_xy: bool | None = None,
) -> pd.DataFrame:
    """Return every problem of a layer, of sites or of a file, without raising for any of them.

    Parameters
    ----------
    data
        A `Layer`, a GeoDataFrame, or the path of a file that `read_sites` reads.
    lang
        `"en"` or `"ko"`, of the words.
    layer, crs, encoding, swap_xy
        Of a file, as for `read_sites`.

    Returns
    -------
    pandas.DataFrame
        One row a problem: `row` (its position, from 0; null for a problem of the whole), `column` (the geometry or a
        column), `problem`, `found`, `expected`, `cure` and `severity` (`error`: it cannot be used as it is; `warning`:
        look at it). Empty where nothing was found.

    Raises
    ------
    InputError
        The file cannot be read at all, the frame has no geometry column or no CRS, or `lang` is no language.

    Notes
    -----
    Checked are missing and repeated ids; null, empty, invalid, mixed and repeated geometries; overlaps of polygons (by
    the engine, touching is none) and slivers; places outside Korea, swapped axes, metres labelled degrees and the
    reverse; polygons that are administrative areas all off the shipped ones in one direction (a wrong datum); garbled
    Korean; parcel numbers; code columns of the wrong scheme; columns of areas against the polygons; evidence columns.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> boxes = [shapely.box(0, 0, 20, 20), shapely.box(10, 0, 30, 20), shapely.box(30, 0, 50, 20)]
    >>> frame = gpd.GeoDataFrame(geometry=[shapely.transform(b, lambda p: p + [2e5, 5e5]) for b in boxes], crs=5186)
    >>> check(frame)[["row", "problem", "found"]].values.tolist()
    [[0, 'it overlaps the geometry of another row', 'row 1, 200 m2']]
    """
    if lang not in LANGS:
        msg = f"lang={lang!r} is not a language of clustergeo; expected 'ko' or 'en'."
        raise InputError(msg)
    frame, lost = _frame(data, Options(crs, layer, encoding, swap_xy))
    unread = Finding("unread", [one.row for one in lost], str(frame.geometry.name), [one.found for one in lost], {})
    return _told([unread, *findings(frame)], LANGS.index(lang))


def lines(found: pd.DataFrame, *, lang: str = "en") -> str:
    """Return the problems that `check` found as text, a line each, and how many there are.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> frame = gpd.GeoDataFrame(geometry=[shapely.box(127, 37, 127.1, 37.1), None], crs=4326)
    >>> print(lines(check(frame)).splitlines()[-1])
    0 errors, 1 warning
    """
    korean = lang == "ko"
    grave = {"error": "오류", "warning": "주의"} if korean else {"error": "error", "warning": "warning"}
    row, seen, wanted = ("행 ", "발견:", "기대:") if korean else ("row ", "Found", "expected")
    out = []
    for one in found.itertuples(index=False):
        where = [*([] if pd.isna(one.row) else [f"{row}{one.row}"]), *([] if pd.isna(one.column) else [one.column])]
        place = ", ".join(where) + ": " if where else ""
        out.append(
            f"{grave[one.severity]}: {place}{one.problem}. {seen} {one.found}; {wanted} {one.expected}. {one.cure}"
        )
    errors = int((found["severity"] == "error").sum())
    warned = len(found) - errors
    total = (
        f"오류 {errors:,}건, 주의 {warned:,}건"
        if korean
        else f"{errors:,} error{'s' * (errors != 1)}, {warned:,} warning{'s' * (warned != 1)}"
    )
    return "\n".join([*out, total])


def _frame(data: Any, options: Options) -> tuple[gpd.GeoDataFrame, list[Loss]]:
    """Return the frame of what is to be checked, and the geometries of a file that cannot be read."""
    if isinstance(data, Layer):
        return data.frame, []
    if isinstance(data, str | Path):
        return files.read_as_it_is(data, options)
    schema.check_geo(data, what="what is to be checked")
    return data, []


def findings(frame: gpd.GeoDataFrame) -> Iterator[Finding]:
    """Yield the problems of a frame: first of its ids, then of its geometries, its places and its columns."""
    shapes = np.asarray(frame.geometry.values, dtype=object)
    source, name = _source(frame), str(frame.geometry.name)
    yield from _of_ids(frame)
    yield from _of_kinds(frame, shapes, name)
    bad = overlap.invalid_rows(shapes)
    yield Finding("invalid", bad, name, problems.reasons(shapely.is_valid_reason(shapes[bad])), {})
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    present = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    endless = np.flatnonzero(present & ~np.isfinite(bounds).all(axis=1))
    yield Finding("not_finite", endless, name, _bounds_text(bounds[endless]), {})
    sound = present & np.isfinite(bounds).all(axis=1)
    placed: bool = yield from _of_places(bounds, sound, source, name)
    good = sound.copy()
    good[bad] = False
    good &= np.isin(shapely.get_type_id(shapes), _AREAL)
    if placed:
        yield from _of_areas(shapes, np.flatnonzero(good), source, name)
    trusted = np.flatnonzero(good) if placed else np.empty(0, dtype=np.intp)
    yield from _values.of_columns(frame, shapes, trusted, source)


def _source(frame: gpd.GeoDataFrame) -> pyproj.CRS:
    """Return the CRS of a frame, or refuse one whose place on the earth is not known."""
    source = pyproj.CRS(frame.crs)
    try:
        crs.change(source, crs.LONLAT)
    except pyproj.exceptions.ProjError as error:
        msg = f"The CRS {source.name!r} has no place on the earth, so nothing can be checked in it. Name the right one."
        raise InputError(msg) from error
    return source


def _of_ids(frame: gpd.GeoDataFrame) -> Iterator[Finding]:
    """Yield missing and repeated ids."""
    if "site_id" not in frame.columns:
        return
    texts = pd.Series([_ids.id_text(value) for value in frame["site_id"]], dtype=object)
    empty = np.asarray(frame["site_id"].isna()) | np.asarray(texts.astype(str).str.strip() == "")
    yield Finding("id_missing", np.flatnonzero(empty), "site_id", "-", {})
    twice = np.flatnonzero(texts.duplicated(keep=False).to_numpy() & ~empty)
    yield Finding("id_twice", twice, "site_id", texts.iloc[twice].to_numpy(), {})


def _of_kinds(frame: gpd.GeoDataFrame, shapes: NDArray[np.object_], name: str) -> Iterator[Finding]:
    """Yield missing, empty and mixed geometries, and those that are no polygons and no points."""
    missing, empty = shapely.is_missing(shapes), shapely.is_empty(shapes)
    held = frame["within"].notna().to_numpy() if "within" in frame.columns else np.zeros(len(frame), dtype=bool)
    yield Finding("geometry_null", np.flatnonzero(missing & ~held), name, "-", {})
    yield Finding("geometry_empty", np.flatnonzero(empty), name, "EMPTY", {})
    kinds = shapely.get_type_id(shapes)
    other = np.flatnonzero(~np.isin(kinds, [-1, _POINT, *_AREAL]))
    yield Finding("kind", other, name, np.array([shapes[row].geom_type for row in other], dtype=object), {})
    dimensions = pd.Series(shapely.get_dimensions(shapes)[~missing & ~empty]).value_counts().sort_index()
    if len(dimensions) > 1:
        words = {0: ("점", "points"), 1: ("선", "lines"), 2: ("면", "polygons")}
        held = [(count, *words[int(kind)]) for kind, count in dimensions.items()]
        counts = (
            ", ".join(f"{korean} {count:,}개" for count, korean, _ in held),
            ", ".join(f"{count:,} {english}" for count, _, english in held),
        )
        yield Finding("mixed", None, name, counts, {})


def _of_places(
    bounds: NDArray[np.float64], sound: NDArray[np.bool_], source: pyproj.CRS, name: str
) -> Generator[Finding, None, bool]:
    """Yield places that cannot be right; returns whether the coordinates can be measured at all."""
    at_zero = np.flatnonzero(sound & (bounds == 0).all(axis=1))
    yield Finding("zero", at_zero, name, "0, 0", {})
    rows = np.setdiff1d(np.flatnonzero(sound), at_zero)
    if not len(rows):
        return False
    corners = np.concatenate([bounds[rows, :2], bounds[rows, 2:]])
    middles = (bounds[rows, :2] + bounds[rows, 2:]) / 2
    if source.is_geographic:
        wrong = (np.abs(corners) > [180.0, 90.0]).any(axis=1).reshape(2, -1).any(axis=0)
        swapped = _placing.in_korea(middles[:, ::-1]) & ~_placing.in_korea(middles)
        metres = wrong & ~swapped
        if metres.any():
            places = _placing.planes_in_korea(middles[metres][:_CANDIDATES])
            yield Finding(
                "metres", None, name, _bounds_text(_whole(bounds[rows[metres]]))[0], {"places": _joined(places)}
            )
        yield _swapped(rows, swapped, bounds, name)
        away = ~_placing.in_korea(middles) & ~wrong & ~swapped
        yield Finding("abroad", rows[away], name, _bounds_text(bounds[rows[away]]), {"places": "-"})
        return not (wrong.any() or swapped.any())
    odd = _placing.in_korea(middles) | _placing.in_korea(middles[:, ::-1])
    if odd.all():
        yield Finding("degrees", None, name, _bounds_text(_whole(bounds[rows]))[0], {"crs": _called(source)})
        return False
    yield Finding("degrees_rows", rows[odd], name, _bounds_text(bounds[rows[odd]]), {"crs": _called(source)})
    with np.errstate(invalid="ignore"):
        here = _placing.in_korea(crs.lonlat_of(middles, source))
        swapped = ~here & ~odd
        swapped[swapped] = _placing.in_korea(crs.lonlat_of(middles[swapped][:, ::-1], source))
    yield _swapped(rows, swapped, bounds, name)
    away = ~here & ~odd & ~swapped
    if away.any():
        places = _placing.planes_in_korea(middles[:_CANDIDATES])
        yield Finding("abroad", rows[away], name, _bounds_text(bounds[rows[away]]), {"places": _joined(places)})
    return True


def _swapped(rows: NDArray[np.intp], swapped: NDArray[np.bool_], bounds: NDArray[np.float64], name: str) -> Finding:
    """Return the rows that lie in Korea with their axes swapped only: all are swapped on reading, some in the file."""
    kind = "swapped" if swapped.all() else "swapped_rows"
    return Finding(kind, rows[swapped], name, _bounds_text(bounds[rows[swapped]]), {})


def _of_areas(shapes: NDArray[np.object_], rows: NDArray[np.intp], source: pyproj.CRS, name: str) -> Iterator[Finding]:
    """Yield repeated and overlapping polygons, slivers, and an offset from the shipped borders."""
    if not len(rows):
        return
    kept = shapely.force_2d(shapes[rows])
    offset = _placing.datum_offset(kept, source)
    if offset is not None:
        metres, east, north = f"{offset.metres:.0f} m", f"{offset.east:+.0f} m", f"{offset.north:+.0f} m"
        found = (
            f"{metres} (동쪽 {east}, 북쪽 {north}; {offset.shapes:,}곳)",
            f"{metres} ({east} east, {north} north; {offset.shapes:,} areas)",
        )
        yield Finding("datum", None, name, found, {"least": 100, "places": _joined(offset.cures)})
    plane = kept if source.is_projected and _metric(source) else crs.carried(kept, source, _plane(kept, source))
    # What spans half the earth has no plane.
    flat = np.isfinite(shapely.bounds(plane)).all(axis=1)
    rows, kept, plane = rows[flat], kept[flat], plane[flat]
    first = _repeated(kept)
    again = np.flatnonzero(first >= 0)
    yield Finding("duplicate", rows[again], name, _of_rows(rows[first[again]]), {})
    areas, lengths = shapely.area(plane), shapely.length(plane)
    with np.errstate(invalid="ignore", divide="ignore"):
        widths = 2 * areas / lengths
    thin = np.flatnonzero(widths < _LEAST_WIDTH_M)
    yield Finding(
        "sliver",
        rows[thin],
        name,
        (
            [f"너비 {widths[at]:.2g} m, {areas[at]:.3g} m2" for at in thin],
            [f"{widths[at]:.2g} m wide, {areas[at]:.3g} m2" for at in thin],
        ),
        {"least": _LEAST_WIDTH_M},
    )
    yield from _overlaps(plane, areas, rows, np.flatnonzero(first < 0), name)


def _plane(shapes: NDArray[np.object_], source: pyproj.CRS) -> str:
    """Return the equal-area plane of shapes."""
    west, south, east, north = shapely.total_bounds(shapes)
    corners = crs.lonlat_of(np.array([[west, south], [east, north]]), source)
    return crs.plane_for((*corners[0], *corners[1]))


def _metric(source: pyproj.CRS) -> bool:
    """Say whether the axes of a plane count metres."""
    return all(axis.unit_name in {"metre", "meter"} for axis in source.axis_info[:2])


def _overlaps(
    plane: NDArray[np.object_], areas: NDArray[np.float64], rows: NDArray[np.intp], single: NDArray[np.intp], name: str
) -> Iterator[Finding]:
    """Yield the pairs of polygons that share ground; a repeated one counts once."""
    shapes = plane[single]
    index = overlap.ZoneIndex(shapes, np.arange(len(shapes)), checked=True, dissolved=True)
    one, other, sizes = index.overlaps(shapes, checked=True)
    one, other = single[one], single[other]
    pairs = np.flatnonzero((one < other) & (sizes > _ROUNDING * np.minimum(areas[one], areas[other])))
    found = _of_rows(rows[other[pairs]], [f", {size:,.3g} m2" for size in sizes[pairs]])
    yield Finding("overlap", rows[one[pairs]], name, found, {})


def _repeated(shapes: NDArray[np.object_]) -> NDArray[np.int64]:
    """Return for each shape the first earlier one that is the same, -1 where there is none."""
    out = np.full(len(shapes), -1, dtype=np.int64)
    keys = pd.DataFrame(shapely.bounds(shapes)).assign(points=shapely.get_num_coordinates(shapes))
    likely = np.flatnonzero(keys.duplicated(keep=False).to_numpy())
    if len(likely):
        texts = pd.Series(shapely.to_wkb(shapely.normalize(shapes[likely])))
        first = texts.groupby(texts).transform(lambda same: same.index[0]).to_numpy(dtype=np.int64)
        again = first != np.arange(len(likely))
        out[likely[again]] = likely[first[again]]
    return out


def _whole(bounds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the bounds of all, shape (1, 4)."""
    return np.concatenate([bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)]).reshape(1, 4)


def _bounds_text(bounds: NDArray[np.float64]) -> list[str]:
    """Return bounds in words, one text a row."""
    return [f"x {west:.9g} .. {east:.9g}, y {south:.9g} .. {north:.9g}" for west, south, east, north in bounds]


def _of_rows(rows: NDArray[np.intp], more: list[str] | None = None) -> tuple[list[str], list[str]]:
    """Return the names of other rows, and what is said of each, in Korean and English."""
    behind = more or [""] * len(rows)
    both = zip(rows, behind, strict=True)
    korean, english = (
        zip(*((f"행 {row}{text}", f"row {row}{text}") for row, text in both), strict=True) if len(rows) else ((), ())
    )
    return list(korean), list(english)


def _called(source: pyproj.CRS) -> str:
    """Return the code of a CRS, its name where it has none."""
    return ":".join(source.to_authority() or (source.name,))


def _joined(names: Iterable[str]) -> str:
    """Return names joined, a dash for none."""
    return ", ".join(names) or "-"


def _told(found: Iterable[Finding], place: int) -> pd.DataFrame:
    """Return findings as a table in one of the languages."""
    blocks = [_block(one, place) for one in found if one.rows is None or len(one.rows)]
    if not blocks:
        return pd.DataFrame({name: pd.Series(dtype="Int64" if name == "row" else "str") for name in COLUMNS})
    return pd.concat(blocks, ignore_index=True)


def _block(one: Finding, place: int) -> pd.DataFrame:
    """Return the rows of one finding."""
    kind, count = KINDS[one.kind], 1 if one.rows is None else len(one.rows)
    words = {
        name: _each(value[place] if isinstance(value, tuple) else value, count) for name, value in one.words.items()
    }
    cells = {
        "column": [one.column] * count,
        "problem": [kind.problem[place]] * count,
        "found": _each(one.found[place] if isinstance(one.found, tuple) else one.found, count),
        "expected": _filled(kind.expected[place], words, count),
        "cure": _filled(kind.cure[place], words, count),
        "severity": [kind.severity] * count,
    }
    rows = pd.array([None] if one.rows is None else np.asarray(one.rows), dtype="Int64")
    texts = {name: pd.array(values, dtype="str") for name, values in cells.items()}
    return pd.DataFrame({"row": rows, **texts})


def _filled(text: str, words: dict[str, list[str]], count: int) -> list[str]:
    """Return a text once for each row, its words filled in."""
    if not words:
        return [text] * count
    return [text.format(**{name: values[at] for name, values in words.items()}) for at in range(count)]


def _each(found: Any, count: int) -> list[str]:
    """Return what belongs to each row, from one value for all or one for each."""
    return [str(one) for one in found] if isinstance(found, list | np.ndarray) else [str(found)] * count
