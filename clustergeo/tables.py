"""Summary and presentation tables of tagged sites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from clustergeo import _digits, _proof, footprints, labels
from clustergeo._formats import cell
from clustergeo._table import DASH_NOTE, Column, Kind, Table
from clustergeo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

KEYS = ("sector", "province", "macro_region", "in_capital_region", "rdz_basis", "status")
UNKNOWN = "unknown"

_M2_PER_KM2 = 1e6
_MOST_KEYS = 2
_VERDICTS = ("inside", "outside")
_BASES = ("measured", "estimated", "reported", "inferred")
_STATUSES = (
    "candidate",
    "candidate_pf_withdrawn",
    "pf_applied",
    "pf_passed",
    "pf_exempt",
    "plan_applied",
    "designated",
)

# What tag() adds: without it there is nothing to group by, and a table full of "unknown" would hide the omission.
_TAGGED = ("province", "in_capital_region", "rdz_basis")

_HEADERS = {"rdz_present": "sites_with_rdz"}

_SECTOR_NOTE = (
    "업종이 여럿인 부지는 각 업종에 한 번씩 세었으므로 행의 합이 전체 부지 수보다 클 수 있다.",
    "A site of several sectors counts once in each sector's row, so the rows may add up to more than all sites.",
)
_SUM_NOTE = ("면적은 알려진 값만 더한 것이다.", "Areas are sums of the known values.")
_PLAN_NOTE = (
    "철회된 계획의 면적은 기준일 옆에 표시하였다.",
    "An area from a withdrawn plan is marked beside its date.",
)


def summarize(tagged: pd.DataFrame, by: str | Sequence[str] = "sector") -> pd.DataFrame:
    """Count and measure tagged sites by one or two keys.

    Parameters
    ----------
    tagged
        The result of `tag`. It is not changed.
    by
        One of `sector`, `province`, `macro_region`, `in_capital_region`, `rdz_basis`, `status`, or two of them.

    Returns
    -------
    pandas.DataFrame
        One row a group that occurs, in the order of the taxonomy, of the province codes, of the macro-region table or
        of the stages, with a row `unknown` last for sites without the key. Keys are text; `in_capital_region` is
        `inside`, `outside` or `unknown`. Columns: the keys, `sites`, `area_km2` (sum of the known areas; the area of a
        site is its `area_km2`, or the true area of a measured polygon), `sites_without_area`, `announced_area_km2`
        (only if the sites have it), `inside_capital_region`, `outside_capital_region`, `capital_region_undecided`,
        `rdz_present`, `rdz_absent`, `rdz_undecided` (the evidence does not decide), `rdz_unknown` (there is none), all
        numbers of sites, and `rdz_area_km2` (sum of the known areas, km²; no overlap of a drawn disc is among them).
        A sum of no known value is null. A site of several sectors counts once in each sector's row. An empty frame
        gives an empty summary with every column.

    Raises
    ------
    InputError
        If a key does not exist, more than two are named, or the frame was not tagged.

    Examples
    --------
    >>> sites = pd.DataFrame({"status": ["candidate", "candidate", None], "area_km2": [1.0, 2.0, None]})
    >>> summarize(sites, by="status")[["status", "sites", "area_km2", "sites_without_area"]].values.tolist()
    [['candidate', 2, 3.0, 0], ['unknown', 1, nan, 1]]
    """
    keys = _checked_keys(by, tagged)
    figures = site_figures(tagged)
    for key in keys:
        figures[key] = pd.Series(_key_values(tagged, key), index=figures.index, dtype=object)
    if "sector" in keys:
        figures = figures.explode("sector")
    grouped = figures.groupby(keys, sort=False, dropna=False)
    out = grouped.agg(
        sites=("site", "count"),
        area_km2=("area_km2", _known_sum),
        sites_without_area=("without_area", "sum"),
        announced_area_km2=("announced_area_km2", _known_sum),
        inside_capital_region=("inside", "sum"),
        outside_capital_region=("outside", "sum"),
        capital_region_undecided=("undecided", "sum"),
        rdz_present=("present", "sum"),
        rdz_absent=("absent", "sum"),
        rdz_undecided=("open", "sum"),
        rdz_unknown=("not_known", "sum"),
        rdz_area_km2=("rdz_area_km2", _known_sum),
    ).reset_index()
    if "announced_area_km2" not in tagged.columns:
        out = out.drop(columns="announced_area_km2")
    floats = {name for name in out.columns if name.endswith("_km2")}
    out = out.astype({name: str if name in keys else float if name in floats else np.int64 for name in out.columns})
    places = [_order(key, tagged) for key in keys]
    rows = sorted(
        range(len(out)), key=lambda row: [place(out[key].iloc[row]) for key, place in zip(keys, places, strict=True)]
    )
    return out.iloc[rows].reset_index(drop=True)


def table(
    tagged_or_summary: pd.DataFrame,
    by: str | Sequence[str] | None = None,
    lang: str = "ko",
    title: str | None = None,
) -> Table:
    """Make a presentation table in Korean or English.

    Parameters
    ----------
    tagged_or_summary
        Tagged sites, or the result of `summarize`.
    by
        The keys of `summarize`; None for the table of the sites themselves, one row a site. Not needed for a summary.
    lang
        `"ko"` or `"en"`.
    title
        The caption; by default it names the keys.

    Returns
    -------
    Table
        Shows itself in a notebook; `.html()`, `.markdown()`, `.csv()`, `.xlsx()`, `.latex()` and `.frame`.

    Raises
    ------
    InputError
        If the language or a key does not exist, the frame was not tagged, or `by` disagrees with a summary.

    Examples
    --------
    >>> sites = pd.DataFrame({"status": ["candidate"], "area_km2": [7.28]})
    >>> print(table(sites, by="status", lang="en").markdown().splitlines()[4][:28])
    | candidate | 1 | 7.28 | 0 |
    """
    place = labels.check_lang(lang)
    summarized = {"sites", "sites_without_area"} <= set(tagged_or_summary.columns)
    if not summarized and by is None:
        return site_table(tagged_or_summary, lang, title=title)
    summary = tagged_or_summary if summarized else summarize(tagged_or_summary, by or "sector")
    keys = list(summary.columns[: list(summary.columns).index("sites")])
    if summarized and by is not None and ([by] if isinstance(by, str) else list(by)) != keys:
        msg = f"by={by!r} disagrees with a summary by {', '.join(keys)}; leave `by` out, or pass the tagged sites."
        raise InputError(msg)
    columns = [Column(labels.column(key, lang), "text") for key in keys]
    columns += [
        Column(labels.column(_HEADERS.get(name, name), lang), "area" if name.endswith("_km2") else "count")
        for name in summary.columns[len(keys) :]
    ]
    rows = [
        [
            *(labels.value(key, row[key], lang) for key in keys),
            *(cell(row[name]) for name in summary.columns[len(keys) :]),
        ]
        for row in summary.to_dict("records")
    ]
    words = " × ".join(labels.column(key, lang) for key in keys)
    notes = [_SECTOR_NOTE[place]] if "sector" in keys else []
    named = (f"{words}별 부지", f"Sites by {words}")[place]
    return Table.of(
        columns, rows, title=title or named, notes=[*notes, f"{_SUM_NOTE[place]} {DASH_NOTE[lang]}"], lang=lang
    )


def site_table(tagged: pd.DataFrame, lang: str = "ko", *, title: str | None = None) -> Table:
    """Make the table of the sites: one row a site, in the order of the frame.

    Parameters
    ----------
    tagged
        The result of `tag`; a column it does not have is shown as unknown.
    lang
        `"ko"` or `"en"`; names and regions are in that language where the frame has them.
    title
        The caption.

    Returns
    -------
    Table
        Name, province, municipality, sectors, area with its date (marked where it is of a withdrawn plan), status with
        its date, the verdict on the capital region and the distance to its border (km, negative inside), and the RDZ:
        present, share, area (km²), basis and date.

    Raises
    ------
    InputError
        If the language does not exist.

    Examples
    --------
    >>> site_table(pd.DataFrame({"site_id": ["a"], "area_km2": [3.9]}), "en").frame.iloc[0, :5].tolist()
    ['a', None, None, None, 3.9]
    """
    place = labels.check_lang(lang)
    blank = pd.Series([None] * len(tagged), index=tagged.index, dtype=object)

    def cells(*names: str) -> list[Any]:
        """Return plain cells, of the first of the columns that knows."""
        lists = [[cell(one) for one in tagged.get(name, blank)] for name in names]
        return [next((one for one in row if one not in (None, "")), None) for row in zip(*lists, strict=True)]

    def words(name: str) -> list[Any]:
        """Return the words of codes; a null stays null, to be shown as a dash."""
        return [None if one in (None, []) else labels.value(name, one, lang) for one in cells(name)]

    def verdicts(stem: str) -> list[Any]:
        """Return the words of a zone's verdicts: what evidence leaves open is not what nobody knows anything of."""
        opened = _proof.left_open(tagged, stem).tolist()
        told = zip(words(f"{stem}_present"), opened, strict=True)
        return [labels.undecided(lang) if still else word for word, still in told]

    other = "en" if lang == "ko" else "ko"
    scopes = cells("area_scope")
    withdrawn = [f"({labels.value('scope', one, lang)})" if one not in (None, "whole") else "" for one in scopes]
    dates = [
        None if day is None else f"{day} {mark}".strip()
        for day, mark in zip(cells("area_as_of"), withdrawn, strict=True)
    ]
    areas = [None if np.isnan(one) else float(one) for one in footprints.areas_km2(tagged)]
    shares = [cell(one) for one in _proof.shares(tagged, "rdz")]
    extents = zip(cells("rdz_area_m2"), _proof.of_disc(tagged, "rdz").tolist(), strict=True)
    rdz = [None if drawn or one is None else one / _M2_PER_KM2 for one, drawn in extents]
    parts: list[tuple[str, Kind, list[Any]]] = [
        ("name", "text", cells(f"name_{lang}", "name", f"name_{other}", "site_id")),
        ("province", "text", words("province")),
        ("municipality", "text", words("municipality")),
        ("sectors", "text", words("sectors")),
        ("area_km2", "area", areas),
        ("area_as_of", "text", dates),
        ("status", "text", _joined(words("status"), cells("status_as_of"))),
        # Undecided is a verdict of its own, and said in words.
        (
            "in_capital_region",
            "text",
            [labels.value("in_capital_region", one, lang) for one in cells("in_capital_region")],
        ),
        ("capital_border_km", "distance", cells("capital_border_km")),
        ("rdz_present", "text", verdicts("rdz")),
        ("rdz_share", "share", shares),
        ("rdz_area_km2", "area", rdz),
        ("rdz_basis", "text", _joined(words("rdz_basis"), cells("rdz_as_of"))),
    ]
    if "estimated" in cells("rdz_basis"):
        bounds = zip(cells("rdz_basis"), cells("rdz_share_low"), cells("rdz_share_high"), strict=True)
        shown = [
            _bounds(low, high) if basis == "estimated" and low is not None else None for basis, low, high in bounds
        ]
        parts.append(("rdz_share_bounds", "text", shown))
    if any(basis in ("measured", "estimated") for basis in cells("rdz_basis")) and "rdz_reported_basis" in tagged:
        areas_reported = [None if one is None else one / _M2_PER_KM2 for one in cells("rdz_reported_area_m2")]
        parts += [
            ("rdz_reported_present", "text", verdicts("rdz_reported")),
            ("rdz_reported_share", "share", cells("rdz_reported_share")),
            ("rdz_reported_area_km2", "area", areas_reported),
            ("rdz_reported_basis", "text", _joined(words("rdz_reported_basis"), cells("rdz_reported_as_of"))),
        ]
    columns = [Column(labels.column(name, lang), kind) for name, kind, _ in parts]
    rows = [list(row) for row in zip(*(values for _, _, values in parts), strict=True)]
    notes = [_PLAN_NOTE[place]] if "withdrawn_plan" in scopes else []
    return Table.of(columns, rows, title=title or ("부지", "Sites")[place], notes=[*notes, DASH_NOTE[lang]], lang=lang)


