"""Each verdict in sentences: what it is, what it rests on, and what would decide it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from clustergeo import _digits, _proof, datasets, footprints, labels, schema
from clustergeo.errors import InputError

if TYPE_CHECKING:
    import geopandas as gpd

_REMEDIES = {
    "border": (
        "공식 부지 경계(도형)가 있고 경계선에서 200 m 넘게 떨어져 있으면 판정할 수 있습니다.",
        "A measured footprint whose centre is more than 200 m from the border would decide it.",
    ),
    "abroad": (
        "경계 자료의 육지 밖에 있어 이 자료로는 말할 수 없습니다.",
        "It lies outside the land of the boundary source, which says nothing there.",
    ),
    "layer": (
        "이 부지를 덮는 공식 도면(레이어)과 공식 부지 경계, 또는 인용할 수치가 있어야 합니다.",
        "An official layer that covers the site together with the site's own boundary, or a cited figure, would tell.",
    ),
    "settle": (
        "공식 도면(UD801)과 공식 부지 경계가 있으면 확정됩니다.",
        "The official layer and the official footprint would settle it.",
    ),
    "footprint": (
        "레이어가 덮는 곳이면 공식 부지 경계(도형)로 확정됩니다.",
        "The official footprint of the site would settle it where the layer covers it.",
    ),
    "figure": (
        "발표된 수치는 찾지 못했습니다.",
        "No figure was found; the official layer would give one.",
    ),
}


def explain(tagged: gpd.GeoDataFrame, site_id: str, *, lang: str = "en") -> str:
    """Return what is known of a site, in sentences.

    Parameters
    ----------
    tagged
        A frame from `tag`.
    site_id
        The site.
    lang
        `"ko"` or `"en"`.

    Returns
    -------
    str
        One sentence a line.

    Raises
    ------
    InputError
        No such site, an untagged frame or an unknown language.

    Examples
    --------
    >>> from clustergeo import load_sites, tag
    >>> print(explain(tag(load_sites()), "yongin").splitlines()[1].partition(".")[0])
    In the capital region: yes
    """
    labels.check_lang(lang)
    if "site_id" not in tagged.columns or "in_capital_region" not in tagged.columns:
        msg = "This frame is not tagged. Call clustergeo.tag(sites) first."
        raise InputError(msg)
    rows = schema.one_site(tagged, site_id)
    row = rows.iloc[0]
    away = _proof.off_land(rows, np.asarray(~shapely.is_missing(rows.geometry.array), dtype=bool))[0]
    wanted = remedy("abroad" if away else "border", lang)
    zones = [
        str(name)[: -len("_basis")]
        for name in tagged.columns
        if f"{str(name)[: -len('_basis')]}_share_low" in tagged.columns and str(name).endswith("_basis")
    ]
    sentences = [
        _where(row, lang, away=bool(away)),
        _capital(row, lang, wanted),
        *[_zone(row, zone, lang) for zone in zones],
        _facts(row, float(footprints.areas_km2(rows)[0]), lang),
    ]
    return "\n".join(sentence for sentence in sentences if sentence)


def remedy(key: str, lang: str) -> str:
    """Return the sentence on what would decide an open question, or make a poor answer a good one.

    Examples
    --------
    >>> remedy("settle", "en")
    'The official layer and the official footprint would settle it.'
    """
    return _REMEDIES[key][labels.check_lang(lang)]


def zone_remedy(basis: str, present: bool | None, *, figure: bool) -> str | None:  # noqa: FBT001 - an answer, not a switch
    """Return the key of the `remedy` of a zone's answer; None where a figure or a layer has settled it.

    Parameters
    ----------
    basis
        What the answer rests on.
    present
        The answer; None is not decided.
    figure
        Whether a share or an area is known, or proved; the overlap of a drawn disc is neither (see `_proof.of_disc`).

    Examples
    --------
    >>> zone_remedy("unknown", None, figure=False), zone_remedy("reported", True, figure=True)
    ('layer', None)
    >>> zone_remedy("estimated", True, figure=False), zone_remedy("estimated", True, figure=True)
    ('footprint', None)
    """
    if basis == "unknown":
        return "layer"
    if basis == "estimated":
        # The layer is there already; what is missing is where in it the site lies.
        return None if figure else "footprint"
    if basis == "inferred" or present is None:
        return "settle"
    return "figure" if present and not figure else None


def _text(value: Any) -> str | None:
    """Return a cell as text, None for null."""
    return None if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)) else str(value)


def _range(low: float, high: float, lang: str) -> str:
    """Return proved bounds in words."""
    if low == high:
        return _digits.percent(low)
    first, last = map(_digits.percent, footprints.outwards(low, high))
    return f"{first}~{last}" if lang == "ko" else f"between {first} and {last}"


def _drawn(row: pd.Series) -> bool:
    """Say whether the site has no measured footprint."""
    return (
        _text(row.get("footprint_basis")) in {"disc", "point"}
        or row.geometry is None
        or row.geometry.geom_type == "Point"
    )


def _municipalities(codes: str, lang: str) -> str:
    """Return municipalities by name, each with its KOSTAT code, and with its province where there are several.

    Examples
    --------
    >>> _municipalities("31193;31070", "en")
    'Suji-gu, Yongin-si (31193); Pyeongtaek-si (31070)'
    >>> _municipalities("21020;25030", "en")
    'Seo-gu, Busan (21020); Seo-gu, Daejeon (25030)'
    """
    table, wanted = datasets.municipalities_on(), codes.split(";")
    found = table.loc[[code for code in wanted if code in table.index]]
    names = {code: labels.value("municipality", name, lang) for code, name in found["municipality"].items()}
    if len(set(found["province"])) > 1:
        for code, province in found["province"].items():
            outer = labels.value("province", province, lang)
            names[code] = f"{outer} {names[code]}" if lang == "ko" else f"{names[code]}, {outer}"
    return "; ".join(f"{names[code]} ({code})" if code in names else code for code in wanted)


def _where(row: pd.Series, lang: str, *, away: bool) -> str:
    """Return the sentence on the region; `away` says that the site lies off the land."""
    names = (f"name_{lang}", "name", "name_ko", "name_en")
    name = next((text for one in names if (text := _text(row.get(one)))), row["site_id"])
    columns = ("province", "municipality", "locality_en" if lang == "en" and "locality_en" in row.index else "locality")
    places = [labels.value(column, text, lang) if (text := _text(row.get(column))) else None for column in columns]
    place = (", " if lang == "en" else " ").join(part for part in (places if lang == "ko" else places[::-1]) if part)
    several = _text(row.get("municipality_alternatives"))
    if several:
        possible = _municipalities(several, lang)
        if lang == "ko":
            return f"{name}: 시군구는 이 근거로 판정할 수 없습니다. 가능한 시군구(통계청 2018): {possible}."
        return (
            f"{name}: the municipality is not decidable from this evidence; "
            f"possible ones, with their KOSTAT codes of 2018: {possible}."
        )
    if not place and lang == "ko":
        return f"{name}: 지역을 알 수 없습니다({'경계 자료의 육지 밖' if away else '위치를 모름'})."
    if not place:
        why = "outside the land of the boundary source" if away else "no place is known"
        return f"{name}: the region is unknown ({why})."
    evidence = _text(row.get("footprint_basis")) in {"disc", "point"}
    if lang == "ko":
        return f"{name}: {place}. " + ("주소에 나온 곳으로 확인했습니다." if evidence else "도형으로 계산했습니다.")
    return f"{name}: {place}. " + (
        "From the places that the address names." if evidence else "Measured from the geometry."
    )


def _capital(row: pd.Series, lang: str, wanted: str) -> str:
    """Return the sentence on the capital region; `wanted` is what would decide it."""
    verdict, low, high = row["in_capital_region"], row["capital_share_low"], row["capital_share_high"]
    border = row["capital_border_km"]
    known, bounded = not pd.isna(verdict), not pd.isna(low)
    bounds = _range(low, high, lang) if bounded else ""
    if lang == "ko":
        word = "판정 불가" if not known else ("예" if verdict else "아니요")
        text = f"수도권 안: {word}."
        if bounded:
            area = "확실히 포함하는 범위 안 어디에 있든" if _drawn(row) else "측정된 도형의"
            text += f" {area} 수도권 비율은 {bounds}입니다."
        if not known:
            text += f" {wanted}"
        if not pd.isna(border):
            side, point = "안쪽" if border < 0 else "바깥쪽", "표시된 위치" if _drawn(row) else "도형의 중심"
            text += f" 수도권 경계까지 {_digits.distance(abs(border))} km({side}), 기준은 {point}입니다."
        return text
    word = "not decidable from this evidence" if not known else ("yes" if verdict else "no")
    text = f"In the capital region: {word}."
    if bounded:
        area = (
            "Wherever the site lies within what certainly contains it, its share there is"
            if _drawn(row)
            else "The share of its measured footprint there is"
        )
        text += f" {area} {bounds}."
    if not known:
        text += f" {wanted}"
    if not pd.isna(border):
        side = "inside" if border < 0 else "outside"
        point = "reported position" if _drawn(row) else "centroid"
        text += f" Its {point} is {_digits.distance(abs(border))} km {side} the border."
    return text


def _zone(row: pd.Series, zone: str, lang: str) -> str:
    """Return the sentence on one zone layer."""
    present, basis = row[f"{zone}_present"], str(row[f"{zone}_basis"])
    share, area = row[f"{zone}_share"], row[f"{zone}_area_m2"]
    low, high = row[f"{zone}_share_low"], row[f"{zone}_share_high"]
    as_of, source = _text(row[f"{zone}_as_of"]), _text(row[f"{zone}_source"])
    figures = []
    estimated, inferred = basis == "estimated", basis == "inferred"
    proved = not pd.isna(low) and low == high
    # The overlap of a drawn disc is no evidence, so it is not said.
    drawn, share = estimated and not proved, low if proved else share
    # Of a site that has no measured footprint this holds for every place in what contains it.
    wherever = ("확실히 포함하는 범위 안 어디에 있든 ", ", wherever in what contains it the site lies")
    wherever = wherever if estimated else ("", "")
    if not pd.isna(share) and not drawn:
        told = _digits.percent(share)
        figures.append(f"{wherever[0]}비율 {told}" if lang == "ko" else f"share {told}{wherever[1]}")
    if not pd.isna(low) and low != high:
        figures.append(
            f"비율의 범위 {_range(low, high, lang)}"
            if lang == "ko"
            else f"its share proved to be {_range(low, high, lang)}"
        )
    if not pd.isna(area) and not drawn:
        figures.append(f"{_digits.area(area / 1e6)} km²")
    word = labels.value("rdz_basis", basis, lang)
    name = labels.zone_name(zone, lang)
    if basis == "unknown":
        return (
            f"{name}: 알 수 없음. {remedy('layer', lang)}"
            if lang == "ko"
            else f"{name}: unknown. {remedy('layer', lang)}"
        )
    if lang == "ko":
        verdict = "판정 불가" if pd.isna(present) else ("있음" if present else f"없음{'(추론)' * inferred}")
        rest = f"근거: {word}, 기준일 {as_of or '알 수 없음'}, 출처 {source or '알 수 없음'}."
    else:
        verdict = (
            "not decidable from this evidence"
            if pd.isna(present)
            else ("present" if present else f"none{' (inferred)' * inferred}")
        )
        rest = f"Basis: {word}, as of {as_of or 'an unknown date'}, source {source or 'not given'}."
    text = f"{name}: {verdict}" + (f" ({', '.join(figures)})" if figures else "") + f". {rest}"
    known = not drawn and not (pd.isna(share) and pd.isna(area))
    wanted = zone_remedy(basis, None if pd.isna(present) else bool(present), figure=known)
    if wanted is not None:
        text += f" {remedy(wanted, lang)}"
    return text + _beside(row, zone, lang)


def _beside(row: pd.Series, zone: str, lang: str) -> str:
    """Return what was reported beside a layer's answer, and the note on the evidence."""
    text = ""
    present, share, area = (row.get(f"{zone}_reported_{part}") for part in ("present", "share", "area_m2"))
    known = [value is not None and not pd.isna(value) for value in (present, share, area)]
    if row[f"{zone}_basis"] in {"measured", "estimated"} and any(known):
        parts = [labels.value(f"{zone}_present", present, lang)] if known[0] else []
        parts += [f"{'비율' if lang == 'ko' else 'share'} {_digits.percent(share)}"] if known[1] else []
        parts += [f"{_digits.area(area / 1e6)} km²"] if known[2] else []
        when = _text(row.get(f"{zone}_reported_as_of")) or ("날짜 없음" if lang == "ko" else "undated")
        said = ", ".join(parts)
        text += f" 별도 보고: {said}({when})." if lang == "ko" else f" Reported beside it: {said} ({when})."
    note = _text(row.get(f"{zone}_reported_note_{lang}"))
    if note:
        text += f" 설명: {note.rstrip('.')}." if lang == "ko" else f" Note: {note.rstrip('.')}."
    return text


def _facts(row: pd.Series, area: float, lang: str) -> str:
    """Return the sentence on area and status."""
    given, status = row.get("area_km2"), _text(row.get("status"))
    parts = []
    if not math.isnan(area):
        when = _text(row.get("area_as_of"))
        if given is None or pd.isna(given):
            when = "측정된 도형" if lang == "ko" else "of its measured footprint"
        mark = _text(row.get("area_scope")) == "withdrawn_plan"
        if lang == "ko":
            parts.append(f"면적 {_digits.area(area)} km²({when or '날짜 없음'}{', 철회된 계획' if mark else ''}).")
        else:
            parts.append(
                f"Area {_digits.area(area)} km² ({when or 'undated'}{', of a plan since withdrawn' if mark else ''})."
            )
    if status:
        word, when = labels.value("status", status, lang), _text(row.get("status_as_of"))
        dated = f"({when})" if lang == "ko" and when else f" ({when})" if when else ""
        parts.append(f"추진 단계: {word}{dated}." if lang == "ko" else f"Status: {word}{dated}.")
    return " ".join(parts)
