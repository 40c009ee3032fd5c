"""Files of rules: read and checked, with file and line for everything that is wrong."""

from __future__ import annotations

import functools
import itertools
import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from clustergeo import facts
from clustergeo._shipped import data_path
from clustergeo.errors import InputError
from clustergeo.policy import expressions
from clustergeo.policy.expressions import ConditionError
from clustergeo.policy.rules import BASES, CONFIDENCES, KINDS, STATES, Benefit, Rule
from clustergeo.sources import load_sources

if TYPE_CHECKING:
    from collections.abc import Callable

_TEXTS = (
    *("id", "title_ko", "title_en", "programme", "clause", "authority_ko", "authority_en", "state", "source"),
    *("gist_ko", "gist_en", "confidence"),
)
_REQUIRED = (*_TEXTS, "conditions", "benefit")
_OPTIONAL = ("valid_from", "valid_to", "known_from", "refines", "scenario", "note_ko", "note_en", "gap_before")
_RATIOS = ("ratio_low", "ratio_high")
_MONEY = ("cap_low_krw", "cap_high_krw", "item_cap_krw", "firm_cap_krw")
_COUNTS = ("max_items", "area_limit_m2")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_ENDLESS = re.compile(r"[0-9_]{4000,}|[eE][+-]?[0-9_]{18,}")
_EARLY = facts.first_day("0001-01-01")
# Nobody pays more, and a share has no finer digits.
_MOST, _DIGITS = 10**20, 6


@functools.cache
def shipped() -> tuple[Rule, ...]:
    """Return the shipped rules, read and checked once."""
    return read_rules(data_path("rules.toml"), sources=frozenset(load_sources()))


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
    _told(_versions(whole) + _links(whole) + _circles(whole))
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
    text = _text(path)
    entries = _entries(path, text)
    lines = _flat(text).split("\n")
    starts = [number for number, line in enumerate(lines) if re.match(r"\s*\[\[\s*rule\s*\]\]", line)]
    rules: list[Rule] = []
    problems: list[str] = []
    for number, entry in enumerate(entries):
        start = starts[number] if number < len(starts) else 0
        end = starts[number + 1] if number + 1 < len(starts) else len(lines)
        reader = _Reader(path, lines[start:end], start, entry, problems)
        rule = reader.rule(sources)
        if rule is not None:
            rules.append(rule)
    seen: dict[str, Rule] = {}
    for rule in rules:
        if rule.id in seen:
            problems.append(f"{rule.where}: the id {rule.id!r} stands twice; the other is at {seen[rule.id].where}.")
        seen[rule.id] = rule
    problems += _circles(tuple(rules))
    if sources is not None:
        problems += _links(tuple(rules))
    _told(problems or _versions(tuple(rules)))
    return tuple(rules)


def _text(path: str | Path) -> str:
    """Return the text of a file of rules."""
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        msg = f"The rules file {str(path)!r} cannot be read: {error.strerror}. Check the path."
        raise InputError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"The rules file {str(path)!r} is not UTF-8 text. Save it as UTF-8."
        raise InputError(msg) from error


def _flat(text: str) -> str:
    """Return a text with its texts of several lines blanked, so that each line says what it is."""
    return re.sub(
        r'(""" | \'\'\').*?\1', lambda found: re.sub(r"[^\n]", " ", found[0]), text, flags=re.DOTALL | re.VERBOSE
    )


def _entries(path: str | Path, text: str) -> list[dict[str, Any]]:
    """Return the entries of a file of rules."""
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        line = re.search(r"line (\d+)", str(error))
        msg = f"{path}, line {line.group(1) if line else text.count(chr(10)) + 1}: this is not TOML: {error}."
        raise InputError(msg) from error
    except (ValueError, ArithmeticError) as error:
        # Python reads neither: an integer of thousands of digits, an exponent beyond those of Decimal.
        number = next((at for at, line in enumerate(text.split("\n"), 1) if _ENDLESS.search(line)), 1)
        msg = f"{path}, line {number}: this number is too large to be read. Give one of at most twenty digits."
        raise InputError(msg) from error
    entries = data.get("rule", [])
    strange = sorted(set(data) - {"rule"})
    if strange or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        line_no = _line_of(text.split("\n"), 0, strange[0] if strange else "rule")
        msg = f"{path}, line {line_no}: found {', '.join(strange) or 'no list'}; a file of rules holds [[rule]] only."
        raise InputError(msg)
    if not entries:
        msg = f"{path}: it holds no [[rule]]. docs/own-rules.md shows one."
        raise InputError(msg)
    return list(entries)


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


