"""What a frame must contain; all problems of a frame in one error."""

from __future__ import annotations

import json
import keyword
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from clustergeo import _ids, crs, overlap
from clustergeo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN = 5

REGION_EVIDENCE = ("province", "city", "municipality", "locality")
REGION_TAGS = (
    "province_code_mois",
    "province_code_kostat",
    "municipality_code_kostat",
    "municipality_alternatives",
    "region_share",
)
CAPITAL_TAGS = ("in_capital_region", "capital_share", "capital_share_low", "capital_share_high", "capital_border_km")
ZONE_TAGS = ("present", "share", "share_low", "share_high", "area_m2", "basis", "as_of", "source")
BASES = ("measured", "disc", "point")
EVIDENCE_BASES = ("reported", "inferred", "unknown")

_FAULTS = {
    "flag": "{column} is {value}; true or false",
    "basis": f"{{column}} is {{value}}; one of {', '.join(EVIDENCE_BASES)}",
    "share": "{column} is {value}; a share is 0 to 1",
    "amount": "{column} is {value}; a number, 0 or more",
    "footprint": f"{{column}} is {{value}}; one of {', '.join(BASES)}",
    "no_basis": "{column} has no basis; say what it rests on",
    "areal_point": "{column} is {value}, but the geometry is a polygon",
    "within_invalid": "{column} is invalid, {value}",
    "within_kind": "{column} is a {value}, expected a Polygon or MultiPolygon",
}

_RESERVED_ZONES = {
    "capital",
    "region",
    "any",
    "site",
    "area",
    "announced",
    "status",
    "position",
    "footprint",
    "in_capital",
    "rdz_reported",
}
_FLOATS = ("area_km2", "announced_area_km2", "position_error_m")
_POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


DECIDED = "decided_while_reading"
"""Where a frame of sites keeps in its `attrs` what was decided while it was read, one sentence each."""


class Fault(NamedTuple):
    """A cell of an evidence column that cannot be used: its row, from 0, its column, what is wrong, what it holds."""

    row: int
    column: str
    kind: str
    value: str

    @property
    def text(self) -> str:
        """The fault in one line."""
        return f"row {self.row}: {_FAULTS[self.kind].format(column=self.column, value=self.value)}"


def check_zone_name(name: Any, *, what: str = "a zone layer") -> None:
    """Refuse a name of a zone layer, or of what else makes columns, that is no identifier or would clash with a tag.

    Raises
    ------
    InputError
        With the names that would do.
    """
    fits = isinstance(name, str) and re.fullmatch(r"[a-z][a-z0-9_]*", name) and not keyword.iskeyword(name)
    if not fits or name in _RESERVED_ZONES or str(name).endswith("_reported"):
        msg = (
            f"{name!r} cannot name {what}: column names are made from it. "
            "Use a small-letter identifier such as 'rdz', 'water' or 'farmland' that is none of "
            f"{', '.join(sorted(_RESERVED_ZONES))}."
        )
        raise InputError(msg)


def check_geo(frame: Any, *, what: str) -> None:
    """Refuse anything that is not a GeoDataFrame with a geometry column and a CRS.

    Raises
    ------
    InputError
        With the cure.
    """
    if not isinstance(frame, gpd.GeoDataFrame):
        msg = (
            f"{what} is a {type(frame).__name__}, not a GeoDataFrame. Read it with clustergeo.read_sites or read_layer."
        )
        raise InputError(msg)
    try:
        _ = frame.geometry
    except AttributeError as error:
        msg = f"{what} has no geometry column. Set one: frame.set_geometry(...)."
        raise InputError(msg) from error
    crs.require_crs(frame, what=what)


def invalid_rows(geometries: Iterable[Any]) -> list[tuple[int, str]]:
    """Return the row numbers and reasons of invalid geometries."""
    values = np.asarray(geometries, dtype=object)
    bad = overlap.invalid_rows(values)
    return [(int(row), str(reason)) for row, reason in zip(bad, shapely.is_valid_reason(values[bad]), strict=True)]


