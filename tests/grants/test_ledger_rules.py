"""What an audit would find in claims for the special grant: each fault planted, none where none is."""

import json
from itertools import product

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tracker.grants.commands import ledger_command
from tracker.grants.rules import FindingKind, LedgerLine, check_claim, findings
from tracker.kernel.refusal import Refusal

CLEAN = LedgerLine(
    "移住相談会",
    "今別町",
    1_000_000,
    300_000,
    100_000,
    50_000,
    550_000,
    (),
    True,
    "移住の推進",
    True,
)
TWICE = {"claimed_under": ("移住・定住対策",)}
NOT_ELIGIBLE = {"is_eligible": False, "why": "職員の通常の給与"}
NO_PROOF = {"has_proof": False}
TOO_MUCH = {"claimed_yen": 550_001}
ALL_FUNDS_FORGOTTEN = {"claimed_yen": 1_000_000}
NAMES = [f"事業{number}" for number in range(6)]
FAULTS = (
    (TWICE, FindingKind.COUNTED_TWICE),
    (NOT_ELIGIBLE, FindingKind.INELIGIBLE),
    (TOO_MUCH, FindingKind.FUNDS_NOT_DEDUCTED),
    (ALL_FUNDS_FORGOTTEN, FindingKind.FUNDS_NOT_DEDUCTED),
    (NO_PROOF, FindingKind.NO_PROOF),
)


def kinds(lines, caps=None):
    return [[one.kind for one in found] for _line, found in findings(lines, caps or {})]


def year():
    """A clean year of five municipalities, 30 lines, just below its ceilings."""
    towns = ("青森市", "平内町", "今別町", "蓬田村", "外ヶ浜町")
    lines = [
        CLEAN._replace(project=name, municipality=town) for town, name in product(towns, NAMES)
    ]
    return lines, dict.fromkeys(towns, 6 * 550_000)


def test_a_clean_year_has_no_finding():
    lines, caps = year()
    assert kinds(lines, caps) == [[]] * 30


@pytest.mark.parametrize("place", range(6))
@pytest.mark.parametrize(("fault", "kind"), FAULTS)
def test_each_of_thirty_planted_faults_is_found_where_it_is(place, fault, kind):
    lines, caps = year()
    at = place * 5 + place % 5
    lines[at] = lines[at]._replace(**fault)
    # A claim above the own means of one line is not above the ceiling of all.
    caps = {name: cap + 450_000 for name, cap in caps.items()}
    found = kinds(lines, caps)
    assert found.pop(at) == [kind]
    assert found == [[]] * 29


def test_a_ceiling_passed_by_one_yen_stands_at_every_line_of_its_municipality_and_no_other():
    lines, caps = year()
    caps["今別町"] -= 1
    lines[13] = lines[13]._replace(claimed_yen=0, has_proof=False)
    assert kinds(lines, caps) == [[]] * 30
    caps["今別町"] = 5 * 550_000 - 1
    assert kinds(lines, caps) == [
        [FindingKind.OVER_CAP] if line.municipality == "今別町" else [] for line in lines
    ]


def test_who_claims_nothing_is_asked_for_nothing():
    idle = CLEAN._replace(claimed_yen=0, **{**TWICE, **NOT_ELIGIBLE, **NO_PROOF})
    assert kinds([idle], {"今別町": 0}) == [[]]


def test_one_line_can_have_every_fault():
    worst = CLEAN._replace(claimed_yen=2_000_000, **{**TWICE, **NOT_ELIGIBLE, **NO_PROOF})
    assert kinds([worst], {"今別町": 1}) == [[*FindingKind]]


def test_a_project_that_stands_twice_is_counted_twice():
    assert kinds([CLEAN, CLEAN]) == [[FindingKind.COUNTED_TWICE]] * 2
    assert kinds([CLEAN, CLEAN._replace(claimed_yen=0)]) == [[], []]


