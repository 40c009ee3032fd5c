"""The dated facts of a site, and what changed between two days: among the sites, or in the rules that apply to them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from clustergeo import datasets, facts, labels, sources, tags
from clustergeo.errors import InputError
from clustergeo.policy import applying, places
from clustergeo.policy.rulefiles import shipped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clustergeo.policy.applicant import Applicant
    from clustergeo.policy.rules import Rule

# The column of each attribute, and the stem of the columns that hold its date and source.
_SITE_COLUMNS = {
    "area_km2": ("area_km2", "area"),
    "status": ("status", "status"),
    "designation": ("designations", "designations"),
    "rdz_present": ("rdz_reported_present", "rdz_reported"),
    "rdz_share": ("rdz_reported_share", "rdz_reported"),
    "rdz_area_m2": ("rdz_reported_area_m2", "rdz_reported"),
}
_DOUBTS = {"uncertain": ("불확실", "uncertain"), "contradicted": ("따르지 않음", "not followed")}
_HISTORY = ("as_of", "attribute", "value", "scope", "basis", "confidence", "source", "note_ko", "note_en")
_SITE_CHANGES = ("site_id", "attribute", "before", "after", "as_of", "source")
_RULE_CHANGES = ("site_id", "rule_id", "before", "after", "reason", "scenario", "source")


def history(site_id: str, *, own_facts: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return everything that is known of one of the 15 sites, by date, with sources.

    Parameters
    ----------
    site_id
        The site.
    own_facts
        Facts to add or to correct with, as `read_facts` returns them.

    Returns
    -------
    pandas.DataFrame
        One row a fact, the oldest first by the last day its date may mean: `as_of, attribute, value, scope, basis,
        confidence, source` (URLs)`, note_ko, note_en`. Contradicted ones are kept and marked.

    Raises
    ------
    InputError
        There is no fact about such a site.

    Examples
    --------
    >>> told = history("wanju")
    >>> told[told["attribute"] == "area_km2"][["as_of", "value"]].values.tolist()
    [['2023-03-15', '1.65'], ['2025-12-24', '0.636']]
    """
    held = datasets.load_facts() if own_facts is None else facts.merge(datasets.load_facts(), own_facts)
    mine = held[held["site_id"] == site_id]
    if mine.empty:
        known = ", ".join(dict.fromkeys(held["site_id"]))
        msg = f"There is no fact about a site {site_id!r}. The sites with facts are {known}."
        raise InputError(msg)
    days = mine["as_of"].map(facts.last_day)
    ordered = mine.loc[days.sort_values(kind="stable").index]
    return ordered.assign(source=[sources.source_urls(text) for text in ordered["source"]])[list(_HISTORY)].reset_index(
        drop=True
    )


class Dated(NamedTuple):
    """One line of a timeline: the day, what is said, the addresses of its sources, and those that have none by name."""

    day: str
    said: str
    urls: str
    named: str


def dated(
    held: pd.DataFrame, sites: Iterable[str], *, lang: str = "en", as_of: str | None = None
) -> dict[str, tuple[Dated, ...]]:
    """Return the timelines of sites, each the oldest fact first; a site without a fact has none.

    Parameters
    ----------
    held
        A table of facts, as `load_facts` and `read_facts` return them.
    sites
        The ids of the sites.
    lang
        `"ko"` or `"en"`.
    as_of
        Only facts known by this day.

    Examples
    --------
    >>> dated(datasets.load_facts(), ["wanju"])["wanju"][-1].said.partition(" B/C")[0]
    'Status: feasibility study passed.'
    """
    labels.check_lang(lang)
    mine = held[held["site_id"].isin({str(site) for site in sites})]
    mine = mine if as_of is None else facts.known_by(mine, as_of)
    days = mine["as_of"].map(facts.last_day)
    found: dict[str, list[Dated]] = {}
    for row in mine.loc[days.sort_values(kind="stable").index].to_dict("records"):
        found.setdefault(row["site_id"], []).append(Dated(row["as_of"], _said(row, lang), *_sources(row["source"])))
    return {site: tuple(lines) for site, lines in found.items()}