def _bounds(low: float, high: float) -> str:
    """Return proved bounds in percent, rounded outwards so that they stay proved; one figure where they are one.

    Examples
    --------
    >>> _bounds(0.1239, 0.98761), _bounds(0.0, 0.00001), _bounds(0.0, 0.0)
    ('12.3–98.8 %', '0.0–0.1 %', '0.0 %')
    """
    if low == high:
        return _digits.percent(low, least=1)
    least, most = footprints.outwards(low, high)
    return f"{least * 100:.1f}–{most * 100:.1f} %"


def _joined(words: list[Any], dates: list[Any]) -> list[Any]:
    """Return words with their dates."""
    return [word if day is None or word is None else f"{word}, {day}" for word, day in zip(words, dates, strict=True)]


def _checked_keys(by: str | Sequence[str], tagged: pd.DataFrame) -> list[str]:
    """Return the keys as a list, or refuse them."""
    keys = [by] if isinstance(by, str) else list(by)
    wrong = [repr(key) for key in keys if key not in KEYS]
    if wrong or not keys or len(keys) > _MOST_KEYS or len(set(keys)) < len(keys):
        what = f"by={by!r} cannot be summarized" + (f": {', '.join(wrong)} is no key" if wrong else "")
        msg = f"{what}; expected one of {', '.join(KEYS)}, or two different ones of them. Correct `by`."
        raise InputError(msg)
    missing = [key for key in keys if key in _TAGGED and key not in tagged.columns]
    if missing and len(tagged):
        msg = (
            f"The frame has no column {', '.join(missing)}; expected tagged sites. "
            "Tag them first: summarize(clustergeo.tag(sites), by=...)."
        )
        raise InputError(msg)
    return keys


