"""Why a site falls out, in one sentence, Korean or English."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from clustergeo import _digits, footprints, labels
from clustergeo.errors import InputError
from clustergeo.siting.ordinances import BESIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from clustergeo.siting._grounds import Rule

    Row = Mapping[Any, Any]


_ASKED = ("excluded_", "undecided_by")


def rule_text(one: Rule) -> str:
    """Return a rule in a few words, for a repr."""
    parts = []
    if one.by is not None:
        parts.append(f"{one.by.option} by jurisdiction")
    elif one.buffer_m:
        parts.append(f"{one.buffer_m:g} m around" if one.buffer_m > 0 else f"set back {-one.buffer_m:g} m")
    parts += ["only inside"] * one.include + ["forced"] * one.forced + ["conditional"] * (one.where is not None)
    parts += [f"weight {one.weight:g}"] * (one.weight != 1)
    if one.by is not None and one.by.option != "buffer_m":
        return f"{one.name} ({'; '.join(parts)})"
    if one.max_area_m2 is not None:
        parts.append(f"max_area_m2 {one.max_area_m2:g}")
    elif not one.forced:
        parts.append(f"max_share {one.max_share or 0:g}")
    return f"{one.name} ({'; '.join(parts)})"


def sentences(rules: Sequence[Rule], applied: pd.DataFrame, lang: str) -> list[str]:
    """Return in one sentence for each site why it is kept, excluded or undecided.

    Raises
    ------
    InputError
        A frame that the rules were not applied to, or an unknown language.
    """
    labels.check_lang(lang)
    counted = [one for one in rules if not one.forced]
    missing = [name for name in ("site_id", "kept", *map(_share, counted)) if name not in applied.columns]
    if missing:
        msg = f"This frame has no column {missing[0]!r}. Give the frame that apply() of these exclusions returned."
        raise InputError(msg)
    asked = [name for name in applied.columns if name == "site_id" or str(name).startswith(_ASKED)]
    return [_sentence(counted, row, lang) for row in pd.DataFrame(applied[asked]).to_dict("records")]


def _sentence(counted: Sequence[Rule], row: Row, lang: str) -> str:
    """Return why one site is kept, excluded or undecided."""
    english, site_id = lang == "en", row["site_id"]
    by = [one for one in counted if one.name in str(row["excluded_by"]).split(";")]
    doubtful = [one for one in counted if one.name in str(row["undecided_by"]).split(";")]
    share = _range(row, "excluded_share", lang)
    if by:
        told = [_taken(one, row, lang) for one in by]
        if len(by) > 1 and not math.isnan(row["excluded_share"]):
            told.append(f"together all rules take {share}" if english else f"모든 규칙을 합치면 {share}")
        verdict = f"Site {site_id} is excluded: " if english else f"부지 {site_id}은(는) 제외됩니다: "
    elif doubtful:
        told = [_taken(one, row, lang) for one in doubtful]
        verdict = (
            f"Whether site {site_id} is kept is not decidable from this evidence: "
            if english
            else f"부지 {site_id}의 제외 여부는 이 근거로 판정할 수 없습니다: "
        )
    else:
        verdict = f"Site {site_id} is kept: " if english else f"부지 {site_id}은(는) 유지됩니다: "
        if row["excluded_share_high"] == 0:
            told = ["no rule takes anything of it" if english else "어느 규칙에도 저촉되지 않습니다"]
        else:
            told = [
                f"no rule takes more than it may, and together they take {share}"
                if english
                else f"허용을 넘는 규칙이 없고, 모두 합쳐 저촉 비율은 {share}입니다"
            ]
    return f"{verdict}{'; '.join(told)}."


def _share(one: Rule) -> str:
    return f"excluded_{one.name}_share"


def _set(one: Rule, row: Row, option: str) -> Any:
    """Return an option of a rule for a site: null where its municipality has no such rule, or it is not known."""
    return row[f"excluded_{one.name}_value"] if one.by is not None and one.by.option == option else getattr(one, option)


def _name(one: Rule, row: Row, lang: str) -> str:
    """Return the rule's layer in words, with what is done to it."""
    english, width = lang == "en", _set(one, row, "buffer_m")
    name, notes = labels.zone_name(one.name, lang), []
    if one.set_by == "buffer_m":
        notes.append(_set_there(one, row, lang, _width))
    elif width:
        notes.append(_width(width, lang))
    if one.weight != 1:
        notes.append(f"of which {100 * one.weight:g} % counts" if english else f"{100 * one.weight:g} %만 반영")
    if one.where is not None:
        notes.append("where it holds" if english else "적용 지역 안에서만")
    return name + (f" ({', '.join(notes)})" if notes else "")


