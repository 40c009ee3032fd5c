"""Conditions as tables of a file of rules write them: read into trees, or refused with what is wrong."""

from __future__ import annotations

import functools
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from clustergeo import datasets
from clustergeo.policy.conditions import NOT_STATED, WORDS, Condition, Group, Leaf, in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEYS = {
    "flag": ("is",),
    "choice": ("any_of", "none_of"),
    "codes": ("any_of", "none_of"),
    "number": ("at_least", "at_most", "above", "below"),
    "unstated": ("ko", "en"),
}
_GROUPS = ("all", "any", "not")
# Of these a site may have several at once.
_SEVERAL = ("sector", "specialised_complex_sector")
# A number beyond this is a slip, and floats no longer tell such numbers apart.
_MOST = 10**20
_PROVINCE = len("37")


class ConditionError(ValueError):
    """A condition that is no condition; `token` is the text to look for in the file."""

    def __init__(self, message: str, token: str | None = None) -> None:
        super().__init__(message)
        self.token = token


def parse(given: Any) -> Group:
    """Return a list of conditions, all of which must hold, as a tree.

    Parameters
    ----------
    given
        What the key `conditions` of a rule holds: a list of tables.

    Raises
    ------
    ConditionError
        A word, key or value that the vocabulary does not have.

    Examples
    --------
    >>> parse([{"word": "in_capital_region", "is": False}]).parts
    (Leaf(word='in_capital_region', op='is', value=False),)
    """
    if not isinstance(given, list):
        msg = f"conditions is {given!r}; expected a list of tables such as {{ word = 'in_capital_region', is = true }}."
        raise ConditionError(msg, "conditions")
    return _joint(tuple(_parsed(one) for one in given))


def _parsed(given: Any) -> Condition:
    """Return a table as a condition; a word may be compared twice, as a number between two bounds."""
    if not isinstance(given, dict) or not given:
        msg = f"a condition is {given!r}; expected a table with `word`, or with one of {', '.join(_GROUPS)}."
        raise ConditionError(msg, "conditions")
    group = [key for key in _GROUPS if key in given]
    if group:
        return _grouped(group[0], given)
    name = given.get("word")
    if not isinstance(name, str) or name not in WORDS:
        known = ", ".join(WORDS)
        msg = f"the condition word {name!r} is not known. The words are {known}."
        raise ConditionError(msg, f'"{name}"' if isinstance(name, str) else "conditions")
    keys = [key for key in given if key != "word"]
    allowed = _KEYS[WORDS[name].kind]
    strange = [key for key in keys if key not in allowed]
    if strange or not keys:
        msg = f"{name} is compared by {' or '.join(allowed)}, not by {strange or 'nothing'}."
        raise ConditionError(msg, strange[0] if strange else f'"{name}"')
    if name == "unstated":
        said = [given.get(key) for key in ("ko", "en")]
        if not all(isinstance(text, str) and text.strip() for text in said):
            msg = (
                f"unstated says in Korean (ko) and English (en) what no source states, found {said[0]!r}, {said[1]!r}."
            )
            raise ConditionError(msg, '"unstated"')
        return Leaf(name, "unstated", tuple(said))
    leaves_of = tuple(Leaf(name, key, _value(name, key, given[key])) for key in keys)
    return leaves_of[0] if len(leaves_of) == 1 else _joint(leaves_of)


def _joint(parts: tuple[Condition, ...]) -> Group:
    """Return conditions that hold together; refuse those that no site and no applicant can meet at once."""
    group = Group("all", parts)
    held: dict[str, list[Leaf]] = {}
    for leaf in _together(group):
        if leaf.stated:
            held.setdefault(leaf.word, []).append(leaf)
    for name, of_word in held.items():
        if not _possible(name, of_word):
            said = " and ".join(dict.fromkeys(in_words(leaf, "en") for leaf in of_word))
            msg = f"nothing can be {said} at once. Correct a bound or leave one out."
            raise ConditionError(msg, f'"{name}"')
    return group


