"""The ledger's pages: a municipality claims for itself, and reads what an audit would find."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo
from sqlalchemy import select

from tests import cast
from tests.cost_sharing.makers import SHARES, make_agreed, make_project, make_proposal
from tracker.accounts.queries import actor_of
from tracker.cost_sharing.rules import Stage
from tracker.grants import queries
from tracker.grants.commands import ledger_command
from tracker.grants.models import GrantClaim
from tracker.history.history import HistoryEntry
from tracker.kernel.fiscal_year import FiscalYear
from tracker.municipalities import queries as areas
from tracker.plumbing.db import db
from tracker.projects.models import ProjectCost
from tracker.projects.rules import CostPhase
from tracker.record.reading import queries as record

YEAR = FiscalYear(2026)
LEDGER = "/costs/ledger?fy=2026&town=imabetsu"
CAPS = "/costs/ledger/2026/caps"


@pytest.fixture
def made(app: Flask) -> Callable[[Callable[[], Any]], Any]:
    """made(make): what it returns, in a context of its own that ends with it."""

    def carry_out(make: Callable[[], Any]) -> Any:
        with app.app_context():
            found = make()
            db.session.commit()
            db.session.remove()
        return found

    return carry_out


def spent(project_id: int, slug: str, phase: CostPhase, yen: int) -> None:
    town = areas.find_town(slug)
    db.session.add(
        ProjectCost(
            project_id=project_id,
            fiscal_year=2026,
            municipality_id=town.id,
            phase=phase,
            total_yen=yen,
        )
    )


def claim_page(project_id: int, slug: str = "imabetsu") -> str:
    return f"/costs/ledger/2026/{project_id}/{slug}"


def a_project() -> int:
    return make_project().id


def a_settled_project() -> int:
    project_id = make_project().id
    spent(project_id, "imabetsu", CostPhase.SETTLED, 500_000)
    return project_id


def an_agreed_project() -> int:
    project_id = make_agreed().project_id
    spent(project_id, "imabetsu", CostPhase.BUDGET, 900_000)
    spent(project_id, "imabetsu", CostPhase.SETTLED, 800_000)
    return project_id


def a_fixed_and_a_settled_case() -> int:
    make_agreed(make_proposal(stage=Stage.FIXED, total_yen=4_620_000))
    return make_agreed(make_proposal(stage=Stage.RECONCILIATION)).project_id


def a_settled_and_a_late_fixed_case() -> int:
    make_agreed(make_proposal(stage=Stage.RECONCILIATION))
    return make_agreed(make_proposal(stage=Stage.FIXED, total_yen=4_620_000)).project_id


def claims() -> Sequence[GrantClaim]:
    return db.session.scalars(select(GrantClaim)).all()


def test_a_claim_is_entered_and_its_faults_are_said_and_recorded(app, made, browse) -> None:
    project_id = made(an_agreed_project)
    officer = browse("officer", "imabetsu")
    page = officer.get(claim_page(project_id))
    assert "800,000円" in page.text and "115,000円" in page.text and "915,000円" in page.text
    typed = {
        "national_yen": "30万円",
        "other_yen": "15,000",
        "claimed_yen": "600,001",
        "eligible": "yes",
        "why": "移住の推進",
        "claimed_under": "大学連携\n\n移住・定住対策\n大学連携",
        "proof": "",
    }
    assert officer.post(claim_page(project_id), {**page.fields(), **typed}).status == 302
    ledger = officer.get(LEDGER)
    for words in ("「大学連携」「移住・定住対策」でも算定", "1円超えています", "書類がありません"):
        assert words in ledger.text
    assert "3件あります" in ledger.text
    with app.app_context():
        [entry] = entries("claim.entered")
        assert entry.payload["after"]["claimed_yen"] == 600_001


def test_nobody_claims_for_another(app, made, browse) -> None:
    address = claim_page(made(a_project))
    for role, slug in (("office", "aomori"), ("officer", "hiranai"), ("confirmer", "imabetsu")):
        client = browse(role, slug)
        client.get(address, status=403)
        links = [one.get("href") for one in client.get(LEDGER).all("a")]
        assert address not in links
    with app.app_context():
        assert claims() == []


def test_two_who_write_one_claim_see_each_other(made, browse) -> None:
    address = claim_page(made(a_project))
    first, second = (browse("officer", "imabetsu") for _ in range(2))
    typed = {"eligible": "no", "why": "職員の給与"}
    mine, theirs = (one.get(address).fields() for one in (first, second))
    assert first.post(address, {**mine, **typed}).status == 302
    answer = second.post(address, {**theirs, **typed, "why": "対象の経費"})
    assert answer.status == 409 and "職員の給与" in answer.text and "対象の経費" in answer.text


def test_the_ceiling_is_the_office_s_and_is_held_against_all_lines(made, browse) -> None:
    address = claim_page(made(a_settled_project))
    office, officer = browse("office"), browse("officer", "imabetsu")
    words = {"why": "移住の推進", "proof": "支出命令書の写し"}
    typed = {"claimed_yen": "50万円", "eligible": "yes", **words}
    assert officer.post(address, {**officer.get(address).fields(), **typed}).status == 302
    # What could not be looked at is not said to be right.
    ledger = officer.get(LEDGER).text
    assert "見つかりません" in ledger and "上限は、額が記入されていないため、確かめて" in ledger
    fields = office.get(CAPS).fields()
    assert office.post(CAPS, {**fields, "cap_yen_imabetsu": "40万円"}).status == 302
    # Whoever saw no ceilings does not overwrite those entered meanwhile.
    assert office.post(CAPS, {**fields, "cap_yen_imabetsu": "90万円"}).status == 409
    ledger = officer.get(LEDGER).text
    assert ledger.count("上限 400,000円を100,000円超えています") == 1
    assert "指摘されるところが1件" in ledger
    officer.get(CAPS, status=403)


def test_what_is_typed_wrong_stays_and_is_named(app, made, browse) -> None:
    address = claim_page(made(a_project))
    officer = browse("officer", "imabetsu")
    answer = officer.post(address, {**officer.get(address).fields(), "claimed_yen": "12万3"})
    assert answer.status == 422 and answer.fields()["claimed_yen"] == "12万3"
    assert "対象になるかどうかを選んでください" in answer.text
    typed = {"claimed_yen": "1000", "eligible": "yes"}
    answer = officer.post(address, {**officer.get(address).fields(), **typed})
    assert answer.status == 422 and "検査で必ず聞かれます" in answer.text
    with app.app_context():
        assert claims() == []


@pytest.mark.parametrize("cases", [a_fixed_and_a_settled_case, a_settled_and_a_late_fixed_case])
def test_of_a_share_that_was_fixed_and_settled_the_settled_one_counts_alone(both, cases) -> None:
    cases()
    db.session.commit()
    rows = queries.rows(YEAR)
    assert {one.line.municipality: one.shared and one.shared.yen for one in rows} == SHARES


def test_the_ledger_says_which_case_an_amount_comes_from(made, browse) -> None:
    """A claim entered on 確定 stands on other yen once 精算 is agreed: the page names the case."""
    address = claim_page(made(a_fixed_and_a_settled_case))
    officer = browse("officer", "imabetsu")
    for page in (officer.get(LEDGER), officer.get(address)):
        assert "費用 第8-02号・精算" in page.text and "第8-01号" not in page.text
    assert "/costs/2026-02" in [one.get("href") for one in officer.get(LEDGER).all("a")]


def test_who_leads_a_case_is_asked_whether_its_cost_is_counted_twice(made, browse) -> None:
    project_id = made(an_agreed_project)
    lead = browse("office").get(claim_page(project_id, "aomori")).text
    assert "第8-01号の総事業費 3,620,000円を含めていませんか" in lead
    assert "受け取る負担金 536,000円" in lead and "補助 1,120,000円" in lead
    assert "青森市の負担 1,964,000円" in lead
    assert "含めていませんか" not in browse("officer", "imabetsu").get(claim_page(project_id)).text


def entries(verb: str) -> Sequence[HistoryEntry]:
    of_verb = select(HistoryEntry).where(HistoryEntry.verb == verb).order_by(HistoryEntry.id)
    return db.session.scalars(of_verb).all()


def test_what_is_saved_unchanged_is_said_and_not_recorded(app, made, browse) -> None:
    address = claim_page(made(a_settled_project))
    office, officer = browse("office"), browse("officer", "imabetsu")
    typed = {"claimed_yen": "1000", "eligible": "yes", "why": "移住の推進", "proof": "写し"}
    for client, path, fields in (
        (officer, address, typed),
        (office, CAPS, {"cap_yen_imabetsu": "40万円"}),
    ):
        for said in ("を保存しました", "変わったところはありません"):
            assert client.post(path, {**client.get(path).fields(), **fields}).status == 302
            assert said in client.get(LEDGER).text
    with app.app_context():
        assert [len(entries(verb)) for verb in ("claim.entered", "claim.caps")] == [1, 1]
        [told] = record.told(actor_of(cast.email("office", "aomori")), entries("claim.caps"), None)
    assert [(one.label, one.after) for one in told.changes] == [("上限額", "今別町 400,000円")]


def test_a_choice_without_its_reason_stays(made, browse) -> None:
    address = claim_page(made(a_project))
    officer = browse("officer", "imabetsu")
    assert officer.post(address, {**officer.get(address).fields(), "eligible": "yes"}).status == 302
    assert officer.get(address).fields()["eligible"] == ["yes"]


def test_a_year_that_no_era_names_is_not_found(browse) -> None:
    for path in ("/costs/ledger?fy=99", "/costs/ledger/99/caps"):
        browse("office").get(path, status=404)


def test_the_command_reads_the_year_of_the_database(app, made) -> None:
    made(an_agreed_project)
    done = CliRunner().invoke(
        ledger_command, ["--fy", "2026", "--json"], obj=ScriptInfo(create_app=lambda: app)
    )
    rows = {row["municipality"]: row["total_yen"] for row in json.loads(done.stdout)}
    assert rows == {**SHARES, "今別町": 915_000}