def site_figures(tagged: pd.DataFrame) -> pd.DataFrame:
    """Return what is counted and summed, one row a site: flags of the verdicts, and areas in km²."""
    blank = pd.Series([None] * len(tagged), index=tagged.index, dtype=object)

    def numbers(name: str) -> pd.Series:
        return pd.to_numeric(tagged.get(name, blank), errors="coerce").astype(float).reset_index(drop=True)

    def flags(name: str) -> pd.Series:
        return tagged.get(name, blank).astype("boolean").reset_index(drop=True)

    # One verdict a site, the one that the tables and the map show; what was reported beside a layer stays beside it.
    stem = "rdz" if "rdz_present" in tagged.columns else "rdz_reported"
    capital, present = flags("in_capital_region"), flags(f"{stem}_present")
    # A disc is a drawing: its overlap is no figure to be summed.
    rdz_area = numbers(f"{stem}_area_m2").where(~_proof.of_disc(tagged, stem))
    opened = _proof.left_open(tagged, stem)
    areas = footprints.areas_km2(tagged)
    return pd.DataFrame(
        {
            "site": np.ones(len(tagged), dtype=np.int64),
            "area_km2": areas,
            "without_area": np.isnan(areas),
            "announced_area_km2": numbers("announced_area_km2"),
            "inside": capital.fillna(value=False).astype(bool),
            "outside": (~capital).fillna(value=False).astype(bool),
            "undecided": capital.isna(),
            "present": present.fillna(value=False).astype(bool),
            "absent": (~present).fillna(value=False).astype(bool),
            "open": opened,
            "not_known": present.isna() & ~opened,
            "rdz_area_km2": rdz_area / _M2_PER_KM2,
        },
        index=pd.RangeIndex(len(tagged)),
    )