def _sources(text: str) -> tuple[str, str]:
    """Return the addresses of sources, and what has none by its publisher's name."""
    known = sources.load_sources()
    urls, named = [], []
    for word in text.split():
        source = known.get(word, {})
        address = source.get("url", "" if source else word)
        if address.startswith(("https://", "http://")):
            urls.append(address)
        else:
            named.append(str(source.get("publisher", word)))
    return " ".join(dict.fromkeys(urls)), " ".join(dict.fromkeys(named))


def _said(row: dict[str, Any], lang: str) -> str:
    """Return a fact in a sentence or two."""
    note = (row[f"note_{lang}"] or "").rstrip(".")
    # A note is written as a clause, and stands here as a sentence.
    note = note[:1].upper() + note[1:]
    if row["attribute"] == "event":
        marks: list[str] = []
        said = note or str(row["value"])
    else:
        marks = [labels.value("scope", row["scope"], lang)] if row["scope"] != "whole" else []
        said = _what(row, lang)
    marks += [_DOUBTS[row["confidence"]][labels.check_lang(lang)]] if row["confidence"] in _DOUBTS else []
    said = f"{said} ({', '.join(marks)})" if marks else said
    return f"{said}." if row["attribute"] == "event" or not note else f"{said}. {note}."


def _what(row: dict[str, Any], lang: str) -> str:
    """Return attribute and value of a fact in words."""
    name, value = row["attribute"], row["value"]
    if name in {"area_km2", "rdz_area_km2"}:
        column = "area_km2" if name == "area_km2" else "rdz_reported_area_km2"
        return f"{labels.column(column, lang)}: {value}"
    if name == "rdz_share":
        return f"{labels.column(name, lang)}: {(Decimal(value) * 100).normalize():f} %"
    if name == "rdz_present":
        return f"{labels.zone_name('rdz', lang)}: {labels.value(name, value == 'true', lang)}"
    if name == "designation":
        return f"{labels.column('designations', lang)}: {places.named(value, lang)}"
    return f"{labels.column(name, lang)}: {labels.value(name, value, lang)}"


def changes(
    *,
    of: Literal["sites", "rules"],
    since: str,
    until: str,
    tagged: pd.DataFrame | None = None,
    applicant: Applicant | None = None,
    rules: Iterable[Rule] | None = None,
    scenarios: Iterable[str] = (),
    own_facts: pd.DataFrame | None = None,
    lang: str = "en",
) -> pd.DataFrame:
    """Return what differs between two days.

    Parameters
    ----------
    of
        `"sites"`: what the facts say of the 15 sites; `"rules"`: which rules apply to each site.
    since, until
        The two days.
    tagged
        For `"rules"`: a frame from `tag`; the 15 sites by default.
    applicant, rules, scenarios
        For `"rules"`, as for `rules_for`.
    own_facts
        Facts of the 15 sites to add or to correct with.
    lang
        The language of the reasons: `"ko"` or `"en"`.

    Returns
    -------
    pandas.DataFrame
        For `"sites"` `site_id, attribute, before, after, as_of, source`: areas, status, designations and restricted
        zones that differ, null for unknown, with the date and sources of the later one, and each event between the
        days. For `"rules"` `site_id, rule_id, before,
        after` (`yes`, `no`, `unknown`, null where the rule was not valid)`, reason, scenario, source`.

    Raises
    ------
    InputError
        `of` is neither, `until` comes before `since`, something is given that the other kind takes, and as `rules_for`.

    Examples
    --------
    >>> found = changes(of="sites", since="2025-12-01", until="2026-01-01")
    >>> found[found["site_id"] == "wanju"][["attribute", "before", "after"]].values.tolist()
    [['area_km2', '1.65', '0.636'], ['status', 'candidate', 'pf_passed']]
    """
    labels.check_lang(lang)
    if facts.last_day(until) < facts.last_day(since):
        msg = f"until={until!r} comes before since={since!r}. Exchange them."
        raise InputError(msg)
    if of == "sites":
        if tagged is not None or applicant is not None or rules is not None or scenarios:
            msg = "tagged, applicant, rules and scenarios are for of='rules'; of='sites' tells what the facts say."
            raise InputError(msg)
        return _of_sites(since, until, own_facts)
    if of != "rules":
        msg = f"of={of!r} is neither 'sites' nor 'rules'."
        raise InputError(msg)
    if tagged is not None and own_facts is not None:
        msg = "own_facts are about the 15 sites, and tagged are sites of yours. Give load_sites(own_facts=...) to tag."
        raise InputError(msg)
    frame = tags.tag(datasets.load_sites(own_facts=own_facts)) if tagged is None else tagged
    held = tuple(shipped() if rules is None else rules)
    # A scenario that began after a day is no rule of that day, and its name is still right.
    before, after = (
        applying.rules_for(frame, on=day, applicant=applicant, rules=held, scenarios=scenarios, lang=lang)
        for day in (since, until)
    )
    return _of_rules(before, after, len(frame))


