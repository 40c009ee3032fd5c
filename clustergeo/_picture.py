"""A figure that shows itself in a notebook, whatever backend of matplotlib is active there.

Slow to import, as matplotlib is: import it inside a function.
"""

from __future__ import annotations

import io

from matplotlib.figure import Figure

_SCREEN_DPI = 110


class Drawing(Figure):
    """A matplotlib figure that no window manages and every notebook shows.

    Examples
    --------
    >>> Drawing(figsize=(3, 2))
    <Drawing: 3 x 2 inches, 0 maps>
    """

    def __repr__(self) -> str:
        """Return one line."""
        width, height = self.get_size_inches()
        return f"<Drawing: {width:g} x {height:g} inches, {len(self.axes)} maps>"

    def _repr_png_(self) -> bytes:
        """Return the picture that a notebook shows."""
        out = io.BytesIO()
        self.savefig(out, format="png", dpi=_SCREEN_DPI, metadata={"Software": None}, facecolor="white")
        return out.getvalue()