def check_sound(frame: Any, *, what: str) -> None:
    """Refuse invalid geometries, such as a line with a coordinate that is no number, with every row."""
    values = np.asarray(frame.geometry, dtype=object)
    bad = np.flatnonzero(~shapely.is_valid(values) & ~shapely.is_missing(values))
    if found := [f"row {row}: {shapely.is_valid_reason(values[row])}" for row in bad]:
        _raise(found, what, "Repair the geometries first: frame.geometry.make_valid().")


def check_polygons(frame: Any, *, what: str, checked: bool = False) -> None:
    """Refuse a frame whose geometries are not valid polygons; `checked` where all are known to be.

    Raises
    ------
    InputError
        With the count, the first rows and the reasons.
    """
    check_geo(frame, what=what)
    if checked:
        return
    values = np.asarray(frame.geometry.values, dtype=object)
    kinds = shapely.get_type_id(values)
    problems = [
        f"row {row}: a {values[row].geom_type}, expected a Polygon or MultiPolygon"
        for row in np.flatnonzero(~np.isin(kinds, [-1, *_POLYGONAL]))
    ]
    problems += [f"row {row}: {reason}" for row, reason in invalid_rows(values)]
    _raise(problems, what, "Repair the geometries first: frame.geometry.make_valid(), keeping the polygons.")


def _raise(problems: list[str], what: str, cure: str) -> None:
    """Raise one error for all problems, if there are any."""
    if problems:
        more = f"\n- and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        counted = "; rows are counted from 0" if any(one.startswith("row ") for one in problems) else ""
        msg = (
            f"{what} cannot be used, {len(problems)} problem(s){counted}:\n- "
            + "\n- ".join(problems[:SHOWN])
            + more
            + f"\n{cure}"
        )
        raise InputError(msg)


def has_evidence(frame: pd.DataFrame) -> bool:
    """Say whether a frame declares its footprints, so that its region columns are evidence."""
    return "footprint_basis" in frame.columns


def one_site(frame: pd.DataFrame, site_id: str) -> pd.DataFrame:
    """Return the row of a site, as a frame of one row.

    Raises
    ------
    InputError
        No such site; the message names the first ids.
    """
    rows = frame[frame["site_id"].astype(str) == str(site_id)]
    if rows.empty:
        some = ", ".join(map(str, frame["site_id"].head(5)))
        msg = f"There is no site {site_id!r}. The first ids are {some}."
        raise InputError(msg)
    return rows.iloc[[0]]


def evidence_columns(names: Iterable[str]) -> list[str]:
    """Return which columns say something of the sites that the tags take into account.

    Examples
    --------
    >>> evidence_columns(["owner", "sectors", "rdz_reported_share"])
    ['sectors', 'rdz_reported_share']
    """
    names = list(names)
    said = {"footprint_basis", "within", "sectors", "macro_region", *_FLOATS}
    if "footprint_basis" in names:
        said |= set(REGION_EVIDENCE)
    return [name for name in names if name in said or "_reported_" in name]


def site_frame(
    sites: Any,
    *,
    zone_names: Iterable[str] = (),
    added: Iterable[str] | None = None,
    what: str = "the sites",
    checked: bool = False,
) -> gpd.GeoDataFrame:
    """Return a checked copy of a site frame, with `site_id` and the evidence columns in their types.

    Parameters
    ----------
    sites
        A GeoDataFrame of polygons or points with a CRS.
    zone_names
        The zone layers that will be tagged; their columns must be free.
    added
        The columns that will be added, where they are not those of a tag; they must be free.
    what
        How to name the frame in a refusal.
    checked
        Whether all geometries are known to be valid polygons.

    Returns
    -------
    geopandas.GeoDataFrame
        Same index, order and length. A missing `site_id` is made from the row number, from 1.

    Raises
    ------
    InputError
        With every problem found.
    """
    check_geo(sites, what=what)
    if isinstance(sites.columns, pd.MultiIndex):
        msg = f"{what} has columns of several levels. Flatten them first: frame.columns = [...]."
        raise InputError(msg)
    frame = sites.copy()
    found = _column_problems(frame, list(zone_names), added) + _id_problems(frame)
    found += problems(frame, checked=checked)
    _raise(found, what, "Mend these rows or columns and run again; nothing was changed.")
    if "site_id" not in frame.columns:
        frame.insert(0, "site_id", [str(number) for number in range(1, len(frame) + 1)])
    frame["site_id"] = pd.Series([_ids.id_text(value) for value in frame["site_id"]], index=frame.index, dtype="str")
    return typed(frame)


