"""Amounts of support and credit in exact won, with bounds and the rules they rest on."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from clustergeo import labels, sources
from clustergeo.errors import InputError
from clustergeo.policy import applying
from clustergeo.policy.applicant import Applicant, exact
from clustergeo.policy.conditions import NO, SIZES, TECHNOLOGIES, YES
from clustergeo.policy.evidence import day_of
from clustergeo.policy.rulefiles import shipped
from clustergeo.policy.rules import notice

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from clustergeo.policy.rules import Rule

CREDIT = "strategic-technology-credit"
INFRASTRUCTURE = "specialised-complex-infrastructure"

_ZERO = Decimal(0)
_ROUNDING = ("원 미만은 반올림.", "Rounded half up to whole won.")
_VERDICTS = {"yes": ("예", "yes"), "unknown": ("미상", "unknown")}


@dataclass(frozen=True)
class Amount:
    """An amount in whole won between proved bounds; `high` is None where nothing bounds it.

    `rules` are the ids of the rules used with what each came to, `steps` the arithmetic in words, `source` the ids of
    their sources.
    """

    low: Decimal
    high: Decimal | None
    rules: tuple[tuple[str, str], ...]
    steps: tuple[str, ...]
    source: str
    on: str
    lang: str = "en"

    @property
    def certain(self) -> bool:
        """Whether both bounds are the same."""
        return self.low == self.high

    def __str__(self) -> str:
        """Return the amount, the arithmetic and the rules, in sentences."""
        place = labels.check_lang(self.lang)
        if self.certain:
            head = f"{self.low:,}원" if place == 0 else f"KRW {self.low:,}"
        else:
            ends = f"{self.low:,}" if self.high is None else f"{self.low:,} ~ {self.high:,}"
            head = f"{ends}원" if place == 0 else f"KRW {ends}"
        if self.high is None:
            head += (" 이상(상한 미상)", " or more (no upper bound is known)")[place]
        named = ", ".join(f"{name} ({_VERDICTS[verdict][place]})" for name, verdict in self.rules)
        used = f"{('규칙', 'Rules')[place]} ({self.on}): {named or ('없음', 'none')[place]}"
        cited = sources.source_urls(self.source)
        tail = [f"{('출처', 'Sources')[place]}: {cited}"] if cited else []
        return "\n".join(
            [head, *self.steps, used, *tail, f"{_ROUNDING[place]} {notice(day_of(self.on), labels.LANGS[place])}"]
        )


class _Span(NamedTuple):
    """An amount between bounds; `high` is None where nothing bounds it."""

    low: Decimal
    high: Decimal | None


def tax_credit(
    investment: Any,
    increase: Any = 0,
    *,
    size: str,
    technology: str,
    on: str,
    rules: Iterable[Rule] | None = None,
    lang: str = "en",
) -> Amount:
    """Return the tax credit on an investment in facilities of a national strategic technology.

    Parameters
    ----------
    investment
        Won, as an int, a Decimal or a text of digits.
    increase
        By how much it is above the average of the three years before; won, 0 by default.
    size
        `"large"`, `"mid"` or `"sme"`.
    technology
        Such as `"semiconductor"`, `"ai"`; `"other"` for what is no national strategic technology. That it is on the
        statute's list is the caller's word.
    on
        A day of the tax year, `YYYY-MM-DD`.
    rules
        The rules; the shipped ones by default.
    lang
        `"ko"` or `"en"`.

    Returns
    -------
    Amount
        With both bounds equal where the sources decide. Printed, it shows whole won, the rules and that it is not legal
        advice.

    Raises
    ------
    InputError
        An amount that is negative or a float, or an unknown size, technology or day.

    Examples
    --------
    >>> print(tax_credit(10**12, 10**11, size="sme", technology="semiconductor", on="2023-06-01").low)
    260000000000
    """
    place, day = labels.check_lang(lang), day_of(on)
    base = {"investment": exact(investment, "investment"), "increase": exact(increase, "increase")}
    for name, value, words in (("size", size, SIZES), ("technology", technology, TECHNOLOGIES)):
        if value not in words:
            msg = f"{name} is {value!r}; expected one of {', '.join(words)}."
            raise InputError(msg)
    if base["increase"] > base["investment"]:
        msg = (
            f"increase is {increase}, more than the investment {investment}; it is the part above the earlier average."
        )
        raise InputError(msg)
    applicant = Applicant(investment_krw=base["investment"], size=size, technology=technology)
    held = [rule for rule in (shipped() if rules is None else rules) if rule.programme == CREDIT]
    found = [
        (rule, verdict)
        for rule, verdict in _outcomes(_NOWHERE, held, day, applicant, ())
        if rule.benefit.of != "increase" or base["increase"]
    ]
    low, high, steps = _ZERO, _ZERO, []
    for of in ("investment", "increase"):
        mine = [(rule, verdict) for rule, verdict in found if rule.benefit.of == of]
        if not mine or not base[of]:
            continue
        span = _alternatives(mine, base[of])
        low, high = low + span.low, high + (span.high or _ZERO)
        steps += [_step(rule, verdict, base[of], place) for rule, verdict in mine]
    if not found:
        # Outside the years that the sources cover the credit is unknown, not nothing.
        covered = bool(applying.valid_rules(held, day))
        said = {
            True: (
                "이날의 목록에 없는 기술이라 이 공제는 없음",
                "not among the technologies of that day: no such credit",
            ),
            False: ("이날의 공제율은 출처에 없음", "no rate for this day is in the sources at hand"),
        }
        steps.append(said[covered][place])
        return _amount(_Span(_ZERO, _ZERO if covered else None), found, steps, on=on, lang=lang)
    return _amount(_Span(low, high), found, steps, on=on, lang=lang)


def infrastructure_support(
    cost_items: Mapping[str, Any],
    site: pd.DataFrame | pd.Series[Any],
    *,
    investment: Any,
    on: str,
    additional_investment: Any = None,
    scenarios: Iterable[str] = (),
    rules: Iterable[Rule] | None = None,
    lang: str = "en",
) -> Amount:
    """Return the support of a specialised complex's infrastructure for a site.

    Parameters
    ----------
    cost_items
        Won by facility, such as `{"road": 10**11, "water": 4 * 10**10}`: ints, Decimals or texts of digits.
    site
        One row of a frame from `tag`, as a frame or a Series.
    investment
        Won; the investment of the cluster.
    on
        The day, `YYYY-MM-DD`.
    additional_investment
        Won beyond what was planned; None is unknown.
    scenarios
        Proposals to suppose in force, such as `"doubling-2026"`.
    rules
        The rules; the shipped ones by default.
    lang
        `"ko"` or `"en"`.

    Returns
    -------
    Amount
        `low` is what the rules that surely apply give at least, 0 where none does; `high` what any rule that may apply
        gives at most. A rule of one uncertain source widens the bounds and never narrows them.

    Raises
    ------
    InputError
        Not one site, no items, or an amount that is negative or a float.

    Examples
    --------
    >>> from clustergeo import load_sites, tag
    >>> tagged = tag(load_sites())
    >>> yongin = tagged[tagged["site_id"] == "yongin"]
    >>> found = infrastructure_support({"road": 10**11}, yongin, investment=10**14, on="2025-05-01")
    >>> int(found.low), int(found.high)
    (30000000000, 50000000000)
    """
    place, day = labels.check_lang(lang), day_of(on)
    row = site.to_frame().T if isinstance(site, pd.Series) else site
    if not isinstance(row, pd.DataFrame) or len(row) != 1:
        found_rows = len(row) if isinstance(row, pd.DataFrame) else type(row).__name__
        msg = f"This takes one site, found {found_rows}. Choose one: tagged[tagged['site_id'] == 'yongin']."
        raise InputError(msg)
    if not isinstance(cost_items, Mapping):
        msg = f"cost_items is a {type(cost_items).__name__}. Give won by facility, such as {{'road': 100000000000}}."
        raise InputError(msg)
    items = {str(name): exact(cost, f"cost_items[{name!r}]") for name, cost in cost_items.items()}
    if not items:
        msg = "cost_items is empty. Give won by facility, such as {'road': 100000000000}."
        raise InputError(msg)
    applicant = Applicant(investment_krw=investment, additional_investment_krw=additional_investment)
    held = [rule for rule in (shipped() if rules is None else rules) if rule.programme == INFRASTRUCTURE]
    found = _outcomes(row, held, day, applicant, scenarios)
    costs, total = list(items.values()), sum(items.values(), _ZERO)
    low: Decimal = _ZERO
    high: Decimal | None = _ZERO
    for rule, verdict in found:
        if rule.refines not in {one.id for one, _ in found}:
            span, certain = _given(rule, verdict, found, costs)
            low, high = max(low, span.low if certain else _ZERO), _most(high, span.high)
    steps = [_step(rule, verdict, total, place) for rule, verdict in found]
    if not found:
        steps.append(("이날 이 부지에 적용되는 규칙 없음", "no rule applies to this site on this day")[place])
    marks = {scenarios} if isinstance(scenarios, str) else set(scenarios)
    steps = [
        *(
            ("가정 {}: 검토 중이며 규칙이 아님", "Scenario {}: under review, not a rule")[place].format(one)
            for one in sorted(marks)
        ),
        *steps,
    ]
    return _amount(_Span(low, high), found, steps, on=on, lang=lang)


def _outcomes(
    row: pd.DataFrame, rules: Iterable[Rule], day: dt.date, applicant: Applicant, scenarios: Iterable[str]
) -> list[tuple[Rule, int]]:
    """Return the rules that apply or may apply, with 1 or 0."""
    chosen = applying.valid_rules(rules, day, scenarios)
    decisions = applying.decide(row, chosen, day, applicant)
    verdicts = [
        min(outcomes[decisions.which[0, number]].truth, valid)
        for number, (outcomes, valid) in enumerate(zip(decisions.outcomes, decisions.valid, strict=True))
    ]
    return [(rule, verdict) for rule, verdict in zip(chosen, verdicts, strict=True) if verdict != NO]


def _sure(rule: Rule, verdict: int) -> bool:
    """Whether a rule surely applies: its conditions hold, it was valid, and its source is not uncertain."""
    return verdict == YES and rule.confidence == "stated" and not rule.scenario


def _given(rule: Rule, verdict: int, found: list[tuple[Rule, int]], costs: list[Decimal]) -> tuple[_Span, bool]:
    """Return the bounds of a rule and of those that refine it, and whether one of them surely applies.

    A refinement that surely applies stands in the place of what it refines; any other widens the bounds.
    """
    finer = [_given(one, other, found, costs) for one, other in found if one.refines == rule.id]
    sure = [span for span, certain in finer if certain]
    spans = (sure or [_supported(_whole(rule, [one for one, _ in found]), costs)]) + [
        span for span, certain in finer if not certain
    ]
    low, high = min(span.low for span in spans), functools.reduce(_most, [span.high for span in spans])
    return _Span(low, high), bool(sure) or _sure(rule, verdict)


def _alternatives(found: list[tuple[Rule, int]], base: Decimal) -> _Span:
    """Return the bounds of rules of which one holds: versions that meet at a coarse date, or an uncertain one."""
    spans = [_Span(base * low, base * high) for low, high in (_ratios(rule) for rule, _ in found)]
    sure = [span for span, (rule, verdict) in zip(spans, found, strict=True) if _sure(rule, verdict)]
    high = max(span.high or _ZERO for span in spans)
    if sure:
        return _Span(max(span.low for span in sure), high)
    # Two versions of one clause that meet at a coarse date leave no day without either.
    clauses = {rule.clause for rule, _ in found}
    unbroken = len(clauses) == 1 and len(found) > 1 and all(rule.confidence == "stated" for rule, _ in found)
    return _Span(min(span.low for span in spans) if unbroken else _ZERO, high)


def _ratios(rule: Rule) -> tuple[Decimal, Decimal]:
    """Return the bounds of a rule's ratio; where it states none, from nothing to the whole."""
    low, high = rule.benefit.ratio_low, rule.benefit.ratio_high
    return low or _ZERO, Decimal(1) if high is None else high


