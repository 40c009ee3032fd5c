"""How many digits a figure is shown with: the one rule of tables, sentences, pictures, documents and the map."""

from __future__ import annotations

import math
from typing import NamedTuple


class _Rule(NamedTuple):
    """Decimals of a kind of figure: the usual ones, the most that small ones get, and how many digits those show."""

    usual: int
    finest: int
    significant: int


# To the square metre and to the metre at most.
_AREA, _DISTANCE, _PERCENT = _Rule(3, 6, 2), _Rule(1, 3, 1), _Rule(1, 1, 1)


def area(km2: float, *, least: int = 0) -> str:
    """Return an area in km²: to a thousand square metres, a smaller one with two digits, to the square metre.

    Parameters
    ----------
    km2
        The area.
    least
        Decimals that stand even if they are zeros, for columns of numbers.

    Examples
    --------
    >>> [area(one) for one in (7.28, 0.636, 0.0123, 0.0003, 0.00004, 0.0000001, 0)]
    ['7.28', '0.636', '0.012', '0.0003', '0.00004', '<0.000001', '0']
    >>> area(3.9, least=2)
    '3.90'
    """
    return _figure(km2, _AREA, least)


def distance(km: float, *, least: int = 0) -> str:
    """Return a distance in km: to a hundred metres, a smaller one with one digit, to the metre.

    Examples
    --------
    >>> [distance(one) for one in (49.12, -12.34, -0.034, 0.0001, -0.0)]
    ['49.1', '-12.3', '-0.03', '<0.001', '0']
    """
    return _figure(km, _DISTANCE, least)


def percent(share: float, *, least: int = 0) -> str:
    """Return a share in percent, to a tenth; little is never shown as nothing, nor nearly all as all.

    Examples
    --------
    >>> [percent(one) for one in (0, 0.0001, 0.333, 0.99999, 1)]
    ['0 %', '<0.1 %', '33.3 %', '>99.9 %', '100 %']
    """
    if _nearly_all(share):
        return f">{100 - 10.0**-_PERCENT.usual:.{_PERCENT.usual}f} %"
    return f"{_figure(share * 100, _PERCENT, least)} %"


def spreadsheet_format(value: float, kind: str) -> str | None:
    """Return how a spreadsheet must show a number that its column's usual format would show as nothing, or as all.

    Parameters
    ----------
    value
        The number in the cell.
    kind
        `area`, `distance`, `share` or `count` (a whole number); of any other there is no such format.

    Returns
    -------
    str or None
        A number format; None where the usual one shows the number.

    Examples
    --------
    >>> spreadsheet_format(7.28, "area"), spreadsheet_format(0.0003, "area"), spreadsheet_format(0.0001, "share")
    (None, '#,##0.00###', '0.0###%')
    """
    if kind == "share":
        little = 0 < abs(value) * 100 < 10.0**-_PERCENT.usual / 2
        return "0.0###%" if little or _nearly_all(value) else None
    if kind == "count":
        return "0.0E+00" if 0 < abs(value) < 0.5 else None  # noqa: PLR2004 - rounds to nothing
    rule = {"area": _AREA, "distance": _DISTANCE}.get(kind)
    decimals = _decimals(value, rule) if rule else 0
    if rule is None or decimals == rule.usual:
        return None
    if _figure(value, rule, 0).startswith("<"):
        return "0.0E+00"
    least = 2 if kind == "area" else 1
    return f"#,##0.{'0' * least}{'#' * (decimals - least)}"


def _nearly_all(share: float) -> bool:
    """Say whether a share would be rounded to all."""
    return 1 - 10.0 ** -(_PERCENT.usual + 2) / 2 <= share < 1


def _decimals(value: float, rule: _Rule) -> int:
    """Return the usual decimals, or as many as show so many digits of a small number."""
    if not value or not math.isfinite(value):
        return rule.usual
    wanted = rule.significant - 1 - math.floor(math.log10(abs(value)))
    return min(rule.finest, max(rule.usual, wanted))


def _figure(value: float, rule: _Rule, least: int) -> str:
    """Return a number without zeros at its end and without a negative zero."""
    text = f"{value:,.{max(least, _decimals(value, rule))}f}"
    if not any(digit in "123456789" for digit in text):
        if value:
            return f"<{10.0**-rule.finest:.{rule.finest}f}"
        text = text.removeprefix("-")
    whole, _, part = text.partition(".")
    part = part.rstrip("0").ljust(least, "0")
    return f"{whole}.{part}" if part else whole
