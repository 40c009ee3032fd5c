"""The card of a site and the legend of the map, as HTML; everything of a user's is escaped here."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import pandas as pd

from clustergeo import labels
from clustergeo._marks import codes

if TYPE_CHECKING:
    from collections.abc import Mapping

Row = dict[str, Any]

_WORDS: dict[str, tuple[str, str]] = {
    "undecidable": ("이 근거로는 판정 불가", "not decidable from this evidence"),
    "unknown": ("알 수 없음", "unknown"),
    "place": ("위치", "Place"),
    "area": ("면적", "Area"),
    "announced": ("발표 당시 {} km²", "announced {} km²"),
    "status": ("추진 단계", "Status"),
    "capital": ("수도권", "Capital region"),
    "rdz": ("개발제한구역", "RDZ (greenbelt)"),
    "rdz_reported": ("개발제한구역(보고)", "RDZ as reported"),
    "share": ("비율", "share"),
    "inside_by": ("경계에서 안쪽 {} km", "{} km inside its border"),
    "outside_by": ("경계에서 바깥쪽 {} km", "{} km outside its border"),
    "proved": ("면적의 {}(증명된 한계)", "{} of the site (proved)"),
    "basis": ("근거", "basis"),
    "as_of": ("{} 기준", "as of {}"),
    "footprint": ("도형", "Footprint"),
    "first": ("점의 색은 첫째, 나머지는 카드에 있음", "a dot has the first colour; the card names all"),
    "disc": ("면적 표시 원: 근거 아님", "drawn disc: not evidence"),
    "point": ("점: 위치만 알려짐", "point: a position without an extent"),
    "measured": ("측정된 경계", "measured boundary"),
    "error": ("위치 오차 {}", "position good to {}"),
    "sources": ("출처", "sources"),
    "present": ("있음", "present"),
    "none": ("없음", "none"),
    "legend": ("범례", "Legend"),
    "sectors": ("업종", "Sectors"),
    "shapes": ("도형", "Shapes"),
    "within": ("부지가 확실히 들어 있는 범위", "area that certainly contains the site"),
    "disc_key": ("면적 표시 원: 그린 것, 근거 아님", "drawn disc of the site's area: not evidence"),
    "measured_key": ("측정된 경계", "measured boundary"),
    "capital_key": ("수도권", "capital region"),
    "evidence": ("개발제한구역(RDZ) 근거", "RDZ (greenbelt) evidence"),
    "filled": ("채움 = 있음, 빔 = 없음, 회색 = 알 수 없음", "filled = present, hollow = none, grey = unknown"),
    "zones": ("구역 레이어", "Zone layers"),
    "unplaced": ("위치 없음: {}곳", "without position: {}"),
    "facts": ("{} 기준 사실", "facts as of {}"),
    "count": ("부지 {}곳", "{} sites"),
    "count_one": ("부지 1곳", "1 site"),
    "hint": ("이름이나 점을 누르면 근거가 보입니다.", "Click a name or a dot for the evidence."),
    "other": ("기타", "other"),
    "sites": ("부지", "sites"),
}


class Evidence(NamedTuple):
    """One way an RDZ answer can be founded: its badge letters, its stroke on the map and its words."""

    letters: tuple[str, str]
    weight: float
    dashes: str
    words: tuple[str, str]


EVIDENCE = {
    "measured": Evidence(("측", "M"), 3.5, "", ("측정", "measured against a layer")),
    "estimated": Evidence(("추", "E"), 3.0, "9 3", ("추정(원과 레이어)", "estimated from a disc and a layer")),
    "reported": Evidence(("보", "R"), 2.5, "", ("보고된 공식 수치", "reported figure")),
    "present": Evidence(("유", "P"), 2.5, "5 3", ("있음, 수치 없음", "present, no figure")),
    "none": Evidence(("무", "N"), 2.0, "1.5 3.5", ("없음(추론)", "none, inferred")),
    "unknown": Evidence(("?", "?"), 1.0, "1 5", ("알 수 없음", "unknown")),
}


# The style of a badge by the answer it stands for.
ANSWERS = {True: "yes", False: "no", None: "open"}


def word(key: str, lang: str, *parts: str) -> str:
    """Return words of the map in a language, with its blanks filled; plain text, not escaped.

    Examples
    --------
    >>> word("facts", "en", "2025-02-25")
    'facts as of 2025-02-25'
    """
    return _WORDS[key][labels.check_lang(lang)].format(*parts)


def known(row: Row, column: str) -> Any:
    """Return a cell, or None where it is missing, null or empty text.

    Examples
    --------
    >>> known({"a": float("nan")}, "a") is None, known({}, "a") is None, known({"a": 0}, "a")
    (True, True, 0)
    """
    found = row.get(column)
    if (
        found is None
        or (pd.api.types.is_scalar(found) and pd.isna(found))
        or (isinstance(found, str) and not found.strip())
    ):
        return None
    return found


def place_of(row: Row, lang: str) -> str:
    """Return the nearest known place of a site in one short name; empty text where none is known."""
    for column in ("city", "municipality", "province"):
        found = known(row, column)
        if found is not None:
            return " ".join(labels.value(column, found, lang).split())
    return ""


def evidence_of(row: Row) -> tuple[str, bool | None]:
    """Return the key of `EVIDENCE` that a site's RDZ answer rests on, and the answer (None is not decided)."""
    present = known(row, "rdz_present")
    basis = known(row, "rdz_basis")
    figure = known(row, "rdz_share") is not None or known(row, "rdz_area_m2") is not None
    if "rdz_basis" not in row:
        # An untagged frame carries its evidence only.
        present, basis = known(row, "rdz_reported_present"), known(row, "rdz_reported_basis")
        figure = known(row, "rdz_reported_share") is not None or known(row, "rdz_reported_area_m2") is not None
    answer = None if present is None else bool(present)
    if basis in ("measured", "estimated"):
        return str(basis), answer
    if basis == "reported" and (figure or answer is False):
        return "reported", answer
    if answer is None:
        return "unknown", None
    return ("present" if answer else "none"), answer


