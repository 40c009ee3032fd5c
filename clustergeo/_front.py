"""The report's front page: the answer, map, tables, evidence, sources and links in one file that also prints well."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from clustergeo import labels
from clustergeo._brief import UNBROKEN_ROWS, addressed
from clustergeo._contents import suffix
from clustergeo._crate import CRATE_NAME
from clustergeo._page import FONT_STACK, data_uri, inline
from clustergeo._widths import longest_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from clustergeo._brief import Brief
    from clustergeo.timeline import Dated

_WORDS = {
    "other": ("English", "한국어"),
    "map": ("지도", "Map"),
    "open_map": ("대화형 지도 열기(인터넷 없이 열림)", "Open the interactive map (needs no network)"),
    "document": ("문서(DOCX)", "Document (DOCX)"),
    "workbook": ("통합 문서(XLSX)", "Workbook (XLSX)"),
    "picture": ("인쇄용 지도(PDF)", "Map for print (PDF)"),
    "table_sites": ("부지별 표", "The sites"),
    "summaries": ("요약표", "Summaries"),
    "evidence": ("각 답의 근거", "What each answer rests on"),
    "timeline": ("연표", "Timeline"),
    "link": ("열기", "open"),
    "layers": ("쓰인 자료와 출처", "Layers used and their sources"),
    "downloads": ("내려받기", "Downloads"),
    "send": ("보내고 인쇄하기", "To send and print"),
    "data": ("자료", "Data"),
    "groups": ("묶음별 자료", "Data by group"),
    "tables": ("표", "Tables"),
}

# What a file of the report is for, by its name.
_USES = (
    ("send", re.compile(r"report(\.ko)?\.(docx|xlsx)|map(\.ko)?\.(pdf|png|svg)")),
    ("groups", re.compile(r"by-.*")),
    ("tables", re.compile(r"tables/.*")),
    ("data", re.compile(r".*")),
)

_TEMPLATE = (
    """<!doctype html>