def _whole(rule: Rule, found: Iterable[Rule]) -> Rule:
    """Return a rule with what it does not state taken from the rule that it refines, if that applies or may apply."""
    base = next((one for one in found if one.id == rule.refines), None)
    if base is None:
        return rule
    above, own = _whole(base, found).benefit, rule.benefit
    names = ("of", "ratio_low", "ratio_high", "cap_low_krw", "cap_high_krw", "item_cap_krw", "max_items")
    return replace(
        rule,
        benefit=replace(
            own, **{n: getattr(own, n) if getattr(own, n) is not None else getattr(above, n) for n in names}
        ),
    )


def _supported(rule: Rule, costs: list[Decimal]) -> _Span:
    """Return what a rule gives for items of cost: the smallest at the low ratio to the largest at the high one."""
    benefit = rule.benefit
    count = min(len(costs), benefit.max_items or len(costs))
    ordered = sorted(costs)
    ends: list[Decimal | None] = []
    low, high = _ratios(rule)
    for chosen, ratio, cap in (
        (ordered[:count], low, benefit.cap_low_krw),
        (ordered[len(ordered) - count :], high, benefit.cap_high_krw),
    ):
        given = [cost * ratio for cost in chosen]
        if benefit.item_cap_krw is not None:
            given = [min(one, Decimal(benefit.item_cap_krw)) for one in given]
        whole = sum(given, _ZERO)
        ends.append(whole if cap is None else min(whole, Decimal(cap)))
    return _Span(ends[0] or _ZERO, ends[1])


