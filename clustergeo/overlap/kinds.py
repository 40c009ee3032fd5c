"""The kinds of geometry that the engine tells apart."""

from __future__ import annotations

MISSING = 0
EMPTY = 1
POLYGON = 2
POINT = 3
OTHER = 4