def _together(group: Group) -> Iterator[Leaf]:
    """Return the leaves that must all hold: those of the group itself and of groups of its kind within it."""
    for part in group.parts:
        if isinstance(part, Leaf):
            yield part
        elif part.op == "all":
            yield from _together(part)


def _possible(name: str, of_word: list[Leaf]) -> bool:
    """Return whether anything can meet all that is asked of one word."""
    kind, ops = WORDS[name].kind, [leaf.op for leaf in of_word]
    if kind == "flag":
        return len({leaf.value for leaf in of_word}) == 1
    if kind == "number":
        low: Any = max((leaf.value for leaf in of_word if leaf.op in {"at_least", "above"}), default=-_MOST)
        high: Any = min((leaf.value for leaf in of_word if leaf.op in {"at_most", "below"}), default=_MOST)
        ends = {leaf.op for leaf in of_word if leaf.value == low == high}
        return bool(low < high or (low == high and not ends & {"above", "below"}))
    if kind == "codes" or "any_of" not in ops:
        return True
    barred = {one for leaf in of_word if leaf.op == "none_of" for one in leaf.value}
    asked = [set(leaf.value) - barred for leaf in of_word if leaf.op == "any_of"]
    return all(asked) if name in _SEVERAL else bool(set.intersection(*asked))


def _grouped(op: str, given: dict[str, Any]) -> Group:
    """Return a group; it has no other key, and `not` takes one table."""
    if len(given) != 1:
        msg = f"a condition with {op!r} has no other key, found {sorted(set(given) - {op})}."
        raise ConditionError(msg, op)
    inner = [given[op]] if op == "not" else given[op]
    if not isinstance(inner, list) or not inner:
        msg = f"{op!r} takes {'one condition' if op == 'not' else 'a list of conditions'}, found {given[op]!r}."
        raise ConditionError(msg, op)
    parts = tuple(_parsed(one) for one in inner)
    return _joint(parts) if op == "all" else Group(op, parts)


def _value(name: str, key: str, value: Any) -> Any:
    """Return a checked value of a condition."""
    word = WORDS[name]
    if value == NOT_STATED:
        return value
    if word.kind == "flag":
        if isinstance(value, bool):
            return value
        msg = f"{name} is true or false, not {value!r}."
        raise ConditionError(msg, f'"{name}"')
    if word.kind == "number":
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            msg = f"{name} {key} is {value!r}; expected a number or {NOT_STATED!r}."
            raise ConditionError(msg, f'"{name}"')
        number = Decimal(value)
        if not number.is_finite() or abs(number) > _MOST:
            msg = f"{name} {key} is {number:.3E}; expected a finite number of at most {_MOST:.0E}."
            raise ConditionError(msg, key)
        return value
    if not (isinstance(value, list) and value and all(isinstance(one, str) for one in value)):
        msg = f"{name} {key} is {value!r}; expected a list of texts."
        raise ConditionError(msg, f'"{name}"')
    if word.kind == "codes":
        _check_codes(name, value)
    strange = [one for one in value if word.choices and one not in word.choices]
    if strange:
        msg = f"{name} cannot be {strange[0]!r}; it is one of {', '.join(word.choices)}."
        raise ConditionError(msg, f'"{strange[0]}"')
    return tuple(value)


def _check_codes(name: str, codes: list[str]) -> None:
    """Refuse a code that no municipality has or begins with: it would say no of every site."""
    known = _municipalities()
    strange = [
        code
        for code in codes
        if not code or not any(one.startswith(code) for one in known) or (name == "province" and len(code) != _PROVINCE)
    ]
    if strange:
        msg = (
            f"{name} {strange[0]!r} is no code of 2018 of Statistics Korea (KOSTAT), such as '37' for the province "
            "Gyeongbuk or '37040' for the municipality Andong. load_regions('municipality') lists them."
        )
        raise ConditionError(msg, f'"{strange[0]}"')


@functools.cache
def _municipalities() -> tuple[str, ...]:
    """Return the codes of the municipalities."""
    return tuple(datasets.load_table("municipalities")["code_kostat"])