class _Reader(NamedTuple):
    """One entry of a file, the lines it stands on, and the problems found so far."""

    path: str | Path
    block: list[str]
    start: int
    entry: dict[str, Any]
    problems: list[str]

    def wrong(self, token: str | None, text: str) -> None:
        """Note a problem at the line of a key or text."""
        line = _line_of(self.block, self.start, token)
        self.problems.append(f"{self.path}, line {line}: rule {self.entry.get('id', '(no id)')!r}: {text}")

    def rule(self, sources: frozenset[str] | None) -> Rule | None:
        """Return the entry as a rule, or None where there is a problem."""
        before = len(self.problems)
        self._keys()
        if len(self.problems) > before:
            return None
        self._words()
        self._dates()
        for name in self.entry["source"].split():
            if sources is not None and name not in sources:
                self.wrong("source", f"source {name!r} is not in sources.toml.")
        condition = self._parsed("conditions", expressions.parse)
        benefit = self._parsed("benefit", _benefit)
        if len(self.problems) > before:
            return None
        keys = (*_REQUIRED, *_OPTIONAL)
        texts = {key: self.entry.get(key, "") for key in keys if key not in {"conditions", "benefit"}}
        where = f"{self.path}, line {self.start + 1}"
        return Rule(condition=condition, benefit=benefit, where=where, **texts)

    def _keys(self) -> None:
        """Tell of keys that are missing, unknown or no text."""
        for key in _REQUIRED:
            value = self.entry.get(key, "")
            if isinstance(value, str) and not value.strip():
                self.wrong(key, f"{key} is missing.")
        for key in sorted(set(self.entry) - {*_REQUIRED, *_OPTIONAL}):
            self.wrong(key, f"{key!r} is no key of a rule. The keys are {', '.join((*_REQUIRED, *_OPTIONAL))}.")
        for key in (*_TEXTS, *_OPTIONAL):
            if not isinstance(self.entry.get(key, ""), str):
                self.wrong(key, f"{key} is {self.entry[key]!r}; expected a text in quotes.")

    def _words(self) -> None:
        """Tell of codes outside their closed lists."""
        for key, words in (("state", STATES), ("confidence", CONFIDENCES)):
            if self.entry[key] not in words:
                self.wrong(key, f"{key} is {self.entry[key]!r}; expected one of {', '.join(words)}.")
        for key in ("id", "programme", "clause"):
            if not _NAME.fullmatch(self.entry[key]):
                self.wrong(key, f"{key} is {self.entry[key]!r}; expected small letters, digits and hyphens.")
        proposed, scenario = self.entry["state"] == "under_review", self.entry.get("scenario")
        if proposed and not scenario:
            self.wrong("state", "what is under review is no fact: give a scenario, in which alone it is supposed.")
        if scenario and not proposed:
            self.wrong("scenario", "a scenario is for what is under review: give the state 'under_review'.")
        if scenario and not _NAME.fullmatch(scenario):
            self.wrong("scenario", f"scenario is {scenario!r}; expected small letters, digits and hyphens.")

    def _dates(self) -> None:
        """Tell of dates that are none, or of an end that does not come after its beginning."""
        begun, ended, known = (self.entry.get(key) for key in ("valid_from", "valid_to", "known_from"))
        for key, text in (("valid_from", begun), ("valid_to", ended), ("known_from", known)):
            try:
                facts.last_day(text or "2000")
            except InputError as error:
                self.wrong(key, f"{key}: {error}")
                return
        if begun and known:
            self.wrong(
                "known_from", "known_from stands for a beginning that no source gives; leave out valid_from or it."
            )
        for key, text in (("valid_from", begun), ("known_from", known)):
            if text and ended and facts.first_day(ended) <= facts.first_day(text):
                self.wrong("valid_to", f"valid_to {ended} does not come after {key} {text}; it is the first day after.")

    def _parsed(self, key: str, parse: Callable[[Any], Any]) -> Any:
        """Return what a key holds, read; None where there is a problem."""
        try:
            return parse(self.entry[key])
        except ConditionError as error:
            self.wrong(error.token or key, str(error))
            return None


