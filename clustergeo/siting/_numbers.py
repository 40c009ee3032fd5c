"""What counts as a number in a setting."""

from __future__ import annotations

from typing import Any

import numpy as np


def is_number(value: Any) -> bool:
    """Say whether a value is a real number; true and false, texts and null are none."""
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
