"""The report's front page: key figures, map, tables, evidence and links in one file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import jinja2
from markupsafe import Markup

from clustergeo import facts, labels, tables
from clustergeo._contents import facts_as_of, suffix
from clustergeo._crate import CRATE_NAME
from clustergeo._page import data_uri
from clustergeo.explaining import explain
from clustergeo.layers import Layer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import geopandas as gpd

# A page that explains thousands of sites one by one is read by nobody.
_EXPLAINED = 60
# A full stop or comma at the end belongs to the sentence.
_ADDRESS = re.compile(r"(https?://[^\s<>]*[^\s<>.,;])")

_WORDS = {
    "title_15": ("15개 국가첨단산업단지 후보지는 어디에 있는가", "Where the 15 national high-tech complexes lie"),
    "title": ("부지 {count}곳은 어디에 있는가", "Where {count} sites lie"),
    "asked": ("(요청한 기준일 {date})", "(as asked: {date})"),
    "other": ("English", "한국어"),
    "sites": ("부지", "sites"),
    "in_capital": ("수도권 안", "in the capital region"),
    "undecided": ("수도권 여부 판정 불가", "capital region not decidable"),
    "rdz": ("개발제한구역 있음", "with restricted zone (RDZ)"),
    "rdz_unknown": ("개발제한구역 알 수 없음", "RDZ unknown"),
    "area": ("km² (알려진 면적 합계)", "km² of known area"),
    "map": ("지도", "Map"),
    "open_map": ("대화형 지도 열기(인터넷 없이 열림)", "Open the interactive map (needs no network)"),
    "table_sites": ("부지별 표", "The sites"),
    "summaries": ("요약표", "Summaries"),
    "evidence": ("각 답의 근거", "What each answer rests on"),
    "too_many": (
        "부지가 {count}곳을 넘어 문장 설명은 생략했습니다. clustergeo explain 명령으로 볼 수 있습니다.",
        "More than {count} sites: the sentences are left out. `clustergeo explain` gives them.",
    ),
    "link": ("열기", "open"),
    "layers": ("쓰인 자료", "Layers used"),
    "downloads": ("내려받기", "Downloads"),
    "made": ("만든 시각 {time}", "Made {time}"),
    "note": (
        "원은 보고된 면적을 보고된 위치에 그린 것으로 근거가 아닙니다. 알 수 없는 값은 0이 아니라 줄표(–)입니다.",
        "Discs draw the reported area at the reported position: no evidence. Unknown is a dash, never 0.",
    ),
}
_LAYER_COLUMNS = ("layer", "vintage", "coverage", "licence", "attribution", "source", "sha256")
_LAYER_WORDS = {
    "layer": ("자료", "Layer"),
    "vintage": ("기준", "Vintage"),
    "coverage": ("완전한 범위", "Coverage"),
    "licence": ("이용 조건", "Licence"),
    "attribution": ("출처 표시", "Attribution"),
    "source": ("출처", "Source"),
    "sha256": ("sha256", "sha256"),
}

_TEMPLATE = """<!doctype html>
<html lang="{{ lang }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
body{font-family:"Noto Sans KR",
 "Noto Sans CJK KR","Malgun Gothic","Apple SD Gothic Neo","NanumGothic",system-ui,sans-serif;
 color:#1d2733;background:#f5f7f9;margin:0;line-height:1.5;word-break:keep-all}
main{max-width:84rem;margin:0 auto;padding:1.5rem 1rem 4rem}
header{display:flex;flex-wrap:wrap;justify-content:space-between;align-items:baseline;gap:.5rem}
h1{font-size:1.7rem;margin:.2rem 0}
h2{font-size:1.2rem;margin:2.2rem 0 .6rem;border-bottom:2px solid #cfd8e0;padding-bottom:.2rem}
a{color:#0b5394}.asof{color:#52606d;margin:0}
.key{display:flex;flex-wrap:wrap;gap:.8rem;margin:1.2rem 0}
.key div{background:#fff;border:1px solid #d8e0e7;border-radius:.5rem;padding:.6rem 1rem;min-width:7rem}
.key b{display:block;font-size:1.6rem}
.map svg,.map img{width:100%;height:auto;background:#fff;border:1px solid #d8e0e7;border-radius:.5rem;display:block}
.scroll{overflow-x:auto;background:#fff;border:1px solid #d8e0e7;border-radius:.5rem;margin:.8rem 0}
table{border-collapse:collapse;font-size:.86rem;width:100%}
caption{text-align:left;font-weight:600;padding:.6rem .7rem}
th,td{padding:.35rem .6rem;border-top:1px solid #e4e9ee;text-align:left;vertical-align:top}
th{background:#eef2f5;vertical-align:bottom;min-width:3.2rem}
.sites table{font-size:.8rem}.sites th,.sites td{padding:.35rem .45rem}
.sites td:first-child,.sites td:nth-child(7){min-width:7.5rem}
.layers td{overflow-wrap:anywhere;min-width:5rem}
tfoot td{color:#52606d}
details{background:#fff;border:1px solid #d8e0e7;border-radius:.5rem;margin:.4rem 0;padding:.4rem .8rem}
summary{cursor:pointer;font-weight:600}details p{margin:.3rem 0;font-size:.9rem}
details p{overflow-wrap:anywhere}.files{columns:3 14rem;font-size:.9rem}
@media print{body{background:#fff}.scroll{overflow:visible}details{break-inside:avoid}}
</style>
</head>
<body><main>
<header><h1>{{ title }}</h1><a href="{{ other_page }}" lang="{{ other_lang }}">{{ words.other }}</a></header>
<p class="asof">{{ as_of }}{% if asked %} {{ asked }}{% endif %}</p>
<div class="key">{% for number, word in key %}<div><b>{{ number }}</b>{{ word }}</div>{% endfor %}</div>
<p>{{ words.note }}</p>
<h2>{{ words.map }}</h2>
<p class="map"><a href="{{ map_page }}"><img alt="{{ words.map }}: {{ title }}" src="{{ picture }}"></a></p>
<p><a href="{{ map_page }}">{{ words.open_map }}</a></p>
<h2>{{ words.table_sites }}</h2>
<div class="scroll sites">{{ site_table }}</div>
<h2>{{ words.summaries }}</h2>
{% for table in summaries %}<div class="scroll">{{ table }}</div>{% endfor %}
<h2>{{ words.evidence }}</h2>
{% if too_many %}<p>{{ too_many }}</p>{% endif %}
{% for name, sentences in evidence %}<details><summary>{{ name }}</summary>
{% for sentence in sentences %}<p>{{ sentence }}</p>{% endfor %}</details>
{% endfor %}
<h2>{{ words.layers }}</h2>
<div class="scroll layers"><table><thead><tr>{% for head in layer_heads %}<th>{{ head }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in layers %}<tr>{% for cell in row %}<td>
{%- if cell.startswith(("https://", "http://")) %}<a href="{{ cell }}" rel="noopener">{{ words.link }}</a>
{%- elif cell|length == 64 %}<span title="{{ cell }}">{{ cell[:12] }}…</span>
{%- else %}{{ cell }}{% endif %}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div>
<h2>{{ words.downloads }}</h2>
<p class="files">{% for file in files %}<a href="{{ file }}">{{ file }}</a><br>{% endfor %}</p>
<p class="asof">{{ made }}</p>
</main></body></html>
"""


class Told(NamedTuple):
    """What a front page says of the run: the day asked for, whose sites, when it was made, and the files beside it."""

    as_of: str | None
    shipped: bool
    run_at: str
    names: tuple[str, ...]


def front_page(
    tagged: gpd.GeoDataFrame,
    used: Iterable[Layer | Mapping[str, Any]],
    *,
    picture: bytes,
    lang: str,
    told: Told,
) -> str:
    """Return the front page as HTML that needs no network.

    Parameters
    ----------
    tagged
        The tagged sites.
    used
        The layers that the tags rest on.
    picture
        The static map, PNG.
    lang
        `"ko"` or `"en"`.
    told
        What the page says of the run.
    """
    at = labels.check_lang(lang)
    words = {name: pair[at] for name, pair in _WORDS.items()}
    other = "en" if lang == "ko" else "ko"
    latest = facts.latest_date(tagged)
    title = words["title_15"] if told.shipped else words["title"].format(count=f"{len(tagged):,}")
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(_TEMPLATE).render(
        lang=lang,
        words=words,
        title=title,
        other_lang=other,
        other_page=f"index{suffix(other)}.html",
        map_page=f"map{suffix(lang)}.html",
        as_of=facts_as_of(latest, lang),
        asked=words["asked"].format(date=told.as_of) if told.as_of else "",
        key=_key_figures(tagged, words),
        picture=data_uri(picture, "image/png"),
        # The tables escape their own text.
        site_table=Markup(tables.table(tagged, lang=lang).html()),  # noqa: S704
        summaries=[
            Markup(tables.table(tagged, by=key, lang=lang).html())  # noqa: S704
            for key in ("sector", "macro_region", "in_capital_region", "rdz_basis", "status")
        ],
        evidence=[
            (
                f"{row.get(f'name_{lang}') or row['site_id']}",
                [_linked(text) for text in explain(tagged, row["site_id"], lang=lang).splitlines()],
            )
            for _, row in tagged.head(_EXPLAINED if len(tagged) <= _EXPLAINED else 0).iterrows()
        ],
        too_many=words["too_many"].format(count=_EXPLAINED) if len(tagged) > _EXPLAINED else "",
        layer_heads=[_LAYER_WORDS[name][at] for name in _LAYER_COLUMNS],
        layers=[_layer_row(layer) for layer in used],
        files=[*(name for name in told.names if ".ko." not in name or lang == "ko"), CRATE_NAME],
        made=words["made"].format(time=told.run_at),
    )


def _linked(sentence: str) -> Markup:
    """Return a sentence with its web addresses as links."""
    parts = _ADDRESS.split(sentence)
    return Markup("").join(
        Markup('<a href="{0}" rel="noopener">{0}</a>').format(part) if at % 2 else part for at, part in enumerate(parts)
    )


def _key_figures(tagged: gpd.GeoDataFrame, words: dict[str, str]) -> list[tuple[str, str]]:
    """Return the figures at the head of the page."""
    capital, whole = tagged["in_capital_region"], tables.summarize(tagged, by="in_capital_region")
    area = whole["area_km2"].sum(min_count=1)
    rows = [
        (f"{len(tagged):,}", words["sites"]),
        (f"{int(capital.sum()):,}", words["in_capital"]),
        (f"{int(whole['rdz_present'].sum()):,}", words["rdz"]),
    ]
    if area == area:  # noqa: PLR0124  (not NaN)
        rows.append((f"{area:,.2f}", words["area"]))
    for column, word in (("capital_region_undecided", "undecided"), ("rdz_unknown", "rdz_unknown")):
        if whole[column].any():
            rows.append((f"{int(whole[column].sum()):,}", words[word]))
    return rows


def _layer_row(layer: Layer | Mapping[str, Any]) -> list[str]:
    """Return the cells of a layer's row."""
    told: Mapping[str, Any] = layer.provenance if isinstance(layer, Layer) else layer
    return [str(told.get(name) or "–") for name in _LAYER_COLUMNS]
