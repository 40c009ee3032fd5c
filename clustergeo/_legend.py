"""The looks of the static map, and the legend that explains them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clustergeo import _marks, _sheet, labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.artist import Artist
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D


LAND, LAND_EDGE, CAPITAL, CAPITAL_EDGE = "#f6f4ee", "#aaa596", "#fdc15a66", "#b86e00"
WITHIN: dict[str, Any] = {"facecolors": "#7d6aa838", "edgecolors": "#6b588f", "linewidths": 0.6}

_GREY = "#8a949c"
_SIZES = (8.5, 8.0, 7.5, 7.0, 6.5, 6.0, 5.5, 5.0, 4.5, 4.0)
_LONGEST_SECTION = 16
# How much larger than its symbol a ring is.
_RING = 1.75

# The shape tells what is known, the mark inside it the basis; neither needs colour.
_SHAPES = {"figure": "s", "no_figure": "D", "none": "o", "undecided": "P", "unknown": "X"}
_INNER = {"inferred": ("o", "white", 0.36), "measured": ("o", _sheet.INK, 0.3), "estimated": ("_", "white", 0.55)}
_SMALLER = {"s": 0.92, "D": 0.82}

_KINDS = {
    "figure": ("저촉, 수치 있음", "on RDZ, with a figure"),
    "no_figure": ("저촉, 수치 없음", "on RDZ, no figure"),
    "none": ("저촉 없음", "not on RDZ"),
    "undecided": ("판정 불가", "not decidable"),
    "unknown": ("알 수 없음", "unknown"),
}
_WORDS = {
    "rdz": ("개발제한구역(RDZ): 모양", "Restricted development zone (RDZ): shape"),
    "areas": ("구역", "Areas"),
    "capital": ("수도권", "Capital region"),
    "within": ("부지를 확실히 포함하는 범위", "Certainly contains the site (within)"),
    "disc": ("부지 면적의 원(그림용, 근거 아님)", "Disc of the site's area (drawn, not evidence)"),
    "measured": ("측정된 경계", "Measured footprint"),
    "loose": ("테를 두른 기호: 범위로만 알려짐, 위치가 아님", "Ringed symbol: known by its area only, no position"),
    "moved": ("겹쳐서 옮긴 기호의 제자리", "Place of a symbol moved aside"),
    "two": ("둘까지 표시, 왼쪽이 첫째", "at most two are shown, the first on the left"),
    "more": ("외 {n}개", "and {n} more"),
    "colour": ("{what}: 색", "{what}: colour"),
}


@dataclass(frozen=True)
class Section:
    """A heading and its entries: what is drawn, and the words."""

    heading: str
    entries: list[tuple[Any, str]]


def footprint(colour: str, *, dashed: bool) -> dict[str, Any]:
    """Return the look of a footprint; a disc is dashed and hardly filled, for it is no evidence."""
    if dashed:
        return {"facecolors": colour + "22", "edgecolors": colour, "linewidths": 0.9, "linestyles": "dashed"}
    return {"facecolors": colour + "99", "edgecolors": colour, "linewidths": 0.9}


def symbol(colours: Sequence[str], evidence: tuple[str, str] | None, *, size: float) -> list[Line2D]:
    """Return the parts of a symbol, without a position: the shape in one or two colours, and the mark of the basis."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - slow to import

    kind, basis = evidence or ("none", "")
    shape = _SHAPES[kind]
    split = len(colours) > 1
    outer = Line2D(
        [],
        [],
        linestyle="none",
        marker=shape,
        markersize=size * _SMALLER.get(shape, 1.0),
        fillstyle="left" if split else "full",
        markerfacecolor=colours[0],
        markerfacecoloralt=colours[-1],
        markeredgecolor=_sheet.INK,
        markeredgewidth=0.08 * size,
    )
    if evidence is None or basis not in _INNER or kind == "unknown":
        return [outer]
    marker, colour, part = _INNER[basis]
    inner = Line2D(
        [],
        [],
        linestyle="none",
        marker=marker,
        markersize=size * part,
        markerfacecolor=colour,
        markeredgecolor=colour if marker == "_" else _sheet.INK,
        markeredgewidth=size * (0.16 if marker == "_" else 0.05),
    )
    return [outer, inner]


