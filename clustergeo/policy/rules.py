"""What a rule of support is: dated, cited, with conditions and a benefit as data."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

import pandas as pd

from clustergeo import datasets, facts
from clustergeo.policy import conditions

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

STATES = ("in_force", "announced", "under_review", "superseded", "contradicted")
CONFIDENCES = facts.CONFIDENCES
KINDS = ("support", "credit", "easing", "limit", "obligation", "class", "call", "other")
BASES = ("cost", "investment", "increase")


@dataclass(frozen=True)
class Benefit:
    """What a rule gives: a ratio of something within bounds, caps in won; null is not stated, never nothing."""

    kind: str
    of: str | None = None
    ratio_low: Decimal | None = None
    ratio_high: Decimal | None = None
    cap_low_krw: int | None = None
    cap_high_krw: int | None = None
    item_cap_krw: int | None = None
    firm_cap_krw: int | None = None
    max_items: int | None = None
    area_limit_m2: int | None = None

    def words(self, lang: str) -> str:
        """Return the bounds in words, `ko` or `en`; empty where the rule states no figure.

        Examples
        --------
        >>> Benefit("support", "cost", Decimal("0.3"), Decimal("0.5"), 10**11, 10**11).words("en")
        '30 to 50 % of the cost; cap KRW 100,000,000,000'
        """
        korean = lang == "ko"
        parts = []
        if self.ratio_high is not None:
            shares = (self.ratio_low or Decimal(0), self.ratio_high)
            low, high = (f"{(share * 100).normalize():f}" for share in shares)
            of = {"cost": ("비용", "cost"), "investment": ("투자액", "investment"), "increase": ("증가분", "increase")}
            span = high if low == high else f"{low}~{high}" if korean else f"{low} to {high}"
            noun = of[self.of][0 if korean else 1] if self.of else ""
            parts.append(f"{noun}의 {span}%" if korean else f"{span} % of the {noun}")
        if self.cap_low_krw is not None or self.cap_high_krw is not None:
            least, most = self.cap_low_krw or 0, self.cap_high_krw
            if most is None:
                parts.append(
                    f"한도 {least:,}원 이상(상한 미상)"
                    if korean
                    else f"cap KRW {least:,} or more (upper end not stated)"
                )
            else:
                ends = f"{most:,}" if least == most else f"{least:,}~{most:,}" if korean else f"{least:,} to {most:,}"
                parts.append(f"한도 {ends}원" if korean else f"cap KRW {ends}")
        for value, ko, en in (
            (self.item_cap_krw, "항목당 {:,}원 이하", "at most KRW {:,} an item"),
            (self.firm_cap_krw, "기업당 {:,}원 이하", "at most KRW {:,} a firm"),
            (self.max_items, "최대 {:,}개 항목", "at most {:,} items"),
            (self.area_limit_m2, "{:,}㎡ 한도", "limit {:,} m2"),
        ):
            if value is not None:
                parts.append((ko if korean else en).format(value))
        return "; ".join(parts)


@dataclass(frozen=True)
class Rule:
    """One dated, cited statement of policy: who qualifies, from when to when, for what.

    `valid_from` is the first day and `valid_to` the first day after; each is ISO text as precise as its source, empty
    for an open end. `known_from` stands for a beginning that no source gives: before it the rule is unknown.
    """

    id: str
    title_ko: str
    title_en: str
    programme: str
    clause: str
    authority_ko: str
    authority_en: str
    state: str
    source: str
    condition: conditions.Group
    benefit: Benefit
    gist_ko: str
    gist_en: str
    confidence: str
    valid_from: str = ""
    valid_to: str = ""
    known_from: str = ""
    refines: str = ""
    scenario: str = ""
    note_ko: str = ""
    note_en: str = ""
    gap_before: str = ""
    where: str = field(default="", compare=False)

    def held(self, day: dt.date) -> int:
        """Return whether the rule is valid on a day: 1 yes, -1 no, 0 where its dates are too coarse to tell."""
        begun = _passed(self.valid_from, day, default=conditions.YES)
        if not self.valid_from:
            begun = max(_passed(self.known_from, day, default=conditions.YES), conditions.UNKNOWN)
        ended = _passed(self.valid_to, day, default=conditions.NO)
        return min(begun, -ended)

    def dates(self, lang: str) -> str:
        """Return from when to when it is valid in words, `ko` or `en`; an end that is not known as an ellipsis.

        Examples
        --------
        >>> from clustergeo.policy import load_rules
        >>> held = {rule.id: rule for rule in load_rules()}
        >>> held["capital-growth-review"].dates("en")
        '… (since when is not stated; known by 2026-03) ~ …'
        """
        known = (
            f" (시작일 미상, {self.known_from}에 알려짐)"
            if lang == "ko"
            else f" (since when is not stated; known by {self.known_from})"
        )
        return f"{self.valid_from or '…'}{known if self.known_from else ''} ~ {self.valid_to or '…'}"

    @property
    def needs_applicant(self) -> bool:
        """Whether a condition is about the applicant."""
        return any(conditions.WORDS[leaf.word].applicant for leaf in conditions.leaves(self.condition))


def _passed(text: str, day: dt.date, *, default: int) -> int:
    """Return whether a date of any precision has come by a day."""
    if not text:
        return default
    if day >= facts.last_day(text):
        return conditions.YES
    return conditions.UNKNOWN if day >= facts.first_day(text) else conditions.NO


def notice(day: dt.date, lang: str) -> str:
    """Return what stands under every answer: no legal advice, and how far the evidence reaches where the day is later.

    Examples
    --------
    >>> import datetime as dt
    >>> notice(dt.date(2030, 1, 1), "en")
    'Not legal advice: read the statute. The rules are those known in 2026-03; what changed later is not in them.'
    """
    korean, vintage = lang == "ko", _vintage()
    text = "법률 자문이 아님. 법령을 확인할 것." if korean else "Not legal advice: read the statute."
    if day <= facts.last_day(vintage):
        return text
    later = (
        f"{vintage}까지 알려진 규칙이며 그 뒤의 변화는 담기지 않음."
        if korean
        else f"The rules are those known in {vintage}; what changed later is not in them."
    )
    return f"{text} {later}"


@functools.cache
def _vintage() -> str:
    """Return how far the evidence of the shipped rules reaches."""
    return str(datasets.catalogue().set_index("layer").loc["rules", "vintage"])


def listing(rules: Iterable[Rule]) -> pd.DataFrame:
    """Return rules as a table, one row each.

    Examples
    --------
    >>> from clustergeo.policy import load_rules
    >>> listing(load_rules()).set_index("rule_id").loc["infra-2025", "valid_from"]
    '2025-04-15'
    """
    return pd.DataFrame(
        [
            {
                "rule_id": rule.id,
                "programme": rule.programme,
                "clause": rule.clause,
                "title_ko": rule.title_ko,
                "title_en": rule.title_en,
                "valid_from": rule.valid_from or None,
                "valid_to": rule.valid_to or None,
                "known_from": rule.known_from or None,
                "state": rule.state,
                "scenario": rule.scenario or None,
                "confidence": rule.confidence,
                "conditions_ko": conditions.sentence(rule.condition, "ko"),
                "conditions_en": conditions.sentence(rule.condition, "en"),
                "benefit_ko": rule.benefit.words("ko") or None,
                "benefit_en": rule.benefit.words("en") or None,
                "source": rule.source,
            }
            for rule in rules
        ]
    )
