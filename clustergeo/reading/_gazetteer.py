"""The names by which Korean addresses call provinces, municipalities and localities, and the ground of each."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely

from clustergeo import crs, datasets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_SHORT = {
    "11": ("서울", "서울시"),
    "21": ("부산", "부산시", "부산직할시"),
    "22": ("대구", "대구시", "대구직할시"),
    "23": ("인천", "인천시", "인천직할시"),
    "24": ("광주", "광주시", "광주직할시"),
    "25": ("대전", "대전시", "대전직할시"),
    "26": ("울산", "울산시"),
    "29": ("세종", "세종시"),
    "31": ("경기",),
    "32": ("강원",),
    "33": ("충북",),
    "34": ("충남",),
    "35": ("전북",),
    "36": ("전남",),
    "37": ("경북",),
    "38": ("경남",),
    "39": ("제주", "제주도"),
}
_MERGED = ("전남광주", "전남광주시", "전남광주특별시")
_SHORTEST_STEM = 2


class Municipality(NamedTuple):
    """A municipality of 2018: its name with its city, its province today, and every 2018 province it has been of."""

    name: str
    province: str
    owners: frozenset[str]


class Names(NamedTuple):
    """Places by the names that addresses call them, without spaces.

    Attributes
    ----------
    provinces
        The 2018 KOSTAT codes that each name of a province means.
    municipalities
        The 2018 codes that each name means: with its city, without it, or the city alone, which means all its gu.
    stems
        The same for cities and counties without the last syllable: 용인 for 용인시.
    newer
        Gu set up since 2018: the municipalities of 2018 that each lies in.
    known
        What each municipality is.
    localities
        The localities of each municipality, by name, with separators and 제 left out.
    shown
        The name of each locality as it is written.
    """

    provinces: Mapping[str, frozenset[str]]
    municipalities: Mapping[str, tuple[str, ...]]
    stems: Mapping[str, tuple[str, ...]]
    newer: Mapping[str, tuple[str, ...]]
    known: Mapping[str, Municipality]
    localities: Mapping[str, Mapping[str, str]]
    shown: Mapping[str, str]


@functools.cache
def names() -> Names:
    """Return the names of the shipped regions."""
    owners, table = datasets.municipality_owners(), datasets.municipalities_on()
    known = {
        code: Municipality(row.municipality, row.province, frozenset({code[:2], owners[code]}))
        for code, row in zip(table.index, table.itertuples(index=False), strict=True)
    }
    full: dict[str, list[str]] = {}
    stems: dict[str, list[str]] = {}
    for code, row in zip(table.index, table.itertuples(index=False), strict=True):
        gu = row.municipality.rpartition(" ")[2]
        for name in {plain(row.municipality), plain(row.city), gu}:
            full.setdefault(name, []).append(code)
        stem = row.city[:-1]
        if not row.city.endswith("구") and len(stem) >= _SHORTEST_STEM:
            stems.setdefault(stem, []).append(code)
            if gu != row.city:
                full.setdefault(stem + gu, []).append(code)
    localities: dict[str, dict[str, str]] = {}
    shown = {}
    regions = datasets.load_regions("locality").sort_values("locality_code_kostat")
    for code, name in zip(regions["locality_code_kostat"], regions["locality"], strict=True):
        localities.setdefault(code[:5], {})[dong_name(name)] = code
        shown[code] = name
    return Names(
        _provinces(),
        {name: tuple(codes) for name, codes in full.items()},
        {name: tuple(codes) for name, codes in stems.items()},
        _newer(),
        known,
        localities,
        shown,
    )


def _provinces() -> dict[str, frozenset[str]]:
    """Return the 2018 codes that each name of a province means."""
    out: dict[str, set[str]] = {}
    for code, ever in datasets.province_names().items():
        for name in (*ever, *_SHORT.get(code, ())):
            out.setdefault(plain(name), set()).add(code)
    merged = {code for code, ever in datasets.province_names().items() if any(_MERGED[0] in name for name in ever)}
    for name in _MERGED:
        out[name] = merged
    return {name: frozenset(codes) for name, codes in out.items()}


@functools.cache
def provinces_by_code() -> dict[str, str]:
    """Return how an address calls the province of each code of the ministry (MOIS).

    Examples
    --------
    >>> provinces_by_code()["41"], provinces_by_code()["51"]
    ('경기', '강원')
    """
    members = datasets.province_members(scheme="mois")
    return {code: _SHORT[held[0]][0] for code, held in members.items() if len(held) == 1}


def _newer() -> dict[str, tuple[str, ...]]:
    """Return the gu set up since 2018 and the municipalities of 2018 that each lies in."""
    out: dict[str, tuple[str, ...]] = {}
    for row in datasets.later_changes().itertuples(index=False):
        for name in re.findall(r"[가-힣]+구", row.change_ko):
            out[name] = tuple(row.municipality_codes_kostat.split())
    return out


def plain(text: str) -> str:
    """Return a text without spaces.

    Examples
    --------
    >>> plain("용인시 처인구")
    '용인시처인구'
    """
    return "".join(text.split())


def dong_name(name: str) -> str:
    """Return the name of a locality as all its spellings are compared.

    Examples
    --------
    >>> dong_name("역삼제1동"), dong_name("종로1·2·3·4가동") == dong_name("종로1.2.3.4가동")
    ('역삼1동', True)
    """
    return re.sub(r"제(?=\d)", "", re.sub(r"[·.,ㆍ‧\s]", "", name))


def kin(name: str) -> str:
    """Return the name of a dong without its number, by which legal and administrative dongs of one origin agree.

    Examples
    --------
    >>> kin("역삼1동"), kin("역삼동"), kin("화곡본동")
    ('역삼', '역삼', '화곡')
    """
    return re.sub(r"(본|\d)*(동|가)$", "", dong_name(name)) or name


def called(codes: Iterable[str]) -> tuple[str, ...]:
    """Return the names of municipalities and provinces, today."""
    known, ever = names().known, provinces_today()
    return tuple(f"{known[code].province} {known[code].name}" if code in known else ever[code] for code in codes)


def named(codes: Iterable[str]) -> tuple[str, ...]:
    """Return the names of regions of any level, today."""
    shown = names().shown
    return tuple(f"{called([code[:5]])[0]} {shown[code]}" if code in shown else called([code])[0] for code in codes)


@functools.cache
def provinces_today() -> dict[str, str]:
    """Return the name today of the province that each 2018 province has become."""
    table = datasets.provinces_on()
    return {code: row.province for row in table.itertuples(index=False) for code in row.members}


def alike(codes: Iterable[str], name: str) -> Iterator[str]:
    """Yield the administrative dongs of municipalities that share the origin of a name."""
    held, origin = names(), kin(name)
    for code in codes:
        yield from (held.shown[one] for other, one in held.localities[code].items() if kin(other) == origin)


def lies_in(code: str, other: str) -> bool:
    """Say whether a region of 2018 lies in another, or did in any year.

    Examples
    --------
    >>> lies_in("3119132", "31191"), lies_in("37310", "22"), lies_in("31191", "3119132")
    (True, True, False)
    """
    known = names().known
    return code.startswith(other) or (code[:5] in known and other in known[code[:5]].owners)


def areas_of(codes: Iterable[str | None]) -> gpd.GeoSeries:
    """Return the union of the shipped regions that each text of codes, joined by `;`, names; null for none.

    Examples
    --------
    >>> areas_of(["3119132;3119113", None]).isna().tolist()
    [False, True]
    """
    given = list(codes)
    shapes = {text: _area(text) for text in dict.fromkeys(given) if isinstance(text, str) and text}
    values = np.full(len(given), None, dtype=object)
    values[:] = [shapes.get(text) if isinstance(text, str) else None for text in given]
    return gpd.GeoSeries(values, crs=crs.LONLAT)


@functools.lru_cache(maxsize=4096)
def _area(codes: str) -> Any:
    """Return the union of regions of any level."""
    held = _shapes()
    shapes = np.asarray([shape for code in codes.split(";") for shape in held[code]], dtype=object)
    return shapes[0] if len(shapes) == 1 else shapely.coverage_union_all(shapes)


@functools.cache
def _shapes() -> dict[str, list[Any]]:
    """Return the shape of each locality and municipality, and the municipalities that were ever of each province."""
    out: dict[str, list[Any]] = {}
    municipalities = datasets.load_regions("municipality")
    for code, shape in zip(municipalities["municipality_code_kostat"], municipalities.geometry, strict=True):
        out[code] = [shape]
        for owner in names().known[code].owners:
            out.setdefault(owner, []).append(shape)
    localities = datasets.load_regions("locality")
    return out | {
        code: [shape] for code, shape in zip(localities["locality_code_kostat"], localities.geometry, strict=True)
    }
