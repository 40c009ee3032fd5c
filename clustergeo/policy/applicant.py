"""Who asks for support, in exact won."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

import numpy as np

from clustergeo.errors import InputError
from clustergeo.policy.conditions import SIZES, TECHNOLOGIES

# Above this the arithmetic of Decimal would round.
_MOST = Decimal(10) ** 20


@dataclass(frozen=True)
class Applicant:
    """Who asks for support; what is None is unknown, and so is what depends on it.

    Parameters
    ----------
    investment_krw
        The investment in won: of the cluster where a rule speaks of the cluster's.
    additional_investment_krw
        What is invested beyond what was planned.
    size
        `"large"`, `"mid"` or `"sme"`.
    technology
        The national strategic technology that is invested in, such as `"semiconductor"`; `"other"` for none.

    Raises
    ------
    InputError
        A negative or inexact amount, or a size or technology that is none.

    Examples
    --------
    >>> Applicant(investment_krw=10**12, size="sme").size
    'sme'
    """

    investment_krw: int | Decimal | None = None
    additional_investment_krw: int | Decimal | None = None
    size: str | None = None
    technology: str | None = None

    def __post_init__(self) -> None:
        """Refuse what no applicant can be."""
        for name in ("investment_krw", "additional_investment_krw"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, exact(getattr(self, name), name))
        for name, words in (("size", SIZES), ("technology", TECHNOLOGIES)):
            if getattr(self, name) is not None and getattr(self, name) not in words:
                msg = f"{name} is {getattr(self, name)!r}; expected one of {', '.join(words)}."
                raise InputError(msg)

    @property
    def given(self) -> bool:
        """Whether anything is known of the applicant."""
        return any(getattr(self, one.name) is not None for one in fields(self))


def exact(amount: Any, name: str) -> Decimal:
    """Return an amount of won as a Decimal.

    Raises
    ------
    InputError
        It is negative, absurdly large, no number, or a float, which cannot hold every amount exactly.

    Examples
    --------
    >>> exact("1000000000", "investment")
    Decimal('1000000000')
    """
    if isinstance(amount, bool | float) or not isinstance(amount, int | str | Decimal | np.integer):
        msg = (
            f"{name} is {amount!r}; expected won as an int, a Decimal or a text of digits, because floats are inexact."
        )
        raise InputError(msg)
    try:
        value = Decimal(int(amount)) if isinstance(amount, np.integer) else Decimal(amount)
    except ArithmeticError as error:
        msg = f"{name} is {amount!r}, which is no number. Give won, such as 1000000000."
        raise InputError(msg) from error
    if not value.is_finite() or -_MOST < value < 0:
        msg = f"{name} is {amount}; expected won, 0 or more."
        raise InputError(msg)
    if abs(value) >= _MOST:
        msg = (
            f"{name} is {value:.3E} won; expected 0 or more, and not more than all the money there is. "
            "Give won, such as 1000000000."
        )
        raise InputError(msg)
    # A minus before nothing is lost.
    return value.copy_abs()