def _benefit(given: Any) -> Benefit:
    """Return a checked benefit."""
    if not isinstance(given, dict):
        msg = f"benefit is {given!r}; expected a table such as {{ kind = 'support', of = 'cost' }}."
        raise ConditionError(msg)
    known = ("kind", "of", *_RATIOS, *_MONEY, *_COUNTS)
    strange = sorted(set(given) - set(known))
    if strange:
        msg = f"{strange[0]!r} is no key of a benefit. The keys are {', '.join(known)}."
        raise ConditionError(msg, strange[0])
    for key, words in (("kind", KINDS), ("of", BASES)):
        if (key in given or key == "kind") and given.get(key) not in words:
            msg = f"benefit {key} is {given.get(key)!r}; expected one of {', '.join(words)}."
            raise ConditionError(msg)
    values = {key: _benefit_value(key, value) for key, value in given.items()}
    for low, high in (_RATIOS, _MONEY[:2]):
        if low in values and high in values and values[low] > values[high]:
            msg = f"{low} {values[low]} is above {high} {values[high]}."
            raise ConditionError(msg, low)
    if ("ratio_low" in values) != ("ratio_high" in values) or ("ratio_high" in values and "of" not in values):
        msg = f"ratio_low, ratio_high and `of` (one of {', '.join(BASES)}) stand together; a single ratio is both."
        raise ConditionError(msg)
    return Benefit(**values)


def _benefit_value(key: str, value: Any) -> Any:
    """Return one checked value of a benefit."""
    number = not isinstance(value, bool)
    if key in _RATIOS:
        if not (number and isinstance(value, Decimal | int) and Decimal(value).is_finite() and 0 <= value <= 1):
            msg = f"{key} is {value}; expected a share from 0.00 to 1.00."
            raise ConditionError(msg, key)
        if Decimal(value) != round(Decimal(value), _DIGITS):
            msg = f"{key} has more than {_DIGITS} decimals; expected a share from 0.00 to 1.00, such as 0.15."
            raise ConditionError(msg, key)
        return Decimal(value)
    if key in (*_MONEY, *_COUNTS) and not (number and isinstance(value, int) and 0 < value < _MOST):
        msg = f"{key} is {value}; expected a whole number above 0, of at most twenty digits."
        raise ConditionError(msg, key)
    return value


def _links(rules: tuple[Rule, ...]) -> list[str]:
    """Return refinements of rules that are not there or are of another programme."""
    held = {rule.id: rule for rule in rules}
    return [
        f"{rule.where}: rule {rule.id!r}: it refines {rule.refines!r}, which is no rule of its programme."
        for rule in rules
        if rule.refines and (rule.refines not in held or held[rule.refines].programme != rule.programme)
    ]


def _circles(rules: tuple[Rule, ...]) -> list[str]:
    """Return refinements that run in a circle."""
    held = {rule.id: rule for rule in rules}
    return [
        f"{rule.where}: rule {rule.id!r}: it refines {rule.refines!r}, which refines it in turn; leave one out."
        for rule in rules
        if _circular(rule, held)
    ]


def _circular(rule: Rule, held: dict[str, Rule]) -> bool:
    """Return whether a rule refines itself, by way of others or at once."""
    seen: set[str] = set()
    above = rule.refines
    while above in held and above not in seen:
        seen.add(above)
        above = held[above].refines
    return rule.id in seen


def _versions(rules: tuple[Rule, ...]) -> list[str]:
    """Return versions of one clause that overlap, or leave a gap that no `gap_before` states."""
    problems = []
    clauses: dict[tuple[str, str, str], list[Rule]] = {}
    for rule in rules:
        clauses.setdefault((rule.programme, rule.clause, rule.scenario), []).append(rule)
    for (programme, clause, _), versions in clauses.items():
        ordered = sorted(versions, key=lambda rule: facts.first_day(rule.valid_from) if rule.valid_from else _EARLY)
        for before, after in itertools.pairwise(ordered):
            what = f"{after.where}: rule {after.id!r}: in the clause {clause!r} of {programme!r} "
            ended, begun = before.valid_to, after.valid_from
            if not ended or not begun or facts.first_day(begun) < facts.first_day(ended):
                problems.append(f"{what}it overlaps {before.id!r}, which ends {ended or 'never'}.")
            elif begun != ended and not after.gap_before:
                problems.append(f"{what}{before.id!r} ends {ended} and this begins {begun}; say why in gap_before.")
    return problems
