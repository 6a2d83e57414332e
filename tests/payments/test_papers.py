"""Papers of payment say one figure, in every format, to whom it concerns."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask import Flask

from tests.cost_sharing.makers import SHARES, make_agreed, make_project, make_proposal, read
from tests.payments.makers import HALVES, TERMS, keeper, make_planned, make_receipt, part
from tests.whole.test_papers import amounts, numbers, squeezed, told, words
from tests.whole.test_papers import read as read_file
from tracker.cost_sharing.rules import Stage
from tracker.kernel.fiscal_year import FiscalYear
from tracker.operation.commands import papers as commands
from tracker.papers.kinds import document, kinds, paper
from tracker.payments import actions, papers, queries
from tracker.plumbing.db import db

PAGE = "/costs/2026-01/payments"


def made(kind: str, address: str) -> Any:
    """The paper, read back from each of its formats and found the same."""
    row = kinds()[kind]
    of = row.find(address)
    found = document(kind, of)
    for form in row.formats:
        file = paper(kind, of, form)
        # Days are days in a workbook, and a list is for programs.
        if kind != "payment_list":
            text = read_file(form, file)
            assert [one for one in words(found) if squeezed(one) not in text] == [], form
        if form == "xlsx":
            assert numbers(file) == [pytest.approx(float(one.value)) for one in amounts(found)]
    return found


def test_a_notice_without_a_plan_leaves_its_day_to_be_filled_in(app: Flask) -> None:
    with app.app_context():
        make_agreed()
        said = told(made("cost_notice", "2026-01"))
        assert said.count("長　様") == 4 and "納入期限\n令和　　年　　月　　日" in said
        assert kinds()["cost_bill"].find("2026-01-1") is None


def test_notice_and_bill_say_the_same_yen_and_days(app: Flask) -> None:
    with app.app_context():
        case = make_planned(terms=replace(HALVES, days=[date(2027, 1, 31), date(2027, 4, 30)]))
        plan, towns = queries.plan(read(case)), [part(case, "imabetsu").town]
        day = date(2026, 11, 24)
        actions.notify(keeper(), plan, 2, towns, day, "青連第12号", day, "青連第13号")
        notice = told(made("cost_notice", "2026-01-imabetsu"))
        assert "納入金額\n金115,000円" in notice and "納入期限\n下表のとおり" in notice
        assert "青連第12号\n令和8年11月24日\n今別町長　様\n青森市長" in notice
        assert "第2回\n57,500\n令和9年4月30日（令和8年度分）" in notice
        bill = told(made("cost_bill", "2026-01-2-imabetsu"))
        assert "青連第13号\n令和8年11月24日\n今別町長　様" in bill
        assert "請求金額\n金57,500円\n会計年度\n令和8年度分\n納入の区分\n第2回" in bill
        assert "納期限\n令和9年4月30日（令和8年度分）" in bill and "第2回（今回）" in bill
        # The arithmetic with its figures and their source stands on both.
        for said in (notice, bill):
            assert "2,334人 ／ 計295,593人" in said and "総務省統計局" in said
            assert "負担額\n\n\n115,000" in said
        assert told(made("cost_bill", "2026-01-1")).count("請　求　書") == 4
        assert told(made("cost_bill", "2026-01")).count("請　求　書") == 8
        listed = made("payment_list", "2026")
        assert sum(SHARES.values()) - SHARES["青森市"] in [one.value for one in amounts(listed)]


def test_a_settlement_that_gives_back_is_a_refund_and_no_notice(app: Flask) -> None:
    with app.app_context():
        project = make_project()
        make_agreed(project=project, stage=Stage.FIXED)
        cheaper = make_proposal(stage=Stage.RECONCILIATION, total_yen=3_120_000)
        last = make_agreed(cheaper, project=project, stage=Stage.RECONCILIATION)
        actions.plan(keeper(), last, replace(TERMS, refund_on=date(2027, 5, 31)))
        back = part(last, "imabetsu").yen
        said = told(made("cost_refund", "2026-02-imabetsu"))
        assert (
            f"還付金額\n金{back:,}円" in said
            and "還付の期日\n令和9年5月31日（令和8年度分）" in said
        )
        assert "概算の額\n金115,000円" in said
        of = papers.find("2026-02")
        assert [row.kind for row in papers.CASE_PAPERS if row.is_offered(of)] == ["cost_refund"]


def test_what_is_not_there_has_no_paper(app: Flask) -> None:
    with app.app_context():
        make_planned()
        find = kinds()["cost_bill"].find
        wrong = ("2026-01-3", "2026-01-0", "2026-01-nowhere", "2026-99", "x", "2026-01-1-nowhere")
        assert [one for one in wrong if find(one)] == [] and find("2026-01-1")


def test_each_gets_its_own_papers_and_the_lead_all(app: Flask, browse: Any) -> None:
    with app.app_context():
        make_receipt("aomori", make_planned())
        db.session.remove()
    town, bill = browse("officer", "imabetsu"), f"{PAGE}/papers/cost_bill.docx"
    town.get(bill, status=403)
    town.get(f"{bill}?number=1&town=hiranai", status=403)
    own = f"{bill}?number=1&town=imabetsu"
    links = [one.get("href") for one in town.get(f"{PAGE}/1/imabetsu").all("a")]
    assert own in links
    assert "平内町" not in read_file("docx", town.get(own).response.data)
    office = browse("office")
    for query in (
        "number=99",
        "number=x",
        "town=zzz",
        "number=99&town=zzz",
        "number=2&town=hiranai",
    ):
        office.get(f"{bill}?{query}", status=404)
    assert "平内町長" in read_file("docx", office.get(bill).response.data)
    office.get(f"{PAGE}/papers/cost_refund.pdf", status=404)
    office.get(f"{PAGE}/papers/cost_calculation.pdf", status=404)
    # The year's list as well is cut to its reader.
    assert "平内町" not in read_file("xlsx", town.get("/costs/payments/list.xlsx").response.data)
    assert "平内町" in office.get("/costs/payments/list.csv").response.data.decode("utf-8-sig")


def test_by_command(app: Flask, tmp_path: Any) -> None:
    with app.app_context():
        make_planned()
        assert FiscalYear(2026) in {papers.find_year("2026").year}
        assert papers.find_year("99") is None
        db.session.remove()
    run, file = app.test_cli_runner().invoke, tmp_path / "bill.docx"
    assert "cost_bill\t負担金請求書\tpdf docx xlsx" in run(commands, ["list"]).output
    assert run(commands, ["make", "cost_bill", "2026-01-1-hiranai", "-o", str(file)]).exit_code == 0
    assert "金168,000円" in read_file("docx", file.read_bytes())