def _key_values(tagged: pd.DataFrame, key: str) -> list[Any]:
    """Return the value of a key for each site, a list of codes for sectors; `unknown` where there is none."""
    column = "sectors" if key == "sector" else key
    if column not in tagged.columns:
        return [UNKNOWN] * len(tagged)
    values = [cell(one) for one in tagged[column]]
    if key == "in_capital_region":
        # Words, because a column of flags cannot say "unknown".
        values = [None if one is None else _VERDICTS[0 if one else 1] for one in values]
    if key != "sector":
        return [UNKNOWN if one in (None, "") else str(one) for one in values]
    codes = [one.split(";") if isinstance(one, str) else one for one in values]
    return [list(dict.fromkeys(code for code in one or [] if code)) or [UNKNOWN] for one in codes]


def _known_sum(values: pd.Series) -> float:
    """Return a sum of the known values; null, not 0, when none is known."""
    total = float(values.sum(min_count=1))
    # A square metre is more than any source gives; the digits beyond are those of binary addition. Less is still some.
    return round(total, 6) or total


def _order(key: str, tagged: pd.DataFrame) -> Callable[[Hashable], tuple[int, int, str]]:
    """Return the place of a key's value: known ones in their own order, then others by name, `unknown` last."""
    known = list(_known(key, tagged))

    def place(value: Hashable) -> tuple[int, int, str]:
        text = str(value)
        if text == UNKNOWN:
            return (2, 0, "")
        return (0, known.index(text), "") if text in known else (1, 0, text)

    return place


def _known(key: str, tagged: pd.DataFrame) -> Sequence[str]:
    """Return the values of a key in their own order."""
    if key == "in_capital_region":
        return _VERDICTS
    if key == "rdz_basis":
        return _BASES
    if key == "status":
        return _STATUSES
    if key == "province":
        if not {"province", "province_code_kostat"} <= set(tagged.columns):
            return []
        pairs = tagged[["province", "province_code_kostat"]].dropna().astype(str).drop_duplicates("province")
        return list(pairs.sort_values("province_code_kostat")["province"])
    return labels.sector_codes() if key == "sector" else labels.macro_region_codes()
