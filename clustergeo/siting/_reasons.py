"""Why a site falls out, in one sentence, Korean or English."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from clustergeo import labels, schema
from clustergeo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from clustergeo.siting._grounds import Rule


def rule_text(one: Rule) -> str:
    """Return a rule in a few words, for a repr."""
    parts = []
    if one.buffer_m:
        parts.append(f"{one.buffer_m:g} m around" if one.buffer_m > 0 else f"set back {-one.buffer_m:g} m")
    parts += ["only inside"] * one.include + ["forced"] * one.forced + ["conditional"] * (one.where is not None)
    if one.max_area_m2 is not None:
        parts.append(f"max_area_m2 {one.max_area_m2:g}")
    elif not one.forced:
        parts.append(f"max_share {one.max_share or 0:g}")
    return f"{one.name} ({'; '.join(parts)})"


def sentence(rules: Sequence[Rule], applied: Any, site_id: str, lang: str) -> str:
    """Return in one sentence why a site is kept, excluded or undecided.

    Raises
    ------
    InputError
        No such site, a frame that the rules were not applied to, or an unknown language.
    """
    english = bool(labels.check_lang(lang))
    counted = [one for one in rules if not one.forced]
    missing = [name for name in ("site_id", "kept", *map(_share, counted)) if name not in applied.columns]
    if missing:
        msg = f"This frame has no column {missing[0]!r}. Give the frame that apply() of these exclusions returned."
        raise InputError(msg)
    rows = schema.one_site(applied, site_id)
    row = rows.iloc[0]
    by = [one for one in counted if one.name in str(row["excluded_by"]).split(";")]
    doubtful = [one for one in counted if one.name in str(row["undecided_by"]).split(";")]
    if by:
        told = [_taken(one, row, lang) for one in by]
        if len(by) > 1 and not math.isnan(row["excluded_share"]):
            share = _percent(row["excluded_share"])
            told.append(f"together all rules take {share}" if english else f"모든 규칙을 합치면 {share}")
        verdict = f"Site {site_id} is excluded: " if english else f"부지 {site_id} 제외: "
    elif doubtful:
        told = [_doubt(one, row, lang) for one in doubtful]
        verdict = (
            f"Whether site {site_id} is kept is not decidable from this evidence: "
            if english
            else f"부지 {site_id}: 이 근거로는 판정할 수 없음 - "
        )
    else:
        share = _range(row, "excluded_share")
        verdict = f"Site {site_id} is kept: " if english else f"부지 {site_id} 유지: "
        told = [
            f"no rule takes more than it may, and together they take {share}"
            if english
            else f"허용을 넘는 규칙이 없고 모두 합쳐 {share}"
        ]
    return f"{verdict}{'; '.join(told)}."


def _share(one: Rule) -> str:
    return f"excluded_{one.name}_share"


def _name(one: Rule, lang: str) -> str:
    """Return the rule's layer in words, with what is done to it."""
    english = lang == "en"
    name = labels.zone_name(one.name, lang)
    notes = []
    if one.buffer_m > 0:
        notes.append(f"with {one.buffer_m:,g} m around" if english else f"주변 {one.buffer_m:,g} m 포함")
    elif one.buffer_m < 0:
        notes.append(f"set back {-one.buffer_m:,g} m" if english else f"안쪽 {-one.buffer_m:,g} m 후퇴")
    if one.where is not None:
        notes.append("where it holds" if english else "적용 지역만")
    name = name + (f" ({', '.join(notes)})" if notes else "")
    if one.include:
        return f"the ground outside {name}" if english else f"{name} 밖의 땅"
    return name


def _allowed(one: Rule, lang: str) -> str:
    """Return what the rule lets pass."""
    english = lang == "en"
    if one.max_area_m2 is not None:
        return f"at most {one.max_area_m2:,.0f} m² is allowed" if english else f"허용 {one.max_area_m2:,.0f} m²"
    if not one.max_share:
        return "none is allowed" if english else "허용 없음"
    return f"at most {_percent(one.max_share)} is allowed" if english else f"허용 {_percent(one.max_share)}"


def _taken(one: Rule, row: pd.Series, lang: str) -> str:
    """Return what a rule takes of a site that it removes."""
    english, name = lang == "en", _name(one, lang)
    share, own = _range(row, _share(one)), row.get(f"excluded_{one.name}_own_share", math.nan)
    alone = ""
    if not math.isnan(own) and own != row[_share(one)]:
        alone = f", {_percent(own)} by it alone" if english else f", 이것만으로 {_percent(own)}"
    if english:
        return f"{name} takes {share} of it{alone} ({_allowed(one, lang)})"
    return f"{name} {share}{alone} ({_allowed(one, lang)})"


def _doubt(one: Rule, row: pd.Series, lang: str) -> str:
    """Return between what bounds lies what a rule takes."""
    english, name, share = lang == "en", _name(one, lang), _range(row, _share(one))
    if english:
        return f"{name} takes {share} of it ({_allowed(one, lang)})"
    return f"{name} {share} ({_allowed(one, lang)})"


def _range(row: pd.Series, column: str) -> str:
    """Return a share, or its bounds where it is not known."""
    if not math.isnan(row[column]):
        return _percent(row[column])
    return f"{_percent(row[f'{column}_low'])} - {_percent(row[f'{column}_high'])}"


def _percent(share: float) -> str:
    """Return a share in words; what is not 0 never reads as 0."""
    percent = 100 * share
    if 0 < percent < 0.05:  # noqa: PLR2004 - would be rounded to 0
        return "< 0.1 %"
    return "> 99.9 %" if 99.95 <= percent < 100 else f"{percent:.1f} %"  # noqa: PLR2004
