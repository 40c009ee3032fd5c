"""Value functions: how good a measured figure is, from 0 to 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from clustergeo.errors import InputError
from clustergeo.siting._numbers import is_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_TWO = 2


@dataclass(frozen=True)
class Value:
    """How good a figure is: a function from a measure to 0 (worst) to 1 (best).

    Make one with `linear`, `ideal`, `piecewise`, `step` or `logistic`; figures beyond the ends have the value of the
    end.

    Examples
    --------
    >>> near = Value.linear(worst=50_000, best=0, unit="m")
    >>> near(np.array([0, 25_000, 80_000, np.nan])).tolist()
    [1.0, 0.5, 0.0, nan]
    """

    kind: str
    at: tuple[float, ...]
    worth: tuple[float, ...]
    unit: str | None = None

    @classmethod
    def linear(cls, *, worst: float, best: float, unit: str | None = None) -> Value:
        """Return the straight line from the worst figure, worth 0, to the best, worth 1.

        Parameters
        ----------
        worst, best
            Either may be the larger.
        unit
            Of the figures; checked against what is measured.

        Raises
        ------
        InputError
            The ends are equal or not finite.

        Examples
        --------
        >>> float(Value.linear(worst=0, best=4)(np.array([1.0]))[0])
        0.25
        """
        _check(worst=worst, best=best)
        ends = ((worst, 0.0), (best, 1.0))
        return cls.piecewise(ends if worst < best else ends[::-1], unit=unit)

    @classmethod
    def ideal(cls, ideal: float, *, minimum: float, maximum: float, unit: str | None = None) -> Value:
        """Return the function worth 1 at an ideal figure, falling in straight lines to 0 at a minimum and a maximum.

        Raises
        ------
        InputError
            The ideal does not lie between the two.

        Examples
        --------
        >>> Value.ideal(10, minimum=0, maximum=30)(np.array([5.0, 10.0, 20.0])).tolist()
        [0.5, 1.0, 0.5]
        """
        _check(minimum=minimum, ideal=ideal, maximum=maximum)
        return cls.piecewise([(minimum, 0.0), (ideal, 1.0), (maximum, 0.0)], unit=unit)

    @classmethod
    def piecewise(cls, points: Sequence[tuple[float, float]], *, unit: str | None = None) -> Value:
        """Return the straight lines through points of a figure and its value.

        Raises
        ------
        InputError
            Fewer than two points, figures that do not rise, or values outside 0 to 1 or all the same.

        Examples
        --------
        >>> Value.piecewise([(0, 0), (10, 0.8), (20, 1)])(np.array([5.0, 15.0])).tolist()
        [0.4, 0.9]
        """
        return cls("piecewise", *_points(points), unit)

    @classmethod
    def step(cls, points: Sequence[tuple[float, float]], *, below: float = 0.0, unit: str | None = None) -> Value:
        """Return the steps at which the value jumps: each figure and the value from it on.

        Parameters
        ----------
        points
            Rising figures and the value from each on, the figure included.
        below
            The value below the first figure.
        unit
            As for `linear`.

        Raises
        ------
        InputError
            As for `piecewise`.

        Examples
        --------
        >>> Value.step([(10, 0.5), (20, 1)])(np.array([9.9, 10.0, 25.0])).tolist()
        [0.0, 0.5, 1.0]
        """
        _check(below=below)
        held: Any = [*points] if isinstance(points, list | tuple | np.ndarray) else [points]
        at, worth = _points([(-np.inf, below), *held], stepped=True)
        return cls("step", at, worth, unit)

    @classmethod
    def logistic(cls, *, middle: float, width: float, unit: str | None = None) -> Value:
        """Return the smooth rise 1 / (1 + exp(-4 (x - middle) / width)), worth one half in the middle.

        Parameters
        ----------
        middle
            The figure worth one half.
        width
            How far the tangent in the middle takes from 0 to 1; negative for a fall.
        unit
            As for `linear`.

        Raises
        ------
        InputError
            The width is 0 or a number is not finite.

        Examples
        --------
        >>> Value.logistic(middle=5, width=2)(np.array([4.0, 5.0, 6.0])).round(3).tolist()
        [0.119, 0.5, 0.881]
        """
        _check(middle=middle, width=width)
        if not (np.isfinite([middle, width]).all() and width):
            msg = f"A logistic value has middle={middle!r} and width={width!r}; expected finite numbers, width not 0."
            raise InputError(msg)
        return cls("logistic", (float(middle), float(width)), (), unit)

    def __call__(self, figures: Any) -> NDArray[np.float64]:
        """Return the value of each figure; not-a-number stays so."""
        x = np.asarray(figures, dtype=np.float64)
        if self.kind == "logistic":
            middle, width = self.at
            return np.asarray(0.5 * (1 + np.tanh(2 * (x - middle) / width)))
        if self.kind == "step":
            place = np.searchsorted(self.at, x, side="right") - 1
            return np.where(np.isnan(x), np.nan, np.asarray(self.worth)[np.clip(place, 0, len(self.at) - 1)])
        return np.asarray(np.interp(x, self.at, self.worth))

    def bounds(self, low: Any, high: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the least and greatest value of figures between bounds; not-a-number is no bound.

        Examples
        --------
        >>> low, high = Value.ideal(10, minimum=0, maximum=20).bounds(np.array([5.0]), np.array([20.0]))
        >>> float(low[0]), float(high[0])
        (0.0, 1.0)
        """
        first = np.nan_to_num(np.asarray(low, dtype=np.float64), nan=-np.inf, posinf=np.inf, neginf=-np.inf)
        last = np.nan_to_num(np.asarray(high, dtype=np.float64), nan=np.inf, posinf=np.inf, neginf=-np.inf)
        seen = [self(first), self(last)]
        if self.kind != "logistic":
            # A function of straight lines or steps has its extremes at the ends and at corners in between.
            for x, worth in zip(self.at, self.worth, strict=True):
                seen.append(np.where((first <= x) & (x <= last), worth, seen[0]))
        return np.min(seen, axis=0), np.max(seen, axis=0)


def _check(**figures: Any) -> None:
    """Refuse figures that are no numbers."""
    for name, figure in figures.items():
        if not is_number(figure):
            msg = f"{name} of a value function is {figure!r}; expected a number."
            raise InputError(msg)


def _points(
    points: Sequence[tuple[float, float]], *, stepped: bool = False
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return checked figures and values; the first of steps is the value below all figures, and has none."""
    try:
        pairs = np.asarray(points, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"The points of a value function are {points!r}; expected pairs of numbers, a figure and its value."
        raise InputError(msg) from error
    problem = None
    if pairs.ndim != _TWO or pairs.shape[1:] != (_TWO,) or len(pairs) < _TWO:
        problem = "expected two points or more, each a figure and its value"
    elif not np.isfinite(pairs[1:] if stepped else pairs).all():
        problem = "a number is not finite"
    elif not (np.diff(pairs[:, 0]) > 0).all():
        problem = "its ends are equal or its figures do not rise; every figure must be greater than the one before"
    elif not ((pairs[:, 1] >= 0) & (pairs[:, 1] <= 1)).all():
        problem = "a value is outside 0 to 1"
    elif (pairs[:, 1] == pairs[0, 1]).all():
        problem = "all its values are the same, so it tells no site from another"
    if problem:
        told = [tuple(pair) for pair in pairs.tolist()] if pairs.ndim == _TWO else points
        msg = f"The value function through {told} cannot be used: {problem}."
        raise InputError(msg)
    return tuple(pairs[:, 0].tolist()), tuple(pairs[:, 1].tolist())
