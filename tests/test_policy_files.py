"""Files of rules: what is refused, with file and line; versions that neither overlap nor leave a gap unsaid."""

from __future__ import annotations

import datetime as dt
import shutil
from itertools import pairwise
from pathlib import Path

import pytest

import clustergeo as cg
from clustergeo import datasets, facts
from clustergeo.policy import conditions, programmes, rulefiles
from clustergeo.sources import load_sources

RAW = Path(__file__).resolve().parents[1] / "data" / "raw"

RULE = """[[rule]]
id = "mine"
title_ko = "내 규칙"
title_en = "My rule"
programme = "my-programme"
clause = "base"
authority_ko = "나"
authority_en = "me"
valid_from = "2024-01-01"
state = "in_force"
conditions = [
  { word = "in_capital_region", is = false },
]
benefit = { kind = "support", of = "cost", ratio_low = 0.10, ratio_high = 0.20 }
source = "https://example.org/notice"
gist_ko = "비용의 10~20%"
gist_en = "10 to 20 % of the cost"
confidence = "stated"
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(cg.ClusterGeoError) as caught:
        cg.load_rules(written(tmp_path, text))
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("https://example.org/notice", "  ", "line 15: rule 'mine': source is missing"),
        ('"My rule"', '" "', "line 4: rule 'mine': title_en is missing"),
        ("ratio_low = 0.10", "ratio_low = nan", "line 14: rule 'mine': ratio_low is NaN"),
        (
            '"in_capital_region", is = false',
            '"investment_krw", at_least = inf',
            "line 12: rule 'mine': investment_krw at_least is Infinity; expected a finite number",
        ),
        (
            '"in_capital_region", is = false',
            '"municipality", any_of = ["안동시"]',
            "line 12: rule 'mine': municipality '안동시' is no code",
        ),
        (
            '"in_capital_region", is = false',
            '"province", any_of = ["37", "47"]',
            "line 12: rule 'mine': province '47' is no code",
        ),
        ('confidence = "stated"', 'confidence = "stated"\nrefines = "mine"', "'mine', which refines it in turn"),
        (RULE, "# nothing\n", "it holds no [[rule]]"),
        ('valid_from = "2024-01-01"', 'known_from = "soon"', "line 9: rule 'mine': known_from: 'soon' is not a date"),
        ('valid_from = "2024-01-01"', 'known_from = "2024-13"', "line 9: rule 'mine': known_from: '2024-13'"),
        (
            'valid_from = "2024-01-01"',
            'valid_from = "2024-01-01"\nknown_from = "2024"',
            "line 10: rule 'mine': known_from stands for a beginning that no source gives",
        ),
        (
            'valid_from = "2024-01-01"',
            'known_from = "2024-01-01"\nvalid_to = "2023"',
            "line 10: rule 'mine': valid_to 2023 does not come after known_from",
        ),
        (
            'state = "in_force"',
            'state = "under_review"\nscenario = "My plan"',
            "line 11: rule 'mine': scenario is 'My plan'",
        ),
        ("ratio_low = 0.10", "ratio_low = 1e-999999", "line 14: rule 'mine': ratio_low has more than 6 decimals"),
        ("ratio_low = 0.10", "ratio_low = 1e-99999999999999999999", "line 14: this number is too large"),
        (
            "ratio_high = 0.20",
            "ratio_high = 0.20, cap_high_krw = 1" + "0" * 30,
            "line 14: rule 'mine': cap_high_krw is 1000",
        ),
    ],
)
def test_what_would_say_nothing_or_no_of_everybody_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in refused(tmp_path, RULE.replace(old, new))


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ('{ word = "status", any_of = ["designatd"] }', "status cannot be 'designatd'; it is one of candidate"),
        ('{ word = "area_m2", at_least = 10, at_most = 5 }', "at least 10 and area of the site (m2) at most 5 at once"),
        ('{ word = "area_m2", above = 5, below = 5 }', "above 5 and area of the site (m2) below 5 at once"),
        ('{ word = "area_m2", above = 5 },\n  { all = [{ word = "area_m2", at_most = 5 }] }', "at once"),
        ('{ word = "rdz_present", is = true },\n  { word = "rdz_present", is = false }', "at once"),
        ('{ word = "size", any_of = ["sme"], none_of = ["sme"] }', "at once"),
        ('{ word = "size", any_of = ["sme"] },\n  { word = "size", any_of = ["large"] }', "at once"),
        ('{ word = "sector", any_of = ["bio"], none_of = ["bio"] }', "at once"),
        ('{ any = [{ word = "area_m2", at_least = 10, at_most = 5 }] }', "at once"),
        ('{ word = "unstated", en = "who" }', "unstated says in Korean (ko) and English (en)"),
        ('{ word = "unstated", en = "who", ko = 5 }', "unstated says in Korean (ko) and English (en)"),
        ('{ word = "province", any_of = ["3"] }', "province '3' is no code"),
        ('{ word = "province", any_of = ["37040"] }', "province '37040' is no code"),
        ('{ word = "area_m2", at_least = 1' + "0" * 400 + " }", "area_m2 at_least is 1.000E+400"),
        ('{ word = "area_m2", at_least = 1e400 }', "area_m2 at_least is 1.000E+400"),
    ],
)
def test_a_condition_that_says_nothing_or_that_nothing_meets_is_refused_with_its_line(
    tmp_path: Path, condition: str, said: str
) -> None:
    message = refused(tmp_path, RULE.replace('{ word = "in_capital_region", is = false }', condition))
    assert "own.toml, line 12: rule 'mine':" in message
    assert said in message


@pytest.mark.parametrize("word", ['["size"]', "{ a = 1 }", "5"])
def test_a_word_that_is_no_text_is_refused(tmp_path: Path, word: str) -> None:
    message = refused(tmp_path, RULE.replace('word = "in_capital_region", is = false', f"word = {word}, is = false"))
    assert "own.toml, line 11: rule 'mine': the condition word" in message


@pytest.mark.parametrize("number", ["1" + "0" * 5000, "1e99999999999999999999"])
def test_a_number_that_cannot_be_read_is_refused_with_its_line(tmp_path: Path, number: str) -> None:
    condition = f'{{ word = "area_m2", at_least = {number} }}'
    message = refused(tmp_path, RULE.replace('{ word = "in_capital_region", is = false }', condition))
    assert "own.toml, line 12: this number is too large to be read" in message


def test_what_several_sectors_can_meet_at_once_is_taken(tmp_path: Path) -> None:
    both = '{ word = "sector", any_of = ["bio"] },\n  { word = "sector", any_of = ["food"] }'
    (rule,) = cg.load_rules(
        written(tmp_path, RULE.replace('{ word = "in_capital_region", is = false }', both)), own_only=True
    )
    assert len(rule.condition.parts) == 2
    touching = '{ word = "area_m2", at_least = 5, at_most = 5 }'
    assert cg.load_rules(
        written(tmp_path, RULE.replace('{ word = "in_capital_region", is = false }', touching)), own_only=True
    )


def test_what_is_under_review_is_never_a_rule_of_its_own(tmp_path: Path) -> None:
    text = RULE.replace('"in_force"', '"under_review"').replace('"stated"', '"uncertain"')
    assert "line 10: rule 'mine': what is under review is no fact: give a scenario" in refused(tmp_path, text)
    for rule in cg.load_rules():
        assert bool(rule.scenario) == (rule.state == "under_review"), rule.id


def test_lines_are_those_of_an_editor_whatever_the_texts_hold(tmp_path: Path) -> None:
    text = RULE.replace('"My rule"', '"My\u2028rule\u0085x"').replace('"in_force"', '"valid"')
    assert "own.toml, line 10:" in refused(tmp_path, text)
    text = RULE.replace('"My rule"', '"""\n[[rule]]\nstate = 1"""').replace('"in_force"', '"valid"')
    assert "own.toml, line 12:" in refused(tmp_path, text)


def test_a_circle_of_refinements_is_refused(tmp_path: Path) -> None:
    other = RULE.replace('"mine"', '"yours"').replace('"base"', '"other"')
    both = RULE + 'refines = "yours"\n' + other + 'refines = "mine"\n'
    text = refused(tmp_path, both)
    assert "'yours', which refines it in turn" in text
    assert "'mine', which refines it in turn" in text


def test_a_file_of_ones_own_joins_the_shipped_rules(tmp_path: Path) -> None:
    held = cg.load_rules(written(tmp_path, RULE))
    assert len(held) == len(cg.load_rules()) + 1
    assert cg.load_rules(written(tmp_path, RULE), own_only=True)[0].title_en == "My rule"


@pytest.mark.parametrize(
    ("old", "new", "line", "word"),
    [
        ('"in_capital_region"', '"near_seoul"', 12, "'near_seoul' is not known"),
        ("is = false", "at_least = 3", 12, "compared by is"),
        ("is = false", 'is = "no"', 12, "true or false"),
        ('{ word = "in_capital_region", is = false }', '{ word = "size", any_of = ["tiny"] }', 12, "'tiny'"),
        ('{ word = "in_capital_region", is = false }', '{ word = "investment_krw", at_least = "much" }', 12, "number"),
        ('{ word = "in_capital_region", is = false }', "{ any = [] }", 12, "any"),
        ('"2024-01-01"', '"2024-13-01"', 9, "2024-13-01"),
        ('"2024-01-01"', '"soon"', 9, "YYYY-MM-DD"),
        ('state = "in_force"', 'state = "valid"', 10, "'valid'"),
        ('state = "in_force"', 'state = "under_review"', 10, "scenario"),
        ('source = "https://example.org/notice"\n', "", 1, "source is missing"),
        ("ratio_low = 0.10", "ratio_low = 0.30", 14, "is above"),
        ("ratio_high = 0.20", "ratio_high = 20", 14, "from 0.00 to 1.00"),
        ("ratio_low = 0.10, ", "", 14, "stand together"),
        ('kind = "support"', 'kind = "gift"', 14, "'gift'"),
        ('clause = "base"', 'clause = "base"\ncolour = "red"', 7, "'colour' is no key"),
        ('id = "mine"', 'id = "My Rule"', 2, "small letters"),
        ('confidence = "stated"', 'confidence = "sure"', 18, "'sure'"),
        ('confidence = "stated"', "confidence = 3", 18, "text in quotes"),
        ('valid_from = "2024-01-01"', 'valid_from = "2024-01-01"\nvalid_to = "2023"', 10, "does not come after"),
        ('title_en = "My rule"', 'title_en = "My rule', 4, "not TOML"),
        ('id = "mine"', 'id = "mine"\nrefines = "infra-2025"', 1, "no rule of its programme"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(tmp_path: Path, old: str, new: str, line: int, word: str) -> None:
    assert old in RULE
    message = refused(tmp_path, RULE.replace(old, new))
    assert f"own.toml, line {line}:" in message
    assert word in message


def test_every_problem_stands_in_one_error_each_with_the_line_of_its_own_rule(tmp_path: Path) -> None:
    second = RULE.replace('"mine"', '"other"').replace('"base"', '"second"')
    text = RULE.replace("in_force", "valid") + second.replace('"cost"', '"hope"')
    message = refused(tmp_path, text)
    assert "2 problem(s)" in message
    assert "line 10: rule 'mine'" in message
    assert "line 32: rule 'other'" in message


def test_an_id_twice_an_overlap_and_an_unsaid_gap_are_refused(tmp_path: Path) -> None:
    assert "stands twice" in refused(tmp_path, RULE + RULE)
    later = RULE.replace('"mine"', '"later"').replace("2024-01-01", "2025-01-01")
    assert "overlaps 'mine', which ends never" in refused(tmp_path, RULE + later)
    ended = RULE.replace('state = "in_force"', 'valid_to = "2024-12-01"\nstate = "superseded"')
    assert "say why in gap_before" in refused(tmp_path, ended + later)
    told = later.replace('state = "in_force"', 'gap_before = "suspended for a month"\nstate = "in_force"')
    assert len(cg.load_rules(written(tmp_path, ended + told), own_only=True)) == 2
    assert "overlaps" in refused(tmp_path, ended.replace("2024-12-01", "2025-02-01") + later)


def test_a_file_that_is_not_there_not_utf8_or_holds_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(cg.ClusterGeoError, match="cannot be read"):
        cg.load_rules(tmp_path / "none.toml")
    (tmp_path / "cp949.toml").write_bytes(RULE.encode("cp949"))
    with pytest.raises(cg.ClusterGeoError, match="UTF-8"):
        cg.load_rules(tmp_path / "cp949.toml")
    assert "line 1: found rules" in refused(tmp_path, RULE.replace("[[rule]]", "[[rules]]"))


# The shipped rules.


def test_every_shipped_rule_has_a_source_that_exists_and_a_programme_of_the_tree() -> None:
    known = {programme.id for programme in cg.programme_tree()}
    for rule in cg.load_rules():
        assert rule.source.split(), rule.id
        assert set(rule.source.split()) <= set(load_sources()), rule.id
        assert rule.programme in known, rule.id
        assert bool(rule.note_ko) == bool(rule.note_en), rule.id


def test_versions_of_a_clause_are_half_open_and_meet() -> None:
    clauses: dict[tuple[str, str], list[cg.Rule]] = {}
    for rule in cg.load_rules():
        clauses.setdefault((rule.programme, rule.clause), []).append(rule)
    joints = 0
    for versions in clauses.values():
        ordered = sorted(versions, key=lambda rule: rule.valid_from or "0000")
        for before, after in pairwise(ordered):
            assert before.valid_to == after.valid_from
            first, last = facts.first_day(after.valid_from), facts.last_day(after.valid_from)
            # On a day that is surely before or after the joint exactly one version is valid; within it both are open.
            assert (before.held(first - dt.timedelta(1)), after.held(first - dt.timedelta(1))) == (1, -1)
            assert (before.held(last), after.held(last)) == (-1, 1)
            if first != last:
                assert (before.held(first), after.held(first)) == (0, 0)
            joints += 1
    assert joints >= 9


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('word = "specialised_complex"', 'word = "special_complex"', r"rules\.toml, line \d+: .*'special_complex'"),
        ('"2024-03-27"', '"2024-3-27"', r"rules\.toml, line \d+: .*2024-3-27"),
        ('source = "mt-20240327"', 'source = "hearsay"', r"rules\.toml, line \d+: .*'hearsay' is not in sources"),
        ('programme = "sme-investment-support"', 'programme = "gifts"', r"rules\.toml, line \d+: .*'gifts'"),
    ],
)
def test_a_wrong_rule_fails_the_build_with_file_and_line(tmp_path: Path, old: str, new: str, word: str) -> None:
    raw = raw_copy(tmp_path)
    text = (raw / "rules.toml").read_text(encoding="utf-8")
    assert old in text
    (raw / "rules.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(cg.ClusterGeoError, match=word):
        checked(raw)


@pytest.mark.parametrize(
    ("table", "old", "new", "word"),
    [
        ("designations", "2024-06-27", "2024-06-31", r"designations\.csv, line \d+: designated"),
        ("designations", "specialised_complex,", "special,", r"designations\.csv, line 2: kind"),
        ("support_tiers", "preferential", "best", r"support_tiers\.csv, line 2: tier"),
        ("budgets", "project-brief-6", "rumour", r"budgets\.csv, line 2: source 'rumour'"),
        (
            "designation_rounds",
            "national_complex:changwon",
            "national_complex:mars",
            r"rounds\.csv, line 4: about .*mars",
        ),
        ("facts", "specialised_complex:gyeongbuk-bio", "specialised_complex:mars", r"facts\.csv, line \d+: .*mars"),
    ],
)
def test_a_wrong_table_fails_the_build_with_file_and_line(
    tmp_path: Path, table: str, old: str, new: str, word: str
) -> None:
    raw = raw_copy(tmp_path)
    path = raw / f"{table}.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(cg.ClusterGeoError, match=word):
        checked(raw)


def raw_copy(tmp_path: Path) -> Path:
    if not RAW.is_dir():
        pytest.skip("the raw tables are only in a checkout")
    return Path(shutil.copytree(RAW, tmp_path / "raw"))


def checked(raw: Path) -> None:
    sources = frozenset(load_sources())
    held = rulefiles.read_rules(raw / "rules.toml", sources=sources)
    programmes.check_tables(raw, held, sources=sources)


def test_the_raw_tables_pass_the_build(tmp_path: Path) -> None:
    checked(raw_copy(tmp_path))


def test_the_vocabulary_has_the_sectors_of_the_taxonomy() -> None:
    assert list(conditions.SECTORS) == list(datasets.load_sectors()["code"])


def test_budgets_are_found_by_year_and_sector() -> None:
    assert cg.load_budgets(year=2023).empty
    assert cg.load_budgets(sector="bio")["amount"].tolist() == [86_400_000_000]
    with pytest.raises(cg.ClusterGeoError, match="bio"):
        cg.load_budgets(sector="rail")
