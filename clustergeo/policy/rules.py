"""Rules of support as data: reading and checking a file of them, with file and line for everything that is wrong."""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from clustergeo import datasets, facts
from clustergeo.errors import InputError
from clustergeo.policy import conditions

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

STATES = ("in_force", "announced", "under_review", "superseded", "contradicted")
CONFIDENCES = ("stated", "uncertain", "contradicted")
KINDS = ("support", "credit", "easing", "limit", "obligation", "class", "call", "other")
BASES = ("cost", "investment", "increase")

_TEXTS = ("id", "title_ko", "title_en", "programme", "clause", "authority_ko", "authority_en", "state", "source")
_REQUIRED = (*_TEXTS, "conditions", "benefit", "gist_ko", "gist_en", "confidence")
_OPTIONAL = ("valid_from", "valid_to", "refines", "scenario", "note_ko", "note_en", "gap_before")
_RATIOS = ("ratio_low", "ratio_high")
_MONEY = ("cap_low_krw", "cap_high_krw", "item_cap_krw", "firm_cap_krw")
_COUNTS = ("max_items", "area_limit_m2")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


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
            low, high = (f"{ratio * 100:f}".rstrip("0").rstrip(".") for ratio in (self.ratio_low or 0, self.ratio_high))
            low, high = low or "0", high or "0"
            of = {"cost": ("비용", "cost"), "investment": ("투자액", "investment"), "increase": ("증가분", "increase")}
            span = high if low == high else f"{low}~{high}" if korean else f"{low} to {high}"
            noun = of[self.of][0 if korean else 1] if self.of else ""
            parts.append(f"{noun}의 {span}%" if korean else f"{span} % of the {noun}")
        if self.cap_low_krw is not None or self.cap_high_krw is not None:
            ends = [None if cap is None else f"{cap:,}" for cap in (self.cap_low_krw, self.cap_high_krw)]
            same = ends[0] == ends[1]
            unstated = "상한 미상" if korean else "upper end not stated"
            span = str(ends[0]) if same else f"{ends[0] or '?'} ~ {ends[1] or unstated}"
            parts.append(f"한도 {span}원" if korean else f"cap KRW {span}")
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
    for an open end.
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
    refines: str = ""
    scenario: str = ""
    note_ko: str = ""
    note_en: str = ""
    gap_before: str = ""
    where: str = field(default="", compare=False)

    def held(self, day: dt.date) -> int:
        """Return whether the rule is valid on a day: 1 yes, -1 no, 0 where its dates are too coarse to tell."""
        begun = _passed(self.valid_from, day, default=conditions.YES)
        ended = _passed(self.valid_to, day, default=conditions.NO)
        return min(begun, -ended)

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


@functools.cache
def shipped() -> tuple[Rule, ...]:
    """Return the shipped rules, read and checked once."""
    return read_rules(datasets.data_path("rules.toml"), sources=frozenset(datasets.load_sources()))


def load_rules(path: str | Path | None = None, *, own_only: bool = False) -> tuple[Rule, ...]:
    """Return the shipped rules, with those of a file of your own.

    Parameters
    ----------
    path
        A TOML file of rules, as docs/own-rules.md describes it; a rule with the id of a shipped one replaces it.
    own_only
        Whether the shipped rules are left out.

    Returns
    -------
    tuple of Rule
        In the order of the files.

    Raises
    ------
    InputError
        With every problem of the file: line, rule, what was found and what was expected.

    Examples
    --------
    >>> [rule.state for rule in load_rules() if rule.id == "infra-2026-double"]
    ['under_review']
    """
    if path is None:
        return shipped()
    own = read_rules(path)
    if own_only:
        return own
    replaced = {rule.id for rule in own}
    whole = (*[rule for rule in shipped() if rule.id not in replaced], *own)
    _told(_versions(whole) + _links(whole))
    return whole