def problems(frame: gpd.GeoDataFrame, *, checked: bool = False) -> list[str]:
    """Return what is wrong with the geometries and the evidence of a frame, each with its row, counted from 0."""
    return ([] if checked else _shape_problems(frame)) + evidence_problems(frame)


def _shape_problems(frame: gpd.GeoDataFrame) -> list[str]:
    """Return what is wrong with the geometries of a frame."""
    values = np.asarray(frame.geometry.values, dtype=object)
    allowed = [-1, shapely.GeometryType.POINT, *_POLYGONAL]
    found = [
        f"row {row}: a {values[row].geom_type}; a site is a polygon or a point"
        for row in np.flatnonzero(~np.isin(shapely.get_type_id(values), allowed))
    ]
    found += [f"row {row}: invalid geometry, {reason}" for row, reason in invalid_rows(values)]
    finite = np.isfinite(shapely.bounds(values)).all(axis=1) | shapely.is_empty(values) | shapely.is_missing(values)
    found += [f"row {row}: coordinates are not finite" for row in np.flatnonzero(~finite)]
    return found


def _column_problems(frame: gpd.GeoDataFrame, zone_names: list[str], added: Iterable[str] | None) -> list[str]:
    """Return which columns of the caller's a tag, or what else adds columns, would overwrite."""
    names = [str(name) for name in frame.columns]
    problems = [
        f"column {name!r} stands {names.count(name)} times" for name in dict.fromkeys(names) if names.count(name) > 1
    ]
    if added is None:
        taken = {*REGION_TAGS, *CAPITAL_TAGS}
        taken |= {f"{zone}_{tag}" for zone in {"rdz", *zone_names} for tag in ZONE_TAGS}
        if not has_evidence(frame):
            taken |= set(REGION_EVIDENCE)
    else:
        taken = set(added)
    clash = [name for name in names if name in taken]
    if clash:
        by = "a tag" if added is None else "the result"
        problems.append(f"column(s) {', '.join(map(repr, clash))} would be overwritten by {by}: rename or drop them")
    return problems


def _id_problems(frame: gpd.GeoDataFrame) -> list[str]:
    """Return what is wrong with the ids."""
    if "site_id" not in frame.columns or not isinstance(frame["site_id"], pd.Series):
        return []
    ids = frame["site_id"]
    empty = ids.isna() | (ids.astype(str).str.strip() == "")
    problems = [f"row {row}: site_id is empty" for row in np.flatnonzero(empty)]
    texts = pd.Series([_ids.id_text(value) for value in ids])
    twice = texts[~empty.to_numpy() & texts.duplicated(keep=False)]
    return problems + [
        f"site_id {name!r} stands {count} times" for name, count in twice.value_counts(sort=False).items()
    ]


def evidence_problems(frame: gpd.GeoDataFrame) -> list[str]:
    """Return what is wrong with evidence columns, in words."""
    return [fault.text for fault in evidence_faults(frame)]


def evidence_faults(frame: gpd.GeoDataFrame) -> list[Fault]:
    """Return what is wrong with evidence columns."""
    problems = _footprint_problems(frame) + _within_problems(frame)
    for column in [name for name in frame.columns if isinstance(name, str)]:
        values = frame[column]
        if column.endswith("_reported_present"):
            problems += _unreadable(column, values, [_flag(value) is not None for value in values], "flag")
        elif column.endswith("_reported_basis"):
            problems += _unreadable(column, values, values.isin(EVIDENCE_BASES), "basis")
        elif column in _FLOATS or column.endswith(("_reported_share", "_reported_area_m2")):
            numbers = pd.to_numeric(values, errors="coerce")
            high = 1.0 if column.endswith("_share") else np.inf
            fits = (numbers >= 0) & (numbers <= high)
            problems += _unreadable(column, values, fits, "share" if high == 1.0 else "amount")
        if column.endswith(("_reported_present", "_reported_share", "_reported_area_m2")):
            basis = frame.get(f"{column.partition('_reported_')[0]}_reported_basis")
            without = ~_blank(values) & (True if basis is None else _blank(basis))
            problems += [Fault(int(row), column, "no_basis", "-") for row in np.flatnonzero(without)]
    return problems