def _most(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """Return the greater of two upper bounds; None is unbounded."""
    return None if one is None or other is None else max(one, other)


def _step(rule: Rule, verdict: int, base: Decimal, place: int) -> str:
    """Return one rule's part of the arithmetic in words."""
    mark = (
        ""
        if _sure(rule, verdict)
        else ((" (불확실)", " (uncertain)") if verdict == YES else (" (판정 불가)", " (not decided)"))[place]
    )
    words = rule.benefit.words(labels.LANGS[place]) or (rule.gist_ko if place == 0 else rule.gist_en)
    return f"{rule.id}{mark}: {words}; {base:,}{'원' if place == 0 else ' KRW'}"


def _amount(span: _Span, found: list[tuple[Rule, int]], steps: list[str], *, on: str, lang: str) -> Amount:
    """Return the amount in whole won."""
    whole = Decimal(1)
    source = " ".join(dict.fromkeys(" ".join(rule.source for rule, _ in found).split()))
    return Amount(
        span.low.quantize(whole, ROUND_HALF_UP),
        None if span.high is None else span.high.quantize(whole, ROUND_HALF_UP),
        tuple((rule.id, applying.VERDICTS[verdict + 1]) for rule, verdict in found),
        tuple(steps),
        source,
        on,
        lang,
    )


# Credits follow the technology and not the place: any site answers alike.
_NOWHERE = pd.DataFrame({"site_id": ["-"], "in_capital_region": pd.array([pd.NA], dtype="boolean")})