def read_rules(path: str | Path, *, sources: frozenset[str] | None = None) -> tuple[Rule, ...]:
    """Return the checked rules of a file.

    Parameters
    ----------
    path
        A TOML file in UTF-8 with one `[[rule]]` a rule.
    sources
        The ids that `source` may use; without it any text that names a source does.

    Raises
    ------
    InputError
        With every problem of the file: line, rule, what was found and what was expected.
    """
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        msg = f"The rules file {str(path)!r} cannot be read: {error.strerror}. Check the path."
        raise InputError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"The rules file {str(path)!r} is not UTF-8 text. Save it as UTF-8."
        raise InputError(msg) from error
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        msg = f"{path}, line {line.group(1) if line else text.count(chr(10)) + 1}: this is not TOML: {error}."
        raise InputError(msg) from error
    entries = data.get("rule", [])
    strange = sorted(set(data) - {"rule"})
    if strange or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        line = _line_of(text.splitlines(), 0, strange[0] if strange else "rule")
        msg = f"{path}, line {line}: found {', '.join(strange) or 'no list of rules'}; a file of rules holds [[rule]]."
        raise InputError(msg)
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if re.match(r"\s*\[\[\s*rule\s*\]\]", line)]
    rules, problems = [], []
    for number, entry in enumerate(entries):
        start = starts[number] if number < len(starts) else 0
        end = starts[number + 1] if number + 1 < len(starts) else len(lines)
        rule, found = _rule(entry, sources, path, lines[start:end], start)
        problems += found
        if rule is not None:
            rules.append(rule)
    seen: dict[str, Rule] = {}
    for rule in rules:
        if rule.id in seen:
            problems.append(f"{rule.where}: the id {rule.id!r} stands twice; the other is at {seen[rule.id].where}.")
        seen[rule.id] = rule
    if sources is not None:
        problems += _links(tuple(rules))
    if not problems:
        problems += _versions(tuple(rules))
    _told(problems)
    return tuple(rules)


def _told(problems: list[str]) -> None:
    """Refuse the file if there is a problem."""
    if problems:
        msg = f"{len(problems)} problem(s) in the rules:\n" + "\n".join(problems)
        raise InputError(msg)


def _line_of(block: list[str], start: int, token: str | None) -> int:
    """Return the line, counted from 1, on which a key or a text stands; that of the rule's head if it is nowhere."""
    if token:
        key = re.compile(rf"\s*{re.escape(token)}\s*=")
        for number, line in enumerate(block):
            if key.match(line):
                return start + number + 1
        for number, line in enumerate(block):
            if token in line.partition("#")[0]:
                return start + number + 1
    return start + 1


def _rule(
    entry: dict[str, Any], sources: frozenset[str] | None, path: str | Path, block: list[str], start: int
) -> tuple[Rule | None, list[str]]:
    """Return an entry as a rule, or what is wrong with it, in words."""
    problems: list[str] = []

    def wrong(token: str | None, text: str) -> None:
        problems.append(f"{path}, line {_line_of(block, start, token)}: rule {entry.get('id', '(no id)')!r}: {text}")

    for key in _REQUIRED:
        if key not in entry or entry[key] == "":
            wrong(key, f"{key} is missing.")
    for key in sorted(set(entry) - {*_REQUIRED, *_OPTIONAL}):
        wrong(key, f"{key!r} is no key of a rule. The keys are {', '.join((*_REQUIRED, *_OPTIONAL))}.")
    for key in (*_TEXTS, "gist_ko", "gist_en", "confidence", *_OPTIONAL):
        if key in entry and not isinstance(entry[key], str):
            wrong(key, f"{key} is {entry[key]!r}; expected a text in quotes.")
    if problems:
        return None, problems
    for key, words in (("state", STATES), ("confidence", CONFIDENCES)):
        if entry[key] not in words:
            wrong(key, f"{key} is {entry[key]!r}; expected one of {', '.join(words)}.")
    for key in ("id", "programme", "clause"):
        if not _NAME.fullmatch(entry[key]):
            wrong(key, f"{key} is {entry[key]!r}; expected small letters, digits and hyphens.")
    _check_dates(entry, wrong)
    for name in entry["source"].split() if sources is not None else ():
        if name not in sources:  # type: ignore[operator]  (looped over only where sources are known)
            wrong("source", f"source {name!r} is not in sources.toml.")
    if entry["state"] == "under_review" and not entry.get("scenario") and entry["confidence"] == "stated":
        wrong("state", "what is under review is no fact: give a scenario, or the confidence 'uncertain'.")
    condition, benefit = conditions.Group("all", ()), None
    try:
        condition = conditions.parse(entry["conditions"])
    except conditions.ConditionError as error:
        wrong(error.token, str(error))
    try:
        benefit = _benefit(entry["benefit"])
    except conditions.ConditionError as error:
        wrong(error.token or "benefit", str(error))
    if problems or benefit is None:
        return None, problems
    texts = {key: entry.get(key, "") for key in (*_REQUIRED, *_OPTIONAL) if key not in {"conditions", "benefit"}}
    return Rule(condition=condition, benefit=benefit, where=f"{path}, line {start + 1}", **texts), []


def _check_dates(entry: dict[str, Any], wrong: Any) -> None:
    """Tell of dates that are none, or of an end that does not come after its beginning."""
    for key in ("valid_from", "valid_to"):
        if entry.get(key):
            try:
                facts.last_day(entry[key])
            except InputError as error:
                wrong(key, f"{key}: {error}")
                return
    begun, ended = entry.get("valid_from"), entry.get("valid_to")
    if begun and ended and facts.first_day(ended) <= facts.first_day(begun):
        wrong("valid_to", f"valid_to {ended} does not come after valid_from {begun}; it is the first day after.")