def says_rdz(row: Row) -> bool:
    """Return whether a frame has a column of RDZ evidence at all, whatever it holds."""
    return "rdz_basis" in row or "rdz_reported_basis" in row


def badge(key: str, answer: bool | None, lang: str) -> str:  # noqa: FBT001 - three answers, not a switch
    """Return the badge of an evidence: a letter, filled for present, hollow for none, grey for not decided."""
    return f'<b class="cg-badge cg-{ANSWERS[answer]}">{EVIDENCE[key].letters[labels.check_lang(lang)]}</b>'


def links(text: Any) -> str:
    """Return the http and https links of a text as anchors that name their host; anything else is dropped.

    Examples
    --------
    >>> links("javascript:alert(1) https://example.org/a")
    '<a href="https://example.org/a" target="_blank" rel="noopener noreferrer">example.org</a>'
    """
    found = []
    for url in str(text or "").split():
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            continue
        if parts.scheme.lower() in ("http", "https") and host:
            shown = escape(host.removeprefix("www."))
            found.append(f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer">{shown}</a>')
    return " · ".join(dict.fromkeys(found))


def card(row: Row, lang: str, *, name: str, classes: Mapping[str, int], basis: str | None) -> str:
    """Return the card of a site.

    Parameters
    ----------
    row
        The row of a tagged frame as a mapping; any column may be missing.
    lang
        `"ko"` or `"en"`.
    name
        What to call the site, as plain text.
    classes
        The number of the colour class of each sector code; 0 is the class of everything else.
    basis
        `measured`, `disc` or `point`.

    Returns
    -------
    str
        HTML without inline styles or scripts; everything from the row is escaped.
    """
    other = known(row, "name_en" if lang == "ko" else "name_ko")
    head = [f"<h3>{escape(name)}</h3>"]
    if other is not None and " ".join(str(other).split()) != name:
        head.append(f'<p class="cg-other" lang="{"en" if lang == "ko" else "ko"}">{escape(str(other))}</p>')
    sectors = codes(row.get("sectors"))
    chips = "".join(
        f'<li class="cg-c{classes.get(code, 0)}">{escape(labels.value("sectors", code, lang))}</li>' for code in sectors
    )
    if chips:
        head.append(f'<ul class="cg-sectors">{chips}</ul>')
    rows = [
        (word("place", lang), _place(row, lang)),
        (word("capital", lang), _capital(row, lang)),
        *_zones(row, lang),
        (word("area", lang), _area(row, lang)),
        (word("status", lang), _status(row, lang)),
        (word("footprint", lang), _footprint(row, lang, basis)),
    ]
    listed = "".join(f"<dt>{escape(term)}</dt><dd>{text}</dd>" for term, text in rows if text)
    return f'<article class="cg-card">{"".join(head)}<dl>{listed}</dl></article>'


def _sourced(text: str, row: Row, column: str) -> str:
    """Return a text with the links of a source column below it."""
    found = links(known(row, column))
    return f'{text}<span class="cg-src">{found}</span>' if found else text


def _dated(row: Row, column: str) -> str:
    """Return a date in brackets, or nothing."""
    day = known(row, column)
    return "" if day is None else f' <span class="cg-day">({escape(str(day))})</span>'


def _place(row: Row, lang: str) -> str:
    parts: list[str] = []
    for column in ("province", "municipality", "locality"):
        found = (known(row, f"{column}_en") if lang == "en" else None) or known(row, column)
        if found is not None and (named := labels.value(column, str(found), lang)) not in parts:
            parts.append(named)
    # English names run from the small to the large.
    where = escape(", ".join(reversed(parts)) if lang == "en" else " ".join(parts))
    address = known(row, f"address_{lang}") or known(row, "address_ko") or known(row, "address_en")
    if address is not None and str(address) not in where:
        where += f'<span class="cg-note">{escape(str(address))}</span>'
    return where


def number(value: float, places: int) -> str:
    """Return a number with at most so many decimals, without trailing zeros.

    Examples
    --------
    >>> number(7.28, 3), number(0.0, 2), number(1234.5, 0)
    ('7.28', '0', '1,234')
    """
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(value: float) -> str:
    """Return a share as a percentage.

    Examples
    --------
    >>> percent(0.956), percent(1.0)
    ('95.6 %', '100 %')
    """
    return f"{number(value * 100, 1)} %"


def _area(row: Row, lang: str) -> str:
    """Return the area with its date and what it is of, and beside it the area as announced."""
    parts = []
    area, announced = known(row, "area_km2"), known(row, "announced_area_km2")
    if area is not None:
        parts.append(f"<b>{number(float(area), 3)} km²</b>" + _dated(row, "area_as_of"))
        scope = known(row, "area_scope")
        if scope not in (None, "whole"):
            parts[0] += f" <em>{escape(labels.value('area_scope', scope, lang))}</em>"
    if announced is not None:
        parts.append(escape(word("announced", lang, number(float(announced), 3))))
    return _sourced(" · ".join(parts), row, "area_source") if parts else ""


def _status(row: Row, lang: str) -> str:
    status = known(row, "status")
    if status is None:
        return ""
    text = escape(labels.value("status", status, lang)) + _dated(row, "status_as_of")
    return _sourced(text, row, "status_source")


def _bounds(row: Row, stem: str) -> str:
    """Return a share, or its two bounds, in percent; empty text where neither is known."""
    low, high = known(row, f"{stem}_low"), known(row, f"{stem}_high")
    if low is None or high is None:
        share = known(row, stem)
        return "" if share is None else percent(float(share))
    first, second = percent(float(low)), percent(float(high))
    return first if first == second else f"{first} – {second}"


def _capital(row: Row, lang: str) -> str:
    if "in_capital_region" not in row:
        return ""
    verdict = known(row, "in_capital_region")
    shown = word("undecidable", lang) if verdict is None else labels.value("in_capital_region", bool(verdict), lang)
    parts = [f"<b>{escape(shown)}</b>"]
    bounds = _bounds(row, "capital_share")
    if bounds:
        parts.append(escape(word("proved", lang, bounds)))
    border = known(row, "capital_border_km")
    if border is not None:
        parts.append(escape(word("inside_by" if border < 0 else "outside_by", lang, number(abs(float(border)), 1))))
    return " · ".join(parts)


def _zones(row: Row, lang: str) -> list[tuple[str, str]]:
    """Return the rows of every zone that the frame was tagged with, RDZ first."""
    key, answer = evidence_of(row)
    mark = badge(key, answer, lang)
    tagged = "rdz_basis" in row
    first = _zone(row, "rdz" if tagged else "rdz_reported", lang, mark=mark)
    rows = [(word("rdz", lang), first)]
    if tagged and known(row, "rdz_basis") in ("measured", "estimated") and known(row, "rdz_reported_basis") is not None:
        rows.append((word("rdz_reported", lang), _zone(row, "rdz_reported", lang, mark="")))
    note = known(row, f"rdz_reported_note_{lang}")
    if note is not None:
        rows[-1] = (rows[-1][0], rows[-1][1] + f'<span class="cg-note">{escape(str(note))}</span>')
    names = [name.removesuffix("_present") for name in row if name.endswith("_present")]
    others = [name for name in names if name != "rdz" and not name.endswith("_reported")]
    return rows + [(labels.zone_name(name, lang), _zone(row, name, lang, mark="")) for name in others]


def _zone(row: Row, name: str, lang: str, *, mark: str) -> str:
    """Return what is known of one zone."""
    present = known(row, f"{name}_present")
    shown = word("undecidable", lang) if present is None else word("present" if bool(present) else "none", lang)
    parts = [f"{mark}<b>{escape(shown)}</b>"]
    bounds = _bounds(row, f"{name}_share")
    if bounds:
        parts.append(escape(f"{word('share', lang)} {bounds}"))
    area = known(row, f"{name}_area_m2")
    if area is not None:
        parts.append(f"{number(float(area) / 1e6, 3)} km²")
    basis = known(row, f"{name}_basis")
    parts.append(escape(f"{word('basis', lang)}: {labels.value('basis', basis or 'unknown', lang)}"))
    day = known(row, f"{name}_as_of")
    if day is not None:
        parts.append(escape(word("as_of", lang, str(day))))
    return _sourced(" · ".join(parts), row, f"{name}_source")


def _footprint(row: Row, lang: str, basis: str | None) -> str:
    if basis is None:
        return ""
    parts = [escape(word(basis, lang))]
    error = known(row, "position_error_m")
    if error is not None and basis != "measured":
        metres = float(error)
        distance = f"{number(metres / 1000, 1)} km" if metres >= 1000 else f"{number(metres, 0)} m"  # noqa: PLR2004
        parts.append(escape(word("error", lang, distance)))
    return _sourced(" · ".join(parts), row, "position_source")