def _allowed(one: Rule, row: Row, lang: str) -> str:
    """Return what the rule lets pass, and what sets that."""
    if one.set_by in ("max_share", "max_area_m2"):
        return _set_there(one, row, lang, _area_limit if one.set_by == "max_area_m2" else _share_limit)
    return _share_limit(one.max_share or 0.0, lang) if one.max_area_m2 is None else _area_limit(one.max_area_m2, lang)


def _width(width: float, lang: str) -> str:
    """Return what a buffer or a setback does, in words."""
    if width >= 0:
        return f"with {width:,g} m around" if lang == "en" else f"주변 {width:,g} m 포함"
    return f"set back {-width:,g} m" if lang == "en" else f"경계 안쪽 {-width:,g} m는 뺌"


def _area_limit(area: float, lang: str) -> str:
    return f"at most {area:,.0f} m² is allowed" if lang == "en" else f"허용 {area:,.0f} m² 이하"


def _share_limit(share: float, lang: str) -> str:
    if not share:
        return "none is allowed" if lang == "en" else "허용하지 않음"
    return f"at most {_percent(share)} is allowed" if lang == "en" else f"허용 {_percent(share)} 이하"


def _set_there(one: Rule, row: Row, lang: str, say: Callable[[float, str], str]) -> str:
    """Return what a table sets for a site and by what law: each of several where it is not decided which holds."""
    english, value, cited = lang == "en", row[f"excluded_{one.name}_value"], row[f"excluded_{one.name}_rule"]
    if not isinstance(cited, str):
        return "its value there is not known" if english else "그곳의 값을 알 수 없음"
    last = ", whichever holds where it lies" if english else " 가운데 그 땅에 적용되는 것"
    if not math.isnan(value) or one.by is None:
        return f"{say(value, lang)}, {'by' if english else '근거:'} {cited}" + last * (BESIDE in cited)
    told, none = [], "no such rule" if english else "규칙 없음"
    rows = one.by.table.cited_in(cited)
    if not rows:
        return f"{'by' if english else '근거:'} {cited}" + last * (BESIDE in cited)
    for at in rows:
        number, law = float(one.by.table.numbers[at]), one.by.table.citation(at)
        what = none if math.isnan(number) else say(number, lang)
        told.append(f"{what} by {law}" if english else f"{what}(근거: {law})")
    return (" or " if english else " 또는 ").join(told) + last


def _taken(one: Rule, row: Row, lang: str) -> str:
    """Return what a rule takes of a site, or between what bounds that lies, and what it may take."""
    english, name = lang == "en", _name(one, row, lang)
    share, own = _range(row, _share(one), lang), row.get(f"excluded_{one.name}_own_share", math.nan)
    alone = ""
    if not math.isnan(own) and _percent(own) != share:
        alone = f", {_percent(own)} by it alone" if english else f", 이 규칙에만 저촉 {_percent(own)}"
    allowed, area = _allowed(one, row, lang), row[f"excluded_{one.name}_area_m2"]
    sized = "" if _set(one, row, "max_area_m2") is None or math.isnan(area) else f", {area:,.0f} m²"
    if row[_share(one)] == 1 and math.isnan(area):
        # A site without an area lies in it or not.
        at = ("outside" if one.include else "in", "밖" if one.include else "안")
        return f"it lies {at[0]} {name} ({allowed})" if english else f"{name} {at[1]}에 있음({allowed})"
    if one.include and one.weight != 1:
        told = f"what lies outside {name} takes {share} of it" if english else f"{name} 밖 저촉 비율 {share}"
    elif one.include:
        told = f"{share} of it lies outside {name}" if english else f"{name} 밖의 비율 {share}"
    else:
        told = f"{name} takes {share} of it" if english else f"{name} 저촉 비율 {share}"
    told += sized + alone
    return f"{told} ({allowed})" if english else f"{told}({allowed})"


def _range(row: Row, column: str, lang: str) -> str:
    """Return a share, or its bounds where it is not known."""
    if not math.isnan(row[column]):
        return _percent(row[column])
    low, high = (_percent(end) for end in footprints.outwards(row[f"{column}_low"], row[f"{column}_high"]))
    return f"between {low} and {high}" if lang == "en" else f"{low}에서 {high} 사이"


def _percent(share: float) -> str:
    """Return a share in percent with a tenth; what is not 0 never reads as 0."""
    return _digits.percent(share, least=1)