def _benefit(given: Any) -> Benefit:
    """Return a checked benefit."""
    if not isinstance(given, dict):
        msg = f"benefit is {given!r}; expected a table such as {{ kind = 'support', of = 'cost' }}."
        raise conditions.ConditionError(msg)
    known = ("kind", "of", *_RATIOS, *_MONEY, *_COUNTS)
    strange = sorted(set(given) - set(known))
    if strange:
        msg = f"{strange[0]!r} is no key of a benefit. The keys are {', '.join(known)}."
        raise conditions.ConditionError(msg, strange[0])
    for key, words in (("kind", KINDS), ("of", BASES)):
        if (key in given or key == "kind") and given.get(key) not in words:
            msg = f"benefit {key} is {given.get(key)!r}; expected one of {', '.join(words)}."
            raise conditions.ConditionError(msg)
    values: dict[str, Any] = dict(given)
    for key in _RATIOS:
        if key in values:
            if isinstance(values[key], bool) or not isinstance(values[key], Decimal | int) or not 0 <= values[key] <= 1:
                msg = f"{key} is {values[key]}; expected a share from 0.00 to 1.00."
                raise conditions.ConditionError(msg, key)
            values[key] = Decimal(values[key])
    for key in (*_MONEY, *_COUNTS):
        if key in values and (isinstance(values[key], bool) or not isinstance(values[key], int) or values[key] <= 0):
            msg = f"{key} is {values[key]}; expected a whole number above 0."
            raise conditions.ConditionError(msg, key)
    for low, high in (_RATIOS, _MONEY[:2]):
        if low in values and high in values and values[low] > values[high]:
            msg = f"{low} {values[low]} is above {high} {values[high]}."
            raise conditions.ConditionError(msg, low)
    if "ratio_high" in values and "of" not in values:
        msg = f"a ratio needs `of`, one of {', '.join(BASES)}."
        raise conditions.ConditionError(msg)
    if ("ratio_low" in values) != ("ratio_high" in values):
        msg = "ratio_low and ratio_high stand together; a single ratio is both."
        raise conditions.ConditionError(msg)
    return Benefit(**values)


def _links(rules: tuple[Rule, ...]) -> list[str]:
    """Return refinements of rules that are not there or are of another programme."""
    held = {rule.id: rule for rule in rules}
    return [
        f"{rule.where}: rule {rule.id!r}: it refines {rule.refines!r}, which is no rule of its programme."
        for rule in rules
        if rule.refines and (rule.refines not in held or held[rule.refines].programme != rule.programme)
    ]


def _versions(rules: tuple[Rule, ...]) -> list[str]:
    """Return versions of one clause that overlap, or leave a gap that no `gap_before` states."""
    problems = []
    clauses: dict[tuple[str, str, str], list[Rule]] = {}
    for rule in rules:
        clauses.setdefault((rule.programme, rule.clause, rule.scenario), []).append(rule)
    for (programme, clause, _), versions in clauses.items():
        ordered = sorted(versions, key=lambda rule: facts.first_day(rule.valid_from) if rule.valid_from else _EARLY)
        for before, after in zip(ordered, ordered[1:], strict=False):
            what = f"{after.where}: rule {after.id!r}: in the clause {clause!r} of {programme!r} "
            ended, begun = before.valid_to, after.valid_from
            if not ended or not begun or facts.first_day(begun) < facts.first_day(ended):
                problems.append(f"{what}it overlaps {before.id!r}, which ends {ended or 'never'}.")
            elif begun != ended and not after.gap_before:
                problems.append(f"{what}{before.id!r} ends {ended} and this begins {begun}; say why in gap_before.")
    return problems


def listing(rules: Iterable[Rule]) -> pd.DataFrame:
    """Return rules as a table, one row each.

    Examples
    --------
    >>> listing(shipped()).set_index("rule_id").loc["infra-2025", "valid_from"]
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
                "state": rule.state,
                "scenario": rule.scenario or None,
                "confidence": rule.confidence,
                "conditions_ko": "; ".join(conditions.in_words(leaf, "ko") for leaf in conditions.leaves(rule.condition)),
                "conditions_en": "; ".join(conditions.in_words(leaf, "en") for leaf in conditions.leaves(rule.condition)),
                "benefit_ko": rule.benefit.words("ko") or None,
                "benefit_en": rule.benefit.words("en") or None,
                "source": rule.source,
            }
            for rule in rules
        ]
    )


_EARLY = facts.first_day("0001-01-01")