def _unreadable(column: str, values: pd.Series, fits: Any, kind: str) -> list[Fault]:
    """Return the cells that are neither empty nor what a column holds."""
    bad = ~np.asarray(fits, dtype=bool) & ~_blank(values)
    return [Fault(int(row), column, kind, repr(values.iloc[[row]].tolist()[0])) for row in np.flatnonzero(bad)]


def _blank(values: pd.Series) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Say which cells are null or empty text."""
    return np.asarray(values.isna() | (values.astype(str).str.strip() == ""), dtype=bool)


def _footprint_problems(frame: gpd.GeoDataFrame) -> list[Fault]:
    """Return footprints whose basis is unknown or does not fit the geometry."""
    if "footprint_basis" not in frame.columns:
        return []
    basis = frame["footprint_basis"]
    problems = _unreadable("footprint_basis", basis, basis.isin(BASES), "footprint")
    areal = np.isin(shapely.get_type_id(np.asarray(frame.geometry.values, dtype=object)), _POLYGONAL)
    wrong = np.flatnonzero(areal & (basis == "point").to_numpy(dtype=bool, na_value=False))
    return problems + [Fault(int(row), "footprint_basis", "areal_point", "'point'") for row in wrong]


def _within_problems(frame: gpd.GeoDataFrame) -> list[Fault]:
    """Return containing areas that are no valid polygons."""
    if "within" not in frame.columns:
        return []
    problems = []
    for row, value in enumerate(frame["within"]):
        if isinstance(value, shapely.Polygon | shapely.MultiPolygon):
            if not shapely.is_valid(value):
                problems.append(Fault(row, "within", "within_invalid", shapely.is_valid_reason(value)))
        elif value is not None and not (pd.api.types.is_scalar(value) and pd.isna(value)):
            problems.append(Fault(row, "within", "within_kind", type(value).__name__))
    return problems


def typed(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the frame with its evidence columns in their types."""
    for column in [name for name in frame.columns if isinstance(name, str)]:
        if column in _FLOATS or column.endswith(("_reported_share", "_reported_area_m2")):
            frame[column] = pd.to_numeric(frame[column], errors="coerce").astype("float64")
        elif column.endswith("_reported_present"):
            frame[column] = pd.array([_flag(value) for value in frame[column]], dtype="boolean")
    if "sectors" in frame.columns:
        frame["sectors"] = pd.Series(
            [sector_list(value) for value in frame["sectors"]], index=frame.index, dtype=object
        )
    if "within" in frame.columns and not isinstance(frame["within"], gpd.GeoSeries):
        frame["within"] = gpd.GeoSeries(frame["within"], index=frame.index, crs=frame.crs)
    return frame


def _flag(value: Any) -> bool | None:
    """Return a flag that a format may have turned into text or a number."""
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False}.get(value.strip().lower())
    return bool(value)


def sector_list(value: Any) -> list[str] | None:
    """Return sector codes as a list, from a list, an array, JSON text or text joined by `;`.

    Examples
    --------
    >>> sector_list("bio;robot"), sector_list('["bio"]'), sector_list(None)
    (['bio', 'robot'], ['bio'], None)
    """
    if value is None or (isinstance(value, float) and np.isnan(value)) or value is pd.NA:
        return None
    if isinstance(value, str):
        text = value.strip()
        if text.startswith("[") and text.endswith("]"):
            try:
                return sector_list(json.loads(text))
            except json.JSONDecodeError:
                pass
        value = text.split(";")
    codes = [str(code).strip() for code in value if str(code).strip()]
    return codes or None
