"""The forms in which tools get the zones, from no effort to all an expert knows."""

from __future__ import annotations

import enum


class Form(enum.StrEnum):
    """Overlapping as given, or prepared: dissolved, indexed, cut into pieces, or that and a join that skips work."""

    GIVEN = "given"
    DISSOLVED = "dissolved"
    INDEXED = "indexed"
    PIECES = "pieces"
    TUNED = "tuned"

    @property
    def cut(self) -> bool:
        """Whether the zones come in pieces."""
        return self in {Form.PIECES, Form.TUNED}

    @property
    def text(self) -> str:
        """The form in words."""
        words = {
            Form.GIVEN: "as given",
            Form.DISSOLVED: "dissolved before",
            Form.INDEXED: "indexed before",
            Form.PIECES: "in pieces",
            Form.TUNED: "in pieces, tuned",
        }
        return words[self]
