"""Korean and English words of columns, codes and values, and the colours of sectors."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import pandas as pd

from clustergeo.errors import InputError

LANGS = ("ko", "en")
UNKNOWN_COLOUR = "#999999"

_REGIONS = ("province", "city", "municipality")

_COLUMNS: dict[str, tuple[str, str]] = {
    "site_id": ("부지 ID", "Site ID"),
    "name": ("이름", "Name"),
    "name_ko": ("이름(국문)", "Name (Korean)"),
    "name_en": ("이름(영문)", "Name (English)"),
    "province": ("시도", "Province"),
    "province_en": ("시도(영문)", "Province (English)"),
    "province_code_mois": ("시도 코드(행정안전부)", "Province code (MOIS)"),
    "province_code_kostat": ("시도 코드(통계청)", "Province code (KOSTAT)"),
    "city": ("시", "City"),
    "city_en": ("시(영문)", "City (English)"),
    "municipality": ("시군구", "Municipality"),
    "municipality_en": ("시군구(영문)", "Municipality (English)"),
    "municipality_code_kostat": ("시군구 코드(통계청)", "Municipality code (KOSTAT)"),
    "municipality_alternatives": ("가능한 시군구", "Possible municipalities"),
    "locality": ("읍면동", "Locality"),
    "locality_en": ("읍면동(영문)", "Locality (English)"),
    "address_ko": ("주소(국문)", "Address (Korean)"),
    "address_en": ("주소(영문)", "Address (English)"),
    "address_status": ("주소로 안 위치", "Place by the address"),
    "address_candidates": ("주소의 후보", "What the address may mean"),
    "address_assumed": ("주소에서 가정한 것", "Assumed of the address"),
    "region_share": ("시군구 안 비율", "Share in the municipality"),
    "macro_region": ("권역", "Macro-region"),
    "sector": ("업종", "Sector"),
    "sectors": ("업종", "Sectors"),
    "area_km2": ("면적(km²)", "Area (km²)"),
    "area_as_of": ("면적 기준일", "Area as of"),
    "area_scope": ("면적의 범위", "Scope of the area"),
    "area_source": ("면적 출처", "Area source"),
    "announced_area_km2": ("발표 면적(km²)", "Announced area (km²)"),
    "status": ("추진 단계", "Status"),
    "status_as_of": ("추진 단계 기준일", "Status as of"),
    "status_source": ("추진 단계 출처", "Status source"),
    "designations": ("지정·선정", "Designations"),
    "designations_source": ("지정·선정 출처", "Source of the designations"),
    "footprint_basis": ("도형의 근거", "Footprint basis"),
    "position_error_m": ("위치 오차(m)", "Position error (m)"),
    "position_source": ("위치 출처", "Position source"),
    "in_capital_region": ("수도권", "Capital region"),
    "capital_share": ("수도권 비율", "Share in the capital region"),
    "capital_share_low": ("수도권 비율 하한", "Share in the capital region, lower bound"),
    "capital_share_high": ("수도권 비율 상한", "Share in the capital region, upper bound"),
    "rdz_share_bounds": ("개발제한구역: 비율의 범위(증명됨)", "RDZ: proved bounds of the share"),
    "rdz_reported_area_km2": ("개발제한구역(보고): 면적(km²)", "RDZ as reported: area (km²)"),
    "capital_border_km": ("수도권 경계까지(km, 안쪽 −)", "To its border (km, − inside)"),
    "kept": ("유지", "Kept"),
    "excluded_by": ("제외한 규칙", "Excluded by"),
    "undecided_by": ("판정하지 못한 규칙", "Undecided by"),
    "eligible_area_m2": ("적격 면적(m²)", "Eligible area (m²)"),
    "score": ("점수", "Score"),
    "rank": ("순위", "Rank"),
    "within": ("확실히 포함하는 범위", "Within"),
    "geometry": ("도형", "Geometry"),
    "lon": ("경도", "Longitude"),
    "lat": ("위도", "Latitude"),
    "scope": ("범위", "Scope"),
    "basis": ("근거", "Basis"),
    "as_of": ("기준일", "As of"),
    "source": ("출처", "Source"),
    "sites": ("부지 수", "Sites"),
    "sites_without_area": ("면적을 알 수 없는 부지 수", "Sites without an area"),
    "inside_capital_region": ("수도권 안 부지 수", "Inside the capital region (sites)"),
    "outside_capital_region": ("수도권 밖 부지 수", "Outside the capital region (sites)"),
    "capital_region_undecided": ("수도권 판정 불가 부지 수", "Capital region not decidable (sites)"),
    "sites_with_rdz": ("개발제한구역 있음(부지 수)", "RDZ present (sites)"),
    "rdz_absent": ("개발제한구역 없음(부지 수)", "RDZ absent (sites)"),
    "rdz_undecided": ("개발제한구역 판정 불가(부지 수)", "RDZ not decidable (sites)"),
    "rdz_unknown": ("개발제한구역 알 수 없음(부지 수)", "RDZ unknown (sites)"),
    "rdz_area_km2": ("개발제한구역 면적(km²)", "RDZ area (km²)"),
}

# Longest first: `river_reported_share` is a reported share of `river`, not a share of `river_reported`.
_ZONE_COLUMNS: tuple[tuple[str, tuple[str, str]], ...] = (
    ("_reported_note_ko", ("보고 비고(국문)", "reported, note (Korean)")),
    ("_reported_note_en", ("보고 비고(영문)", "reported, note (English)")),
    ("_reported_present", ("보고된 저촉 여부", "reported as present")),
    ("_reported_share", ("보고된 비율", "reported share")),
    ("_reported_area_m2", ("보고된 면적(m²)", "reported area (m²)")),
    ("_reported_basis", ("보고의 근거", "reported, basis")),
    ("_reported_as_of", ("보고 기준일", "reported as of")),
    ("_reported_source", ("보고 출처", "reported, source")),
    ("_share_low", ("비율 하한", "share, lower bound")),
    ("_share_high", ("비율 상한", "share, upper bound")),
    ("_present", ("저촉 여부", "present")),
    ("_share", ("비율", "share")),
    ("_area_m2", ("면적(m²)", "area (m²)")),
    ("_basis", ("근거", "basis")),
    ("_as_of", ("기준일", "as of")),
    ("_source", ("출처", "source")),
)

_ZONE_NAMES = {"rdz": ("개발제한구역", "RDZ")}

_BASIS = {
    "measured": ("측정", "measured"),
    "estimated": ("추정", "estimated"),
    "reported": ("보고", "reported"),
    "inferred": ("추론", "inferred"),
    "unknown": ("알 수 없음", "unknown"),
}

# What the shipped layers say of themselves is English, as the catalogue is; these are the same terms in Korean.
_KOGL = ("공공누리 제1유형", "Korea Open Government Licence (KOGL) Type 1")
_COMPILED = ("편집물은 CC0-1.0, 행마다 출처 표시", "CC0-1.0 for the compilation; each row cites its source")
_OURS = ("clustergeo 개발자", "clustergeo developers")
_EACH = ("행마다 적힌 출처", "the sources named in each row")
_SGIS = (
    "통계청 통계지리정보서비스(SGIS), 행정구역 경계 2018(공공누리 제1유형). 보정·일반화하여 사용",
    "Statistics Korea, SGIS, administrative boundaries 2018 (KOGL Type 1); repaired and generalised",
)

_CODES: dict[str, dict[str, tuple[str, str]]] = {
    "status": {
        "candidate": ("후보지", "candidate"),
        "candidate_pf_withdrawn": ("후보지(예비타당성조사 신청 철회)", "candidate (feasibility application withdrawn)"),
        "pf_applied": ("예비타당성조사 신청", "feasibility study applied for"),
        "pf_passed": ("예비타당성조사 통과", "feasibility study passed"),
        "pf_exempt": ("예비타당성조사 면제", "exempt from the feasibility study"),
        "plan_applied": ("산업단지계획 승인 신청", "plan approval applied for"),
        "designated": ("지정(산업단지계획 승인)", "designated (plan approved)"),
    },
    "footprint_basis": {
        "measured": ("측정된 경계", "measured boundary"),
        "disc": ("원(그림용, 근거 아님)", "disc (drawn, not evidence)"),
        "point": ("점(위치만)", "point (position only)"),
    },
    "address_status": {
        "exact": ("읍면동까지 확실", "certain to the locality"),
        "municipality": ("시군구까지 확실", "certain to the municipality"),
        "province": ("시도까지 확실", "certain to the province"),
        "ambiguous": ("여러 곳일 수 있음", "one of several places"),
        "unknown": ("알 수 없음", "unknown"),
    },
    "in_capital_region": {"inside": ("수도권 안", "inside"), "outside": ("수도권 밖", "outside")},
    "scope": {
        "whole": ("전체", "whole site"),
        "withdrawn_plan": ("철회된 계획의 전체", "whole site in a withdrawn plan"),
        "phase": ("단계", "one phase"),
        "part": ("일부", "a part"),
        "proposal": ("제안", "a proposal"),
        "alternative": ("같은 날의 다른 출처", "another source of the same day"),
    },
    "coverage": {
        "South Korea": ("대한민국", "South Korea"),
        "the 15 sites": ("부지 15곳", "the 15 sites"),
        "everywhere": ("모든 곳", "everywhere"),
        "not known": ("알려지지 않음", "not known"),
    },
    "licence": {
        _KOGL[1]: _KOGL,
        _COMPILED[1]: _COMPILED,
        f"{_COMPILED[1]}; the areas `within`: {_KOGL[1]}": (
            f"{_COMPILED[0]}; 포함 범위(`within`): {_KOGL[0]}",
            f"{_COMPILED[1]}; the areas `within`: {_KOGL[1]}",
        ),
    },
    "attribution": {
        _SGIS[1]: _SGIS,
        f"{_OURS[1]}; {_SGIS[1]}": (f"{_OURS[0]}; {_SGIS[0]}", f"{_OURS[1]}; {_SGIS[1]}"),
        f"{_OURS[1]}; {_EACH[1]}": (f"{_OURS[0]}; {_EACH[0]}", f"{_OURS[1]}; {_EACH[1]}"),
    },
}

_YES_NO = {True: ("예", "yes"), False: ("아니요", "no")}
_PRESENT_ABSENT = {True: ("있음", "present"), False: ("없음", "none")}
_UNKNOWN = ("알 수 없음", "unknown")
_UNDECIDED = ("판정 불가", "not decidable")
_OTHER = ("기타", "other")


def check_lang(lang: str) -> int:
    """Return the place of a language in `LANGS`, or refuse it.

    Parameters
    ----------
    lang
        `"ko"` or `"en"`.

    Returns
    -------
    int
        0 for Korean, 1 for English.

    Raises
    ------
    InputError
        If the language is not one of `LANGS`; the message names the choices.

    Examples
    --------
    >>> check_lang("en")
    1
    """
    if lang not in LANGS:
        choices = ", ".join(repr(choice) for choice in LANGS)
        msg = f"lang={lang!r} is not a language of clustergeo; expected one of {choices}. Pass lang='ko' or lang='en'."
        raise InputError(msg)
    return LANGS.index(lang)


def column(name: str, lang: str = "ko") -> str:
    """Name a column in words, with its unit.

    Parameters
    ----------
    name
        A column of a site frame, a tagged frame or a summary; zone columns such as `river_share` follow a template.
    lang
        `"ko"` or `"en"`.

    Returns
    -------
    str
        The words; a column that clustergeo does not know keeps its own name.

    Raises
    ------
    InputError
        If `lang` is not one of `LANGS`.

    Examples
    --------
    >>> column("area_km2", "en")
    'Area (km²)'
    >>> column("river_share", "en")
    'river: share'
    """
    place = check_lang(lang)
    if name in _COLUMNS:
        return _COLUMNS[name][place]
    for suffix, words in _ZONE_COLUMNS:
        zone = name.removesuffix(suffix)
        if zone and zone != name:
            return f"{zone_name(zone, lang)}: {words[place]}"
    return name


def knows(name: str) -> bool:
    """Return whether a column is one of clustergeo's own; columns of zones are named by a template and are not.

    Examples
    --------
    >>> knows("area_km2"), knows("river_share"), knows("owner")
    (True, False, False)
    """
    return name in _COLUMNS


def zone_name(name: str, lang: str = "ko") -> str:
    """Name a zone in words: `rdz` has its own, any other zone keeps the name its user gave it.

    Examples
    --------
    >>> zone_name("rdz", "en"), zone_name("river", "ko")
    ('RDZ', 'river')
    """
    place = check_lang(lang)
    return _ZONE_NAMES[name][place] if name in _ZONE_NAMES else name


def value(column: str, code: Any, lang: str = "ko") -> str:
    """Name a code or flag of a column in words.

    Parameters
    ----------
    column
        The column the code stands in; `sector` and `sectors` take a code or a list of codes.
    code
        A code, a flag, a list of sector codes, or null.
    lang
        `"ko"` or `"en"`.

    Returns
    -------
    str
        The words. Null is "unknown" ("not decidable" for the capital region); a sector outside the taxonomy is
        "other (code)"; any other code without words is given back as text. The text is not escaped.

    Raises
    ------
    InputError
        If `lang` is not one of `LANGS`.

    Examples
    --------
    >>> value("status", "pf_passed", "en")
    'feasibility study passed'
    >>> value("in_capital_region", False, "en")
    'outside'
    >>> value("rdz_basis", None, "en")
    'unknown'
    """
    place = check_lang(lang)
    if isinstance(code, Iterable) and not isinstance(code, str):
        names = [value(column, one, lang) for one in code]
        return ", ".join(names) if names else _UNKNOWN[place]
    if pd.isna(code):
        return (_UNDECIDED if column == "in_capital_region" else _UNKNOWN)[place]
    if pd.api.types.is_bool(code):
        return _flag_words(column)[bool(code)][place]
    return _code_words(column, str(code), place)


def undecided(lang: str = "ko") -> str:
    """Return the word for a verdict that the evidence leaves open.

    Examples
    --------
    >>> undecided("en")
    'not decidable'
    """
    return _UNDECIDED[check_lang(lang)]


def sector_colour(code: str | None) -> str:
    """Return the colour of a sector, as `#rrggbb`.

    Parameters
    ----------
    code
        A sector code.

    Returns
    -------
    str
        The colour of the taxonomy; `#999999` for a code outside it and for null.

    Examples
    --------
    >>> sector_colour("no-such-sector")
    '#999999'
    """
    return _sectors().get(str(code), (("", ""), UNKNOWN_COLOUR))[1]


def sector_codes() -> list[str]:
    """Return the codes of the taxonomy in its order."""
    return list(_sectors())


def macro_region_codes() -> list[str]:
    """Return the codes of all macro-regions in the order of their table."""
    return list(_macro_regions())


def _flag_words(column: str) -> dict[bool, tuple[str, str]]:
    """Return the two words of a flag."""
    if column == "in_capital_region":
        words = _CODES[column]
        return {True: words["inside"], False: words["outside"]}
    return _PRESENT_ABSENT if column.endswith("_present") else _YES_NO


def _code_words(column: str, code: str, place: int) -> str:
    """Return the words of a text code, or the code itself."""
    # "unknown" stands in summaries and in `*_basis`; it means the same in every column that has codes.
    if code == "unknown":
        return (_UNDECIDED if column == "in_capital_region" else _UNKNOWN)[place]
    if column in ("sector", "sectors"):
        known = _sectors().get(code)
        return known[0][place] if known else f"{_OTHER[place]} ({code})"
    if column == "macro_region":
        names = _macro_regions().get(code)
        return names[place] if names else code
    if column in _REGIONS:
        return code if place == 0 else _regions().get(code, code)
    if column == "locality":
        return code if place == 0 else _localities().get(code, code)
    words = _CODES.get("scope" if column.endswith("_scope") else column, {})
    if not words and (column == "basis" or column.endswith("_basis")):
        words = _BASIS
    return words[code][place] if code in words else code


@functools.cache
def _regions() -> dict[str, str]:
    """Return English names by Korean name of provinces, cities and municipalities; an ambiguous name has none."""
    from clustergeo.datasets import municipalities_on, province_translations  # noqa: PLC0415

    held = municipalities_on()
    pairs = {
        *zip(held["municipality"], held["municipality_en"], strict=True),
        *zip(held["city"], held["city_en"], strict=True),
    }
    found: dict[str, set[str]] = {}
    for korean, english in pairs:
        found.setdefault(str(korean), set()).add(str(english))
    return {korean: next(iter(names)) for korean, names in found.items() if len(names) == 1} | province_translations()


@functools.cache
def _localities() -> dict[str, str]:
    """Return English names by Korean name of localities."""
    from clustergeo.datasets import locality_translations  # noqa: PLC0415

    return locality_translations()


@functools.cache
def _sectors() -> dict[str, tuple[tuple[str, str], str]]:
    """Return names and colour by sector code, read once: a map asks for them thousands of times."""
    # datasets reads with geopandas, which takes seconds to import; a label of a column needs none of it.
    from clustergeo.datasets import load_sectors  # noqa: PLC0415

    frame = load_sectors()
    rows = zip(frame["code"], frame["name_ko"], frame["name_en"], frame["colour"], strict=True)
    return {str(code): ((str(ko), str(en)), str(colour)) for code, ko, en, colour in rows}


@functools.cache
def _macro_regions() -> dict[str, tuple[str, str]]:
    """Return names by macro-region code; the first scheme that has a code names it."""
    from clustergeo.datasets import load_macro_regions  # noqa: PLC0415

    frame = load_macro_regions()
    names: dict[str, tuple[str, str]] = {}
    for code, ko, en in zip(frame["code"], frame["name_ko"], frame["name_en"], strict=True):
        names.setdefault(str(code), (str(ko), str(en)))
    return names