<html lang="{{ said.lang }}">
<head>
<title></title>
<style>
:root{--ink:#1d2733;--quiet:#52606d;--line:#d8e0e7;--deep:#0b3d66;--link:#0b5394}
*{box-sizing:border-box}
body{font-family:"""
    + FONT_STACK
    + """;color:var(--ink);background:#f5f7f9;margin:0;line-height:1.5;word-break:keep-all;overflow-wrap:anywhere}
main{max-width:80rem;margin:0 auto;padding:2rem 1.25rem 4rem}
header{display:flex;justify-content:space-between;align-items:baseline;gap:1rem}
h1{font-size:1.05rem;font-weight:600;letter-spacing:.01em;margin:0;color:var(--quiet)}
.answer{margin:.9rem 0 .6rem}
.answer p{font-size:1.5rem;line-height:1.35;font-weight:700;margin:0 0 .45rem;max-width:60rem;color:var(--deep)}
.answer p+p{font-size:1.15rem;font-weight:500;color:var(--ink)}
h2{font-size:1.2rem;margin:2.6rem 0 .7rem;border-bottom:2px solid #cfd8e0;padding-bottom:.25rem}
h3{font-size:.95rem;margin:1rem 0 .2rem}
header a{white-space:nowrap}a{color:var(--link)}.asof,.note,.made{color:var(--quiet);margin:.2rem 0;font-size:.92rem}
.key{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.8rem;margin:1.4rem 0}
.key div{background:#fff;border:1px solid var(--line);border-top:3px solid var(--deep);border-radius:.4rem;
 padding:.7rem 1rem;font-size:.92rem}
.key b{display:block;font-size:1.9rem;line-height:1.2;font-variant-numeric:tabular-nums}
.take{display:flex;flex-wrap:wrap;gap:.6rem;margin:1.2rem 0 0;padding:0;list-style:none}
.take a{display:inline-block;background:#fff;border:1px solid var(--link);border-radius:.4rem;padding:.4rem .9rem;
 text-decoration:none;font-size:.92rem}
.take a:hover,.take a:focus-visible{background:var(--link);color:#fff}
figure{margin:0}
.map img{width:100%;height:auto;background:#fff;border:1px solid var(--line);border-radius:.4rem;display:block}
.scroll{overflow-x:auto;background:#fff;border:1px solid var(--line);border-radius:.4rem;margin:.8rem 0}
table{border-collapse:collapse;font-size:.86rem;width:100%;font-variant-numeric:tabular-nums;overflow-wrap:normal}
tbody>tr>:first-child{overflow-wrap:anywhere;min-width:8.5rem}
caption{text-align:left;font-weight:600;padding:.6rem .7rem}
th,td{padding:.35rem .6rem;border-top:1px solid #e4e9ee;text-align:left;vertical-align:top}
th{background:#eef2f5;vertical-align:bottom;min-width:3.2rem}
.sites table{font-size:.8rem}.sites th,.sites td{padding:.35rem .45rem}
.sites td:first-child,.sites td:nth-child(7){min-width:7.5rem}
.sites td:first-child{min-width:max(7.5rem,var(--name))}
.sites tbody td:first-child{font-weight:600}
.layers td{overflow-wrap:anywhere;min-width:5rem}
td[style]{white-space:nowrap}
tfoot td{color:var(--quiet)}
details{background:#fff;border:1px solid var(--line);border-radius:.4rem;margin:.4rem 0;padding:.45rem .8rem}
summary{cursor:pointer;font-weight:600}details p{margin:.3rem 0;font-size:.9rem}
.past{font-size:.85rem;padding-left:1.2rem;overflow-wrap:anywhere}
.files{columns:3 15rem;font-size:.88rem;margin:0;padding:0;list-style:none}
@media(max-width:40rem){
 main{padding:1.2rem .9rem 3rem}.answer p{font-size:1.2rem}.answer p+p{font-size:1rem}
 .key{grid-template-columns:1fr 1fr}.key b{font-size:1.5rem}
 .layers td{min-width:7rem}
 .layers td:nth-child(n+4):nth-child(-n+6){min-width:13rem}
 caption{position:sticky;left:0;max-width:85vw}tfoot span{display:block;position:sticky;left:.6rem;max-width:78vw}
}
@page{size:A4;margin:15mm 14mm 17mm;@bottom-right{content:counter(page) " / " counter(pages);font:8pt sans-serif;
 color:#52606d}}
@page wide{size:A4 landscape;margin:12mm 11mm 15mm}
@media print{
 :root{font-size:10.5pt}
 html,body{background:#fff;-webkit-print-color-adjust:exact;print-color-adjust:exact}
 main{max-width:none;margin:0;padding:0}
 .take,.screen,header a{display:none}
 h2{margin-top:1.4rem}h2,h3,caption{break-after:avoid}
 .answer{margin:.5rem 0}.answer p{font-size:15pt}.answer p+p{font-size:11.5pt}
 .key{display:flex;gap:.5rem;margin:.8rem 0}.key div{flex:1;padding:.4rem .6rem;font-size:8.5pt}.key b{font-size:15pt}
 .map{break-inside:avoid}.map img{border:0}
 .wide{page:wide;break-before:page;break-after:page}.wide h2{margin:0 0 .3rem}
 .scroll{overflow:visible;border:0;margin:.5rem 0 1rem}
 table{font-size:8pt}.sites table{font-size:7pt;line-height:1.25}.sites caption{display:none}
 .sites th,.sites td{padding:.16rem .3rem}.sites td:nth-child(7){min-width:0}
 .sites td:first-child{min-width:var(--name)}
 .scroll:not(.sites,.layers) :is(th,td){padding:.22rem .35rem}
 .scroll:not(.sites,.layers) :is(th,td):first-child{min-width:7.5rem}
 th{min-width:0}thead{display:table-header-group}tfoot{display:table-row-group}
 tr,.short{break-inside:avoid}
 details{border:0;border-top:1px solid var(--line);border-radius:0;padding:.3rem 0;margin:0;break-inside:avoid}
 details::details-content{content-visibility:visible;height:auto}
 summary{list-style:none}summary::-webkit-details-marker{display:none}
 details p{font-size:8.5pt;line-height:1.35}a{color:inherit;text-decoration:none}
 .layers table{font-size:7pt}.layers a::after{content:attr(href)}.layers a span{display:none}
 .files{font-size:7.5pt}
}
</style>
</head>
<body><main>
<header><h1>{{ said.title }}</h1><a href="{{ other_page }}" lang="{{ other_lang }}">{{ words.other }}</a></header>
<div class="answer">{% for sentence in said.headline %}<p>{{ sentence }}</p>{% endfor %}</div>
<p class="asof">{{ said.as_of }}</p>
<div class="key">{% for number, word in said.key %}<div><b>{{ number }}</b>{{ word }}</div>{% endfor %}</div>
<ul class="take">{% for file, word in take %}<li><a href="{{ file }}">{{ word }}</a></li>{% endfor %}</ul>
<section><h2 class="screen">{{ words.map }}</h2>
<figure class="map"><a href="{{ map_page }}">
<img alt="{{ words.map }}: {{ said.headline|join(' ') }}" src="{{ picture }}"></a>
<figcaption class="note">{{ said.note }}</figcaption></figure></section>
<section class="wide"><h2>{{ words.table_sites }}</h2>
<div class="scroll sites" tabindex="0" style="--name:{{ name_width }}em">{{ site_table }}</div></section>
<section><h2>{{ words.summaries }}</h2>
{% for table, short in summaries %}<div class="scroll{% if short %} short{% endif %}" tabindex="0">{{ table }}</div>
{% endfor %}</section>
<section><h2>{{ words.evidence }}</h2>
{% if said.too_many %}<p>{{ said.too_many }}</p>{% endif %}
{% for name, sentences, past in evidence %}<details><summary>{{ name }}</summary>
{% for sentence in sentences %}<p>{{ sentence }}</p>{% endfor %}
{%- if past %}<h3 class="screen">{{ words.timeline }}</h3>
<ol class="past screen">{% for line in past %}
<li><time datetime="{{ line.day }}">{{ line.day }}</time> {{ line.said }}
{{ line.sources }}</li>{% endfor %}</ol>{% endif %}</details>
{% endfor %}</section>
<section><h2>{{ words.layers }}</h2>
<div class="scroll layers" tabindex="0"><table><thead><tr>
{%- for head in said.layer_heads %}<th scope="col">{{ head }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in layers %}<tr>{% for cell in row %}<td>
{%- if cell.startswith(("https://", "http://")) %}<a href="{{ cell }}" rel="noopener"><span>{{ words.link }}</span></a>
{%- elif cell|length == 64 %}<span title="{{ cell }}">{{ cell[:12] }}…</span>
{%- else %}{{ cell }}{% endif %}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div>
{%- if said.decided %}<h3>{{ said.decided_head }}</h3>
<ul class="decided">{% for line in said.decided %}<li>{{ line }}</li>{% endfor %}</ul>{% endif %}</section>
<section class="screen"><h2>{{ words.downloads }}</h2>
{% for use, files in downloads %}<h3>{{ use }}</h3>
<ul class="files">{% for file in files %}<li><a href="{{ file }}">{{ file }}</a></li>{% endfor %}</ul>
{% endfor %}</section>
<p class="made">{{ said.made }}</p>
</main></body></html>
"""
)

# How wide a digit is, and a column of names at most, in its own letters.
_DIGIT_EM, _WIDEST_NAME = 0.56, 13.0
# What most readers want to take away: a file's stem and ending, and its word.
_TAKEN = (("report", "docx", "document"), ("report", "xlsx", "workbook"), ("map", "pdf", "picture"))


def front_page(said: Brief, *, picture: bytes, names: Iterable[str]) -> str:
    """Return the front page as HTML that needs no network, nor a Korean font.

    Parameters
    ----------
    said
        What the report says.
    picture
        The static map, PNG.
    names
        The files of the report.
    """
    at, lang = labels.check_lang(said.lang), said.lang
    words = {name: pair[at] for name, pair in _WORDS.items()}
    other = "en" if lang == "ko" else "ko"
    there = [name for name in names if _in_language(name, lang)]
    map_page = f"map{suffix(lang)}.html"
    take = [(map_page, words["open_map"])]
    for stem, ending, word in _TAKEN:
        name = f"{stem}{suffix(lang)}.{ending}"
        take += [(name, words[word])] * (name in there)
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined)
    page = environment.from_string(_TEMPLATE).render(
        said=said,
        words=words,
        other_lang=other,
        other_page=f"index{suffix(other)}.html",
        map_page=map_page,
        # The first column never breaks a name within a word, unless it is longer than any name should be.
        name_width=f"{min(longest_word(str(row[0]) for row in said.sites.rows) * _DIGIT_EM, _WIDEST_NAME) + 1:.1f}",
        take=take,
        picture=data_uri(picture, "image/png"),
        # The tables escape their own text.
        site_table=Markup(said.sites.html()),  # noqa: S704
        summaries=[(Markup(shown.html()), len(shown.rows) <= UNBROKEN_ROWS) for _, shown in said.summaries],  # noqa: S704
        evidence=[
            (name, [_linked(text) for text in sentences], [_told(line) for line in past])
            for (name, sentences), past in zip(said.evidence, said.timeline, strict=True)
        ],
        layers=[[cell or "–" for cell in row] for row in said.layers],
        downloads=list(_downloads([*there, CRATE_NAME], words)),
    )
    return inline(page, title=said.title, lang=lang)


def _in_language(name: str, lang: str) -> bool:
    """Say whether a file is in a language, or in none."""
    worded = re.fullmatch(r"(report|map|tables/.*)\.[a-z]+", name) is not None
    return (".ko." in name) == (lang == "ko") or not worded


def _downloads(names: list[str], words: dict[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Yield what files are for, with their names."""
    found: dict[str, list[str]] = {use: [] for use, _ in _USES}
    for name in names:
        found[next(use for use, form in _USES if form.fullmatch(name))].append(name)
    for use, files in found.items():
        if files:
            yield words[use], files


def _told(line: Dated) -> dict[str, Any]:
    """Return a line of a timeline as the page shows it."""
    return {"day": line.day, "said": line.said, "sources": _linked(f"{line.urls} {line.named}".strip())}


def _linked(sentence: str) -> Markup:
    """Return a sentence with its web addresses as links."""
    return Markup("").join(
        Markup('<a href="{0}" rel="noopener">{0}</a>').format(part) if at % 2 else part
        for at, part in enumerate(addressed(sentence))
    )