def sections(
    marks: Iterable[_marks.Mark],
    colours: list[tuple[str, str]],
    areas: set[str],
    zones: Iterable[tuple[str, dict[str, Any]]] = (),
    *,
    place: int,
    colour_by: str | None,
    lang: str,
    capital: bool,
    moved: bool,
) -> list[Section]:
    """Return the sections of a legend that explains what is on this map, and nothing else."""
    from matplotlib.patches import Patch  # noqa: PLC0415 - slow to import

    words = {key: pair[place] for key, pair in _WORDS.items()}
    marks = list(marks)
    out = []
    carried = {colour for mark in marks for colour in mark.colours}
    colours = [(text, colour) for text, colour in colours if colour in carried]
    if colours and colour_by is not None:
        entries = [(tuple(symbol((colour,), None, size=8.0)), text) for text, colour in colours[:_LONGEST_SECTION]]
        if len(colours) > _LONGEST_SECTION:
            entries.append(((), words["more"].format(n=len(colours) - _LONGEST_SECTION)))
        pairs = [mark.colours for mark in marks if len(mark.colours) > 1]
        if pairs:
            entries.append((tuple(symbol(pairs[0], None, size=8.0)), words["two"]))
        out.append(Section(words["colour"].format(what=labels.column(colour_by, lang)), entries))
    evidence = {mark.evidence for mark in marks if mark.evidence is not None}
    if evidence:
        order = sorted(evidence, key=lambda pair: (list(_SHAPES).index(pair[0]), pair[1]))
        entries = [(tuple(symbol((_GREY,), pair, size=8.0)), _evidence_words(pair, place, lang)) for pair in order]
        out.append(Section(words["rdz"], entries))
    looks: list[tuple[Artist, str]] = []
    if capital:
        looks.append((Patch(facecolor=CAPITAL, edgecolor=CAPITAL_EDGE, linewidth=1.1), words["capital"]))
    looks += [(_patch(look), name) for name, look in zones]
    if "within" in areas:
        looks.append((_patch(WITHIN), words["within"]))
    looks += [
        (_patch(footprint("#4a5560", dashed=kind == "disc")), words[kind])
        for kind in ("disc", "measured")
        if kind in areas
    ]
    if "loose" in areas:
        looks.append((ring(5.0), words["loose"]))
    if moved:
        looks.append((moved_dot(), words["moved"]))
    if looks:
        out.append(Section(words["areas"], list(looks)))
    return out


def zone(colour: str) -> dict[str, Any]:
    """Return the look of a zone layer, as on the interactive map."""
    return {"facecolors": colour + "4d", "edgecolors": colour, "linewidths": 0.8, "linestyles": (0, (6, 2, 1.5, 2))}


def ring(size: float) -> Line2D:
    """Return the ring, without a position, round a symbol of a size that stands in an area and not at a position."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - slow to import

    return Line2D(
        [],
        [],
        linestyle="none",
        marker="o",
        markersize=size * _RING,
        markerfacecolor="none",
        markeredgecolor=WITHIN["edgecolors"],
        markeredgewidth=0.13 * size,
    )


def moved_dot() -> Line2D:
    """Return the dot, without a position, that stands where a symbol would stand had it room."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - slow to import

    return Line2D(
        [],
        [],
        linestyle="none",
        marker="o",
        markersize=2.6,
        markerfacecolor=_sheet.INK,
        markeredgecolor="white",
        markeredgewidth=0.4,
    )


def _evidence_words(evidence: tuple[str, str], place: int, lang: str) -> str:
    """Return the words of a kind and a basis of evidence."""
    kind, basis = evidence
    words = _KINDS[kind][place]
    return words if kind == "unknown" else f"{words} ({labels.value('rdz_basis', basis, lang)})"


def _patch(look: dict[str, Any]) -> Artist:
    """Return a legend's sample of an area."""
    from matplotlib.patches import Patch  # noqa: PLC0415 - slow to import

    return Patch(
        facecolor=look["facecolors"],
        edgecolor=look["edgecolors"],
        linewidth=look["linewidths"],
        linestyle=look.get("linestyles", "solid"),
    )


def draw(figure: Figure, legend: list[Section], *, box: tuple[float, float, float, float]) -> None:
    """Draw the sections in a column, in the largest type that fits; `box` in inches is left, bottom, width, height."""
    for size in _SIZES:
        if _attempt(figure, legend, box, size, last=size == _SIZES[-1]):
            return


def _attempt(
    figure: Figure, legend: list[Section], box: tuple[float, float, float, float], size: float, *, last: bool
) -> bool:
    """Draw the legend in a size; take it away again and return False when it does not fit."""
    from matplotlib.legend_handler import HandlerTuple  # noqa: PLC0415 - slow to import

    width, height = figure.get_size_inches()
    columns = int(box[2] * _sheet.POINTS_PER_INCH / (0.53 * size)) - 6
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    top, drawn = box[1] + box[3], []
    for section in legend:
        handles, texts = zip(*section.entries, strict=True)
        made = figure.legend(
            handles,
            [_sheet.wrap(_marks.shown(text), columns=columns, lines=3) for text in texts],
            title=_sheet.wrap(section.heading, columns=columns + 5, lines=2),
            loc="upper left",
            bbox_to_anchor=(box[0] / width, top / height),
            borderaxespad=0,
            borderpad=0,
            alignment="left",
            frameon=False,
            prop=_sheet.font(size),
            title_fontproperties=_sheet.font(size * 1.06),
            labelcolor=_sheet.INK,
            markerscale=min(1.0, size / _SIZES[0]),
            handlelength=1.6,
            handletextpad=0.6,
            labelspacing=0.45,
            handler_map={tuple: HandlerTuple(ndivide=1, pad=0)},
        )
        for text in [*made.get_texts(), made.get_title()]:
            text.set_parse_math(False)
            text.set_usetex(False)
        made.get_title().set_color(_sheet.QUIET)
        drawn.append(made)
        top -= made.get_window_extent(renderer).height / figure.dpi + 0.95 * size / _sheet.POINTS_PER_INCH
    if top >= box[1] or last:
        return True
    for made in drawn:
        made.remove()
    return False