def _of_sites(since: str, until: str, own_facts: pd.DataFrame | None) -> pd.DataFrame:
    """Return what the facts say differently, and the events between."""
    held = datasets.load_facts() if own_facts is None else facts.merge(datasets.load_facts(), own_facts)
    before, after = (facts.on_day(held, day) for day in (since, until))
    before = before.reindex(after.index)
    rows: list[tuple[Any, ...]] = []
    low, high = facts.last_day(since), facts.last_day(until)
    known = held[held["confidence"] != "contradicted"]
    for site in after.index:
        mine = known[known["site_id"] == site]
        days = mine["as_of"].map(facts.last_day)
        between = mine[(days > low) & (days <= high)]
        for attribute, (column, stem) in _SITE_COLUMNS.items():
            one, other = _text(before.loc[site, column]), _text(after.loc[site, column])
            if one == other:
                continue
            said = after.loc[site].to_dict()
            if stem == "designations":
                # The column joins all that is known; what is new is what made the difference.
                new = between[(between["attribute"] == "designation") & (between["scope"] == "whole")]
                said |= {f"{stem}_as_of": new["as_of"].iloc[-1], f"{stem}_source": " ".join(new["source"])}
            urls = sources.source_urls(" ".join(dict.fromkeys(str(said[f"{stem}_source"]).split())))
            rows.append((site, attribute, one, other, said[f"{stem}_as_of"], urls))
        for event in between[between["attribute"] == "event"].itertuples(index=False):
            told = (event.value, event.as_of, sources.source_urls(event.source))
            rows.append((site, "event", None, *told))
    return pd.DataFrame(rows, columns=list(_SITE_CHANGES), dtype=object)


def _text(value: Any) -> str | None:
    """Return a value as text; null stays null."""
    if value is None or pd.isna(value):
        return None
    if pd.api.types.is_bool(value):
        return str(value).lower()
    return f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _of_rules(before: pd.DataFrame, after: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return the decisions that differ, of `count` sites; an id may name several of them."""
    keys = ["row", "site_id", "rule_id"]
    columns = ["site_id", "rule_id", "applies", "reason", "scenario", "source"]
    plain = [
        frame[columns].astype(object).assign(row=np.arange(len(frame)) // max(len(frame) // max(count, 1), 1))
        for frame in (before, after)
    ]
    joined = plain[0].merge(plain[1], on=keys, how="outer", suffixes=("_before", "_after"), sort=False)
    differ = joined[joined["applies_before"].fillna("") != joined["applies_after"].fillna("")]
    out = differ.rename(columns={"applies_before": "before", "applies_after": "after"})
    for column in ("reason", "scenario", "source"):
        out[column] = out[f"{column}_after"].where(out[f"{column}_after"].notna(), out[f"{column}_before"])
    out = out[list(_RULE_CHANGES)].astype(object)
    return out.where(out.notna(), None).reset_index(drop=True)