def test_funds_above_the_cost_leave_nothing_to_claim():
    line = CLEAN._replace(total_yen=100, claimed_yen=1)
    [(_line, [found])] = findings([line], {})
    assert found.kind is FindingKind.FUNDS_NOT_DEDUCTED
    assert "一般財源 0円を1円超えています" in found.words


@given(st.permutations(range(6)))
def test_the_order_of_lines_never_matters(order):
    faults = [{}, *(fault for fault, _kind in FAULTS)]
    lines = [CLEAN._replace(project=NAMES[n], **faults[n]) for n in range(6)]
    caps = {"今別町": 3_000_000}
    straight = dict(zip(NAMES, kinds(lines, caps), strict=True))
    turned = kinds([lines[n] for n in order], caps)
    assert {NAMES[n]: found for n, found in zip(order, turned, strict=True)} == straight


@pytest.mark.parametrize(
    "field", ["total_yen", "national_yen", "prefectural_yen", "other_yen", "claimed_yen"]
)
def test_no_amount_is_below_zero(field):
    with pytest.raises(Refusal, match="0円以上") as refused:
        findings([CLEAN._replace(**{field: -1})], {})
    assert refused.value.field == field


def test_a_claim_says_why():
    check_claim(CLEAN._replace(claimed_yen=0, why=""))
    with pytest.raises(Refusal, match="理由"):
        check_claim(CLEAN._replace(why="　"))


def test_funds_above_the_cost_are_refused_where_they_are_entered():
    with pytest.raises(Refusal, match="総額 1,000,000円を1円超えています"):
        check_claim(CLEAN._replace(claimed_yen=0, other_yen=600_001))


ROW = {
    "project": "移住相談会",
    "municipality": "今別町",
    "total_yen": 1_000_000,
    "national_yen": 300_000,
    "prefectural_yen": 100_000,
    "other_yen": 50_000,
    "claimed_yen": 600_000,
    "claimed_under": [],
    "eligible": True,
    "why": "移住の推進",
    "proof": True,
}


def asked(folder, rows, *options):
    path = folder / "rows.json"
    data = {"fiscal_year": 2026, "cap_yen": {"今別町": 15_000_000}, "rows": rows}
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return CliRunner().invoke(ledger_command, ["--rows", str(path), *options])


def test_the_command_answers_each_row_in_order_without_a_database(tmp_path):
    done = asked(tmp_path, [ROW, {**ROW, "project": "図書館", "claimed_yen": 550_000}], "--json")
    first, second = json.loads(done.stdout)
    assert (first["project"], first["own_yen"], first["eligible"]) == ("移住相談会", 550_000, True)
    assert [one["kind"] for one in first["findings"]] == ["funds_not_deducted"]
    assert set(first) == {
        *("project", "municipality", "total_yen", "national_yen", "prefectural_yen", "other_yen"),
        *("own_yen", "claimed_under", "eligible", "findings"),
    }
    assert (second["project"], second["findings"]) == ("図書館", [])
    assert asked(tmp_path, [ROW]).stdout.splitlines()[-1] == "指摘 1件"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({**ROW, "total_yen": "1000000"}, "1行目のtotal_yenは整数"),
        ({**ROW, "eligible": "yes"}, "1行目のeligibleは true か false"),
        ({**ROW, "claimed_under": "移住"}, "1行目のclaimed_underは [ ]"),
        ({**ROW, "why": None}, "1行目のwhyは文字"),
        ({**ROW, "claimed_yen": -1}, "算定額が0円を下回っています"),
        ({name: value for name, value in ROW.items() if name != "proof"}, "「proof」がありません"),
        ({**ROW, "own_yen": 1}, "「own_yen」は使えない項目"),
    ],
)
def test_a_wrong_row_is_named(tmp_path, row, words):
    done = asked(tmp_path, [row])
    assert isinstance(done.exception, Refusal) and words in done.exception.message


def test_either_a_year_or_a_file_is_asked_about(tmp_path):
    assert CliRunner().invoke(ledger_command, ["--json"]).exit_code == 2
    assert asked(tmp_path, [ROW], "--fy", "2026").exit_code == 2
