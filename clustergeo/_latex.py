"""A table as LaTeX that compiles, alone or as a whole document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from clustergeo._formats import line
from clustergeo._widths import DATE, columns, least, shares

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# A table of more characters in a row is wider than a paper: its cells then break into lines.
_BROAD = 75

# The width of the document in points, how wide a digit is as a part of the size, and the sizes it is set in.
_PAPER_WIDTH, _DIGIT = 757.0, 0.56
_SIZES = ((r"\footnotesize", 8.0), (r"\scriptsize", 7.0), (r"\tiny", 5.0))

_SIGNS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    # After the end of a row these would be its options.
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "²": r"\textsuperscript{2}",
    "–": r"\textendash{}",
    "−": "$-$",
    "×": r"$\times$",
}

# Fonts with Hangul of Linux, Windows and macOS, the first that is there; `kotex` is not needed.
_FONTS = ("Noto Sans CJK KR", "Noto Sans KR", "NanumGothic", "Malgun Gothic", "Apple SD Gothic Neo", "Baekmuk Gulim")
_WORDS = {"ko": "표", "en": "Table"}

_DOCUMENT = r"""% Compile with xelatex, twice.
\documentclass[a4paper,10pt]{article}
\usepackage[landscape,margin=15mm]{geometry}
\usepackage{array,booktabs,fontspec,longtable}
FONTS
\ifdefined\XeTeXlinebreaklocale\XeTeXlinebreaklocale "ko"\XeTeXlinebreakskip=0pt plus 1pt\fi
\renewcommand{\tablename}{NAME}
\pagestyle{empty}
\setlength{\tabcolsep}{4pt}
\begin{document}
\footnotesize
BODY\end{document}
"""


def latex_table(
    heads: Sequence[tuple[str, bool]],
    rows: Iterable[Sequence[str]],
    *,
    title: str,
    notes: Iterable[str],
    long: bool = False,
) -> str:
    r"""Return a `table` for the packages `array` and `booktabs`.

    Parameters
    ----------
    heads
        The headers, and whether the cells under each are numbers.
    rows
        The cells as they are shown; every text is escaped here.
    title, notes
        The caption, and sentences under the table.
    long
        A `longtable`, which may take several pages, for the package of that name.

    Examples
    --------
    >>> print(latex_table([("[a]", False), ("%", True)], [["x_y", "1"]], title="T", notes=[]).splitlines()[5])
    {[}a{]} & \% \\
    """
    cells = [[head for head, _ in heads], *rows]
    broad = sum(max(map(columns, column), default=0) + 2 for column in zip(*cells, strict=True)) > _BROAD
    # A table of many columns is set smaller before a word is broken, or two columns print over one another.
    fits = [(name, size) for name, size in _SIZES if least(cells) * _DIGIT * size <= _PAPER_WIDTH]
    look, size = (fits or _SIZES[-1:])[0]
    parts = zip(heads, shares(cells, room=_PAPER_WIDTH / (_DIGIT * size) if long else None), strict=True)
    layout = "".join(_broad(share, number=number) if broad else "lr"[number] for (_, number), share in parts)
    head, *body = (" & ".join(map(escaped, row)) + r" \\" for row in cells)
    ruled, under = [r"\toprule", head, r"\midrule"], [rf"\par\footnotesize {escaped(note)}" for note in notes]
    caption = rf"\caption{{{escaped(title)}}}"
    if long:
        top = [
            look,
            rf"\begin{{longtable}}{{{layout}}}",
            caption + r" \\",
            *ruled,
            r"\endfirsthead",
            *ruled,
            r"\endhead",
        ]
        lines = [*top, *body, r"\bottomrule", r"\end{longtable}", *under]
    else:
        top = [r"\begin{table}[htbp]", r"\centering", caption, rf"\begin{{tabular}}{{{layout}}}"]
        lines = [*top, *ruled, *body, r"\bottomrule", r"\end{tabular}", *under, r"\end{table}"]
    return "\n".join(lines) + "\n"


def latex_document(table: str, *, lang: str) -> str:
    """Return a whole document of a table, for xelatex with any font that has Hangul.

    Parameters
    ----------
    table
        As `latex_table` returns it, a long one.
    lang
        The language of the word that numbers the table.
    """
    fonts = ""
    for name in reversed(_FONTS):
        fonts = rf"\IfFontExistsTF{{{name}}}{{\setmainfont{{{name}}}}}{{{fonts}}}"
    parts = {"FONTS": fonts, "NAME": _WORDS.get(lang, _WORDS["en"]), "BODY": table}
    return re.sub("FONTS|NAME|BODY", lambda found: parts[found.group()], _DOCUMENT)


def escaped(text: str) -> str:
    r"""Return a text that LaTeX shows as it is.

    Examples
    --------
    >>> escaped("50% of a_b")
    '50\\% of a\\_b'
    """
    # Two hyphens would become a dash.
    shown = "".join(_SIGNS.get(sign, sign) for sign in line(text)).replace("--", "-{}-").replace("--", "-{}-")
    # A figure and its percent sign stay on one line.
    return DATE.sub(r"\\mbox{\g<0>}", re.sub(r"(\d) (?=\\%)", r"\1~", shown))


def _broad(share: float, *, number: bool) -> str:
    """Return a column that breaks its cells into lines, of a share of the width of the page."""
    side = "left" if number else "right"
    wide = rf"\dimexpr {share:.4f}\linewidth-2\tabcolsep\relax"
    return rf">{{\ragged{side}\arraybackslash}}p{{{wide}}}"
