"""Make the pages of rules, facts and contradictions from the shipped data: `python scripts/build_rules.py`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from clustergeo import datasets, labels, policy
from clustergeo.policy import conditions, places
from clustergeo.sources import load_sources

if TYPE_CHECKING:
    from collections.abc import Iterable

DOCS = Path(__file__).resolve().parent.parent / "docs"
LANGS = ("en", "ko")

# Korean and English of the codes that the tables hold.
WORDS = {
    "in_force": ("시행", "in force"),
    "announced": ("발표", "announced"),
    "under_review": ("검토 중", "under review"),
    "superseded": ("대체됨", "superseded"),
    "stated": ("출처에 있음", "stated"),
    "uncertain": ("불확실", "uncertain"),
    "contradicted": ("모순됨", "contradicted"),
    "yes": ("따름", "followed"),
    "no": ("따르지 않음", "not followed"),
    "open": ("열려 있음", "open"),
    "specialised_complex": ("특화단지", "specialised complex"),
    "parts_complex": ("소부장 특화단지", "materials-parts-equipment complex"),
    "strategic_project": ("전략사업", "strategic project"),
    "national_complex": ("국가산단 후보지", "national complex"),
    "derived": ("환산", "derived"),
    "area": ("면적", "area"),
    "bio_firms_and_vcs": ("바이오 기업과 VC", "bio firms and VCs"),
    "biotech_firms": ("바이오 기업", "biotech firms"),
    "businesses": ("사업체", "businesses"),
    "startups": ("창업기업", "start-ups"),
    "jobs": ("일자리", "jobs"),
    "count": ("개", "count"),
    "event": ("사건", "event"),
}
# Korean and English of the columns that the tables show.
HEADS = {
    "as_of": ("기준일", "as of"),
    "attribute": ("항목", "attribute"),
    "value": ("값", "value"),
    "scope": ("범위", "scope"),
    "basis": ("근거", "basis"),
    "confidence": ("확신", "confidence"),
    "source": ("출처", "source"),
    "note": ("비고", "note"),
    "site_id": ("부지", "site"),
    "kind": ("종류", "kind"),
    "name": ("이름", "name"),
    "place": ("장소", "place"),
    "sectors": ("업종", "sectors"),
    "sector": ("업종", "sector"),
    "municipalities_kostat": ("시군구(2018년 통계청 코드)", "municipalities (KOSTAT codes of 2018)"),
    "designated": ("지정일", "designated"),
    "from_date": ("시작일", "from"),
    "about": ("대상", "about"),
    "locality_names": ("읍면동", "localities"),
    "zone": ("권역", "zone"),
    "tier": ("등급", "tier"),
    "valid_from": ("시작일", "valid from"),
    "valid_to": ("종료일(그 전날까지)", "valid to (the first day after)"),
    "programme": ("사업", "programme"),
    "amount": ("금액", "amount"),
    "currency": ("통화", "currency"),
    "period_from": ("기간 시작", "period from"),
    "period_to": ("기간 끝(그 전날까지)", "period to (the first day after)"),
    "measure": ("잰 것", "measure"),
    "unit": ("단위", "unit"),
    "total": ("합계", "total"),
    "national": ("국가", "national"),
    "general": ("일반", "general"),
    "urban_high_tech": ("도시첨단", "urban high-tech"),
    "agro_industrial": ("농공", "agro-industrial"),
}
# The table of labels of a column's codes, where the package has them.
CODES = {"zone": "capital_zone", "tier": "support_tier", "scope": "scope", "basis": "basis"}

COUNTS = ("as_of", "total", "national", "general", "urban_high_tech", "agro_industrial")


def word(code: str, lang: str) -> str:
    """Return a code in words; one without words as it is."""
    return WORDS[code][LANGS[::-1].index(lang)] if code in WORDS else code


def heads(columns: Iterable[str], lang: str) -> list[str]:
    """Return the headers of columns in words; a column of one language has the word of both."""
    return [pick(lang, *HEADS[one.removesuffix("_ko").removesuffix("_en")]) for one in columns]


def shown(column: str, value: str, lang: str) -> str:
    """Return a cell of a table in words."""
    if column in {"sectors", "sector"}:
        return ", ".join(labels.value("sectors", one, lang) for one in value.split(";") if one)
    if column == "about":
        return places.named(value, lang) if value else ""
    if column == "programme":
        return str(datasets.load_table("programmes").set_index("id").loc[value, f"name_{lang}"])
    if column in CODES and value not in WORDS:
        return labels.value(CODES[column], value, lang)
    return word(value, lang)


def fact(row: dict[str, str], lang: str) -> list[str]:
    """Return what a fact is about, and its value, in words; an event is told by its note."""
    name, value = row["attribute"], row["value"]
    if name == "event":
        return [word(name, lang), f"`{value}`"]
    if name == "designation":
        return [labels.column("designations", lang), places.named(value, lang)]
    if name == "rdz_present":
        return [labels.column(name, lang), labels.value(name, value == "true", lang)]
    return [labels.column(name, lang), labels.value(name, value, lang) if name == "status" else value]


def pick(lang: str, korean: str, english: str) -> str:
    """Return the text of a language."""
    return korean if lang == "ko" else english


def cell(text: Any) -> str:
    """Return a text that cannot break a Markdown table."""
    return str(text or "").replace("|", "\\|").replace("\n", " ")


def table(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """Return a Markdown table."""
    head = list(header)
    lines = [head, ["---"] * len(head), *[list(map(cell, row)) for row in rows]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def sources(ids: str) -> str:
    """Return sources as links, or as the publisher and why there is no address."""
    out = []
    for name in ids.split():
        source = load_sources()[name]
        out.append(
            f"[{source['publisher']}]({source['url']})" if source.get("url") else f"{source['publisher']} ({name})"
        )
    return ", ".join(out)


def notice(lang: str) -> str:
    """Return the lines that stand on every page."""
    return pick(
        lang,
        "이 문서는 `data/raw`에서 `scripts/build_rules.py`로 만든 것이며 손으로 고치지 않는다. 법률 자문이 아니다.\n",
        "Made from `data/raw` by `scripts/build_rules.py`; not edited by hand. Not legal advice.\n",
    )


def rule_text(rule: policy.Rule, lang: str) -> str:
    """Return one rule as a section."""
    korean = lang == "ko"
    lines = [
        f"#### `{rule.id}` {rule.title_ko if korean else rule.title_en}\n",
        f"- {pick(lang, '유효', 'Valid')}: {rule.dates(lang)}; {word(rule.state, lang)}; "
        f"{pick(lang, '확신', 'confidence')}: {word(rule.confidence, lang)}"
        + (f"; {pick(lang, '가정', 'scenario')}: `{rule.scenario}`" if rule.scenario else "")
        + (f"; {pick(lang, '세분', 'refines')}: `{rule.refines}`" if rule.refines else ""),
        f"- {pick(lang, '조건', 'Conditions')}: {conditions.sentence(rule.condition, lang)}",
        f"- {pick(lang, '내용', 'Gist')}: {rule.gist_ko if korean else rule.gist_en}",
    ]
    words, note = rule.benefit.words(lang), rule.note_ko if korean else rule.note_en
    lines += [f"- {pick(lang, '혜택', 'Benefit')}: {words}"] if words else []
    lines += [f"- {pick(lang, '비고', 'Note')}: {note}"] if note else []
    lines += [
        f"- {pick(lang, '기관', 'Authority')}: {rule.authority_ko if korean else rule.authority_en}",
        f"- {pick(lang, '출처', 'Source')}: {sources(rule.source)}",
    ]
    return "\n".join(lines) + "\n"


def rules_page(lang: str) -> str:
    """Return the page of all rules, by programme, and of the tables they rest on."""
    held = {rule.id: rule for rule in policy.load_rules()}
    parts = [
        f"# {pick(lang, '지원 규칙', 'Rules of support')}\n",
        notice(lang),
        f"## {pick(lang, '사업과 규칙', 'Programmes and rules')}\n",
    ]
    rows = datasets.load_table("programmes").set_index("id")
    for programme in policy.programme_tree():
        name = programme.name_ko if lang == "ko" else programme.name_en
        parts.append(f"### {'› ' * programme.depth}{name} (`{programme.id}`)\n")
        row = rows.loc[programme.id]
        told = [row["from_date"], word(row["confidence"], lang), row[f"note_{lang}"], sources(row["source"])]
        parts.append("; ".join(filter(None, told)) + "\n")
        parts += [rule_text(held[one], lang) for one in programme.rules]
    tables = {
        "designations": (
            pick(lang, "지정된 단지와 사업", "Designated complexes and projects"),
            ("kind", f"name_{lang}", "sectors", "municipalities_kostat", "designated"),
        ),
        "designation_rounds": (
            pick(lang, "결과를 모르는 지정", "Rounds of designations whose results are not known"),
            ("kind", "sectors", "about", "from_date"),
        ),
        "capital_zones": (
            pick(lang, "수도권의 권역", "Legal zones of the capital region"),
            ("locality_names", "zone", "valid_from"),
        ),
        "support_tiers": (
            pick(lang, "지원 등급", "Support tiers"),
            ("municipalities_kostat", "tier", "valid_from", "valid_to"),
        ),
        "budgets": (
            pick(lang, "예산", "Budgets"),
            ("programme", f"name_{lang}", "amount", "currency", "period_from", "period_to", "sector"),
        ),
        "benchmarks": (
            pick(lang, "비교 대상", "Benchmarks of place"),
            (f"place_{lang}", "measure", "value", "unit", "as_of"),
        ),
        "complex_counts": (pick(lang, "산업단지 수", "Number of industrial complexes"), COUNTS),
    }
    for name, (title, columns) in tables.items():
        rows = datasets.load_table(name).to_dict("records")
        header = heads([*columns, "confidence", "source", "note"], lang)
        body = [
            [
                *[shown(one, row[one], lang) for one in columns],
                word(row["confidence"], lang),
                sources(row["source"]),
                row[f"note_{lang}"],
            ]
            for row in rows
        ]
        parts += [f"## {title}\n", table(header, body)]
    return "\n".join(parts)


def facts_page(lang: str) -> str:
    """Return the page of every dated fact of the 15 sites."""
    parts = [f"# {pick(lang, '15곳의 사실', 'Facts of the 15 sites')}\n", notice(lang)]
    names = datasets.load_sites().set_index("site_id")[f"name_{lang}"]
    for site in dict.fromkeys(datasets.load_facts()["site_id"]):
        parts.append(f"## {names[site]} (`{site}`)\n")
        mine = datasets.load_facts()
        rows = mine[mine["site_id"] == site].to_dict("records")
        body = [
            [
                row["as_of"],
                *fact(row, lang),
                shown("scope", row["scope"], lang),
                shown("basis", row["basis"], lang),
                word(row["confidence"], lang),
                sources(row["source"]),
                row[f"note_{lang}"],
            ]
            for row in rows
        ]
        columns = ("as_of", "attribute", "value", "scope", "basis", "confidence", "source", "note")
        parts.append(table(heads(columns, lang), body))
    return "\n".join(parts)


def contradictions_page(lang: str) -> str:
    """Return the page of what sources say against each other."""
    parts = [
        f"# {pick(lang, '출처의 모순', 'Contradictions among the sources')}\n",
        notice(lang),
        pick(
            lang,
            "모순되는 말은 지우지 않고 나란히 둔다. 따르지 않은 말과 그 까닭도 적는다.\n",
            "What contradicts is kept side by side, with what is followed and why the rest is not.\n",
        ),
    ]
    held = policy.load_contradictions()
    for topic in dict.fromkeys(held["topic"]):
        rows = held[held["topic"] == topic].to_dict("records")
        body = [
            [row[f"said_{lang}"], word(row["followed"], lang), sources(row["source"]), row[f"why_{lang}"]]
            for row in rows
        ]
        parts += [
            f"## {topic}\n",
            table(
                [
                    pick(lang, "말한 것", "said"),
                    pick(lang, "판단", "followed"),
                    pick(lang, "출처", "source"),
                    pick(lang, "까닭", "why"),
                ],
                body,
            ),
        ]
    wrong = datasets.load_facts()
    rows = wrong[wrong["confidence"] == "contradicted"].to_dict("records")
    body = [
        [
            row["site_id"],
            *fact(row, lang),
            row["as_of"],
            sources(row["source"]),
            row[f"note_{lang}"],
        ]
        for row in rows
    ]
    parts += [
        f"## {pick(lang, '부지의 사실 가운데 따르지 않은 것', 'Facts of sites that are not followed')}\n",
        table(heads(("site_id", "attribute", "value", "as_of", "source", "note"), lang), body),
    ]
    return "\n".join(parts)


def pages() -> dict[str, str]:
    """Return every page by file name."""
    makers = {"rules": rules_page, "facts": facts_page, "contradictions": contradictions_page}
    return {f"{name}{'.ko' if lang == 'ko' else ''}.md": make(lang) for name, make in makers.items() for lang in LANGS}


def main() -> None:
    """Write the pages into docs."""
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
        print(name)


if __name__ == "__main__":
    main()
