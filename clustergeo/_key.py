"""The panel of the interactive map: its title and its legend, as HTML."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from clustergeo._cards import EVIDENCE, badge, word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Drawn with the same values as the layers of the map.
CAPITAL_FILL, CAPITAL_EDGE = "#fbe2ba", "#b86e00"
LAND_FILL, LAND_EDGE = "#fbfaf6", "#b4b0a3"
WITHIN = {"weight": 1, "fillOpacity": 0.13, "opacity": 0.75}
DISC = {"weight": 2, "dashArray": "6 4", "fillOpacity": 0.08}
MEASURED = {"weight": 2, "fillOpacity": 0.35}
ZONE_COLOURS = ("#3f7d3a", "#7a5c1e", "#1f6f8b", "#7b4b94", "#a03a4a")
_INK = "#22272b"


class Zone(NamedTuple):
    """What the legend says of a zone layer."""

    name: str
    colour: str
    terms: str


def panel(
    lang: str,
    *,
    title: str,
    facts: str | None,
    colours: tuple[str, Sequence[tuple[int, str]]],
    shapes: Iterable[str],
    evidence: Sequence[tuple[str, bool | None]],
    zones: Sequence[Zone],
    unplaced: int,
    clickable: bool,
) -> str:
    """Return the panel.

    Parameters
    ----------
    lang
        `"ko"` or `"en"`.
    title
        The heading, as plain text.
    facts
        The day of the latest fact; None where the sites carry no date.
    colours
        What the colours mean, and for each the number of its class and its words.
    shapes
        Which of `within`, `disc`, `measured` and `capital` the map shows.
    evidence
        The evidence of each drawn site.
    zones
        The zone layers.
    unplaced
        How many sites have no position.
    clickable
        Whether any site is drawn.
    """
    parts = [f"<h1>{escape(title)}</h1>"]
    if facts is not None:
        parts.append(f'<p class="cg-facts">{escape(word("facts", lang, facts))}</p>')
    if clickable:
        parts.append(f'<p class="cg-hint">{escape(word("hint", lang))}</p>')
    if unplaced:
        parts.append(f'<p class="cg-warn">{escape(word("unplaced", lang, str(unplaced)))}</p>')
    sections = [_colours(*colours, lang), _evidence(evidence, lang), _shapes(shapes, lang), _zones(zones, lang)]
    body = "".join(sections)
    if body:
        parts.append(f"<details open><summary>{escape(word('legend', lang))}</summary>{body}</details>")
    return f'<aside class="cg-panel">{"".join(parts)}</aside>'


def _colours(heading: str, entries: Sequence[tuple[int, str]], lang: str) -> str:
    """Return the colours, in two columns where the words are short."""
    if not entries:
        return ""
    items = "".join(f'<li><span class="cg-dot cg-c{number}"></span>{escape(words)}</li>' for number, words in entries)
    columns = "cg-columns" if len(entries) > 3 else ""  # noqa: PLR2004
    note = f"<small>{escape(word('first', lang))}</small>"
    return f'<h2>{escape(heading)}</h2><ul class="{columns}">{items}</ul>{note}'


def _evidence(evidence: Sequence[tuple[str, bool | None]], lang: str) -> str:
    """Return each kind of evidence that occurs: badge, ring and how many sites."""
    if not evidence:
        return ""
    counts = Counter(evidence)
    items = []
    for key, found in EVIDENCE.items():
        for answer in (True, False, None):
            if (key, answer) not in counts:
                continue
            dashes = f' stroke-dasharray="{found.dashes}"' if found.dashes else ""
            ring = (
                '<svg width="18" height="18" aria-hidden="true"><circle cx="9" cy="9" r="6.5" fill="#c9d1d6" '
                f'stroke="{_INK}" stroke-width="{found.weight}"{dashes} /></svg>'
            )
            words = f"<span>{escape(found.words[0 if lang == 'ko' else 1])}</span>"
            count = f'<span class="cg-n">{counts[key, answer]}</span>'
            items.append(f"<li>{badge(key, answer, lang)}{ring}{words}{count}</li>")
    heading, note = escape(word("evidence", lang)), escape(word("filled", lang))
    return f"<h2>{heading}</h2><ul>{''.join(items)}</ul><small>{note}</small>"


def _shapes(shapes: Iterable[str], lang: str) -> str:
    """Return the areas and footprints that the map shows."""
    looks = {
        "capital": ("capital_key", f'fill="{CAPITAL_FILL}" stroke="{CAPITAL_EDGE}" stroke-width="1.5"'),
        "within": ("within", 'fill="#4477aa" fill-opacity=".16" stroke="#4477aa" stroke-width="1"'),
        "disc": (
            "disc_key",
            'fill="#4477aa" fill-opacity=".08" stroke="#4477aa" stroke-width="2" stroke-dasharray="5 3"',
        ),
        "measured": ("measured_key", 'fill="#4477aa" fill-opacity=".4" stroke="#4477aa" stroke-width="2"'),
    }
    shown = set(shapes)
    items = [
        f"<li>{_swatch(look)}<span>{escape(word(key, lang))}</span></li>"
        for name, (key, look) in looks.items()
        if name in shown
    ]
    return f"<h2>{escape(word('shapes', lang))}</h2><ul>{''.join(items)}</ul>" if items else ""


def _zones(zones: Sequence[Zone], lang: str) -> str:
    """Return the zone layers with what is known of their origin."""
    items = []
    for zone in zones:
        look = f'fill="{zone.colour}" fill-opacity=".3" stroke="{zone.colour}" stroke-dasharray="8 2 2 2"'
        terms = f"<br /><small>{escape(zone.terms)}</small>" if zone.terms else ""
        items.append(f"<li>{_swatch(look)}<span>{escape(zone.name)}{terms}</span></li>")
    return f"<h2>{escape(word('zones', lang))}</h2><ul>{''.join(items)}</ul>" if items else ""


def _swatch(look: str) -> str:
    """Return a small picture of an area."""
    box = f'<rect x="2" y="2" width="18" height="10" rx="2" {look} />'
    return f'<svg width="22" height="14" aria-hidden="true">{box}</svg>'


def notices(texts: Sequence[str]) -> list[str]:
    """Return attributions as HTML: the control that shows them takes nothing else.

    Examples
    --------
    >>> notices(["<b>"])
    ['&lt;b&gt;']
    """
    return [escape(text) for text in texts]
