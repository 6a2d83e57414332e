"""Rounds, and how the lead checks what comes in."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests import cast
from tests.projects.makers import (
    FILLED,
    LATER,
    WRITTEN,
    Browse,
    act,
    make_late_project,
    make_project,
    make_round,
    path,
    report_of,
    save,
    submit,
    writer,
)
from tracker.amounts.exact import Exact
from tracker.history.history import HistoryEntry
from tracker.kernel.fiscal_year import FiscalYear, Half
from tracker.mail.letters import Letter
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects import queries
from tracker.projects.plans.rules import Part
from tracker.projects.reports import actions as report_actions
from tracker.projects.rules import Rating, ReportState


def test_before_the_first_round_the_page_says_so(browse: Browse) -> None:
    page = browse("officer", "imabetsu").get("/reports")
    assert "進捗報告のお願いはまだ出ていません。" in page.text
    assert not page.all("a[href='/reports/new']")


def test_the_office_opens_a_round_and_sees_who_has_reported(app: Flask, browse: Browse) -> None:
    with app.app_context():
        make_project()
    office = browse("office")
    asked = {"period": "2026-h1", "due_on": "11/30", "covering_note": "よろしくお願いします。"}
    page = office.follow(office.fill("/reports/new", asked))
    assert page.title == "令和8年度上期の進捗報告"
    assert "令和8年11月30日（月）17時" in page.text and "あと6日" in page.text
    assert len(page.all("table.mx .cell")) == 5
    assert office.get("/reports", status=302).location == "/reports/2026-h1"
    assert office.get("/reports?period=2026-fy", status=302).location == "/reports/2026-fy"
    browse("officer", "imabetsu").get("/reports/new", status=403)


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"period": ""}, "period", "期間を選んでください。"),
        ({"period": "2026-h9"}, "period", "期間を選んでください。"),
        ({"due_on": ""}, "due_on", "期限を入力してください。"),
        ({"due_on": "らいげつ"}, "due_on", "日付は「令和8年11月30日」"),
        ({"due_on": "11/28"}, "due_on", "11月28日は土曜日です。"),
        (
            {"due_on": "令和80年11月28日"},
            "due_on",
            "令和80年（2098年）11月28日になっています。年を確かめて、期限は令和11年3月31日まで",
        ),
        ({"due_on": "9999年12月31日"}, "due_on", "（9999年）12月31日になっています。年を確かめて"),
        ({"covering_note": "あ" * 401}, "covering_note", "今 401字"),
        ({"period": "2025-fy"}, "period", "令和7年度の事業がまだ登録されていません。"),
    ],
)
def test_a_round_that_cannot_be_says_why(
    app: Flask, browse: Browse, changes: dict[str, str], field: str, said: str
) -> None:
    with app.app_context():
        make_project()
    typed = {"period": "2026-h1", "due_on": "11/30", "covering_note": "", **changes}
    page = browse("office").fill("/reports/new", typed)
    assert page.status == 422
    assert said in page.one(f"#{field}-error").get_text()
    assert page.fields()["due_on"] == typed["due_on"]


def test_an_officer_sees_what_is_left_first(app: Flask, browse: Browse, project_id: int) -> None:
    with app.app_context():
        submit(report_of(project_id))
        other = make_late_project(name="環境学習事業").id
        save(report_of(make_late_project(name="観光事業").id))
    page = browse("officer", "imabetsu").get("/reports/2026-h1")
    assert [li.get_text(" ", strip=True) for li in page.all(".own-reports li")] == [
        "観光事業 下書きあり 続きから ：観光事業",
        "環境学習事業 未提出 始める ：環境学習事業",
        "農業研修事業 確認中 見る ：農業研修事業",
    ]
    assert page.link("環境学習事業") == path(other)
    assert "2件 残り" in page.text


def test_reports_not_submitted_in_time_are_overdue(
    app: Flask, browse: Browse, project_id: int, now: object
) -> None:
    with app.app_context():
        submit(report_of(project_id))
    now.move_to(cast.NOW.replace(month=12, day=3))  # type: ignore[attr-defined]
    page = browse("office").get("/reports/2026-h1")
    assert [list(cell.strings)[-1] for cell in page.all("table.mx .cell")] == [
        *("期限超過", "期限超過", "確認中", "期限超過", "期限超過")
    ]


def test_a_closed_round_takes_nothing_more(browse: Browse, project_id: int) -> None:
    office, officer = browse("office"), browse("officer", "imabetsu")
    form = officer.get(path(project_id))
    page = office.get("/reports/2026-h1")
    assert "まだ提出されていない報告が5件あります。" in page.text
    page = office.follow(office.post(*act(page, "/close")))
    assert "締切り済み" in page.text and not page.all("form[action$='/close']")
    late = officer.post(path(project_id), {**form.fields(), **FILLED})
    assert late.status == 422 and "この期間の報告は締め切りました。" in late.text
    assert late.fields()["done"] == FILLED["done"]
    assert not officer.get(path(project_id)).all("main textarea")


@pytest.mark.parametrize(
    "address",
    [
        "/reports/2026-h2",
        "/reports/2020-h1",
        "/reports/2026-h1/999/imabetsu",
        "/reports/2026-h1/1/nowhere",
        "/reports/2025-h1/1/imabetsu",
        "/projects/999",
        "/projects/999/edit",
        "/projects?fy=26",
        "/projects?fy=abc",
        "/projects?page=0",
        "/projects?page=99",
    ],
)
def test_an_address_of_nothing_is_not_found(browse: Browse, project_id: int, address: str) -> None:
    browse("office").get(address, status=404)


def test_the_lead_confirms_from_the_inbox(app: Flask, browse: Browse, project_id: int) -> None:
    with app.app_context():
        submit(report_of(project_id))
        submit(report_of(project_id, "hiranai"), replace(WRITTEN, values={1: Exact(20)}))
    lead = browse("lead")
    inbox = lead.get("/reports/2026-h1/inbox")
    assert [row.select_one("td").get_text() for row in inbox.all("tbody tr")] == [
        "今別町",
        "平内町",
    ]
    assert "上期の目安10人に対し7人です。" in inbox.text
    page = lead.get(path(project_id))
    inbox = lead.follow(lead.post(*act(page, "/confirm")))
    assert "今別町「農業研修事業」を確認済みにしました。" in inbox.text
    assert inbox.one("details tbody tr .chip-ok") is not None
    page = browse("officer", "imabetsu").get(path(project_id))
    assert "確認済み" in page.text and not page.all("form[action$='/withdraw']")


def test_a_report_goes_back_only_with_a_question(
    app: Flask, browse: Browse, project_id: int
) -> None:
    with app.app_context():
        submit(report_of(project_id))
    lead = browse("lead")
    page = lead.fill(path(project_id), {"question": "\u200b\u3000"})
    assert page.status == 422
    assert "どこを、どう直していただきたいかを書いてください。" in page.one("#question-error").text
    assert lead.fill(path(project_id), {"question": "名簿では7人です。"}).status == 302
    with app.app_context():
        assert report_of(project_id).question == "名簿では7人です。"


def test_what_needs_no_second_look_is_confirmed_at_one_go(
    app: Flask, browse: Browse, project_id: int, now: object
) -> None:
    fine = replace(WRITTEN, values={1: Exact(20)}, rating=Rating.ON_TRACK)
    with app.app_context():
        for slug, content in (
            ("aomori", fine),
            ("hiranai", fine),
            ("imabetsu", replace(fine, values={1: Exact(3)})),
            ("yomogita", replace(fine, rating=Rating.LATE)),
        ):
            submit(report_of(project_id, slug), content)
    lead = browse("lead")
    page = lead.get("/reports/2026-h1/inbox")
    assert "気になる点のない2件をまとめて確認済みにする" in page.text
    with app.app_context():
        later = cast.NOW.replace(minute=5)
        submit(report_of(project_id, "sotogahama"), fine, later)
    page = lead.follow(lead.post("/reports/2026-h1/inbox", page.fields()))
    assert "2件をまとめて確認済みにしました。" in page.text
    with app.app_context():
        confirmed = {
            row.town.slug
            for row in queries.of_year(FiscalYear(2026), Half.H1)
            if row.state is ReportState.CONFIRMED
        }
        assert confirmed == {"aomori", "hiranai"}  # 外ヶ浜町 came after the page was shown
        thanked = db.session.scalars(
            select(Letter.to_email).where(Letter.kind == "report_confirmed")
        )
        assert sorted(thanked) == ["lead@aomori.example", "officer@hiranai.example"]


def test_a_report_written_anew_meanwhile_stops_the_whole_press(
    app: Flask, browse: Browse, project_id: int
) -> None:
    fine = replace(WRITTEN, values={1: Exact(20)}, rating=Rating.DONE)
    with app.app_context():
        for slug in ("aomori", "hiranai"):
            submit(report_of(project_id, slug), fine)
    lead = browse("lead")
    shown = lead.get("/reports/2026-h1/inbox").fields()
    with app.app_context():
        place = report_of(project_id, "hiranai")
        report_actions.withdraw(Act(writer("hiranai"), LATER), place)
        submit(place, replace(fine, values={1: Exact(21)}), LATER)
    page = lead.post("/reports/2026-h1/inbox", shown)
    assert page.status == 409
    assert (
        "「平内町 農業研修事業」は、平内町 企画担当が11月24日 11:00に先に直しました。" in page.text
    )
    assert "21人" in page.text
    with app.app_context():
        states = {report_of(project_id, slug).state for slug in ("aomori", "hiranai")}
        assert states == {ReportState.SUBMITTED}
    assert "2件をまとめて" in lead.follow(lead.post("/reports/2026-h1/inbox", page.fields())).text


@pytest.mark.parametrize("seen", ["", "yesterday", "99"])
def test_what_nobody_saw_confirms_nothing(
    app: Flask, browse: Browse, project_id: int, seen: str
) -> None:
    with app.app_context():
        for slug in ("aomori", "hiranai"):
            submit(
                report_of(project_id, slug),
                replace(WRITTEN, values={1: Exact(20)}, rating=Rating.DONE),
            )
    lead = browse("lead")
    fields = lead.get("/reports/2026-h1/inbox").fields()
    forged = {
        name: seen if name.endswith("hiranai-seen") else kept for name, kept in fields.items()
    }
    assert lead.post("/reports/2026-h1/inbox", forged).status == 409
    without = {name: kept for name, kept in fields.items() if not name.endswith("-seen")}
    page = lead.post("/reports/2026-h1/inbox", without)
    assert page.status == 422 and "まとめて確認済みにする報告がありません。" in page.text
    with app.app_context():
        assert report_of(project_id, "hiranai").state is ReportState.SUBMITTED


def test_only_the_lead_s_municipality_checks(app: Flask, browse: Browse) -> None:
    with app.app_context():
        led = make_project(lead="hiranai", lead_post_id=None).id
        make_round()
        submit(report_of(led))
    lead = browse("lead")
    page = lead.get(path(led))
    assert not page.all("form[action$='/confirm']")
    token = {"csrf_token": str(page.html.select_one("[name=csrf_token]")["value"])}
    assert lead.post(path(led) + "/confirm", token).status == 403
    assert "確認していただく報告はありません。" in lead.get("/reports/2026-h1/inbox").text
    # Whoever leads it has no section: its officers check.
    assert "今別町" in browse("officer", "hiranai").get("/reports/2026-h1/inbox").text
    browse("reader").get("/reports/2026-h1/inbox", status=403)


def test_confirming_twice_is_done_once(app: Flask, browse: Browse, project_id: int) -> None:
    with app.app_context():
        submit(report_of(project_id))
    lead, other = browse("lead"), browse("lead")
    confirm, theirs = (act(one.get(path(project_id)), "/confirm") for one in (lead, other))
    first, again = lead.post(*confirm), lead.post(*confirm)
    assert (first.status, first.location) == (302, again.location)
    # Another page of the same report is out of date by now.
    late = other.post(*theirs)
    assert late.status == 409 and "ほかの画面で" in late.text
    with app.app_context():
        told = select(func.count()).where(HistoryEntry.verb == "report.confirmed")
        assert db.session.scalar(told) == 1


def test_the_office_moves_the_due_day_and_says_whether_a_letter_goes_out(
    browse: Browse, project_id: int
) -> None:
    office = browse("office")
    address = office.get("/reports/2026-h1").link("期限を変える")
    assert "今の期限は令和8年11月30日（月）17時です。" in office.get(address).text
    page = office.fill(address, {"due_on": "11/28", "telling": "never"})
    assert page.status == 422 and page.fields()["telling"] == ["never"]
    assert "11月28日は土曜日です。" in page.one("#due_on-error").text
    page = office.follow(office.fill(address, {"due_on": "12/4", "telling": "always"}))
    assert "期限を変えました。お知らせの手紙を5通送ります。" in page.text
    assert "令和8年12月4日（金）17時" in page.text and "あと10日" in page.text
    browse("officer", "imabetsu").get(address, status=403)
    office.post(*act(page, "/close"))
    assert office.get(address, status=302).location == "/reports/2026-h1"


def test_the_office_takes_reports_again_and_the_reason_stands_on_the_page(
    browse: Browse, project_id: int
) -> None:
    office, officer = browse("office"), browse("officer", "imabetsu")
    address = "/reports/2026-h1/reopen"
    assert office.get(address, status=302).location == "/reports/2026-h1"
    page = office.follow(office.post(*act(office.get("/reports/2026-h1"), "/close")))
    assert page.link("もう一度受け付ける") == address
    page = office.fill(address, {"due_on": "12/4", "reason": "  "})
    assert page.status == 422 and page.fields()["due_on"] == "12/4"
    assert "理由を入力してください。" in page.one("#reason-error").text
    page = office.follow(office.fill(address, {"due_on": "12/4", "reason": "豪雪のため。"}))
    assert "もう一度受け付けます。お知らせの手紙を5通送ります。" in page.text
    assert "青森市 連携推進担当がもう一度受け付けました。" in page.text
    assert "理由：豪雪のため。" in officer.get("/reports/2026-h1").text
    assert officer.get(path(project_id)).all("main textarea")
    officer.get(address, status=403)


def test_what_is_not_in_the_round_stands_on_its_page_with_a_button_for_the_office(
    app: Flask, browse: Browse, project_id: int
) -> None:
    with app.app_context():
        make_project(name="環境学習事業", parts={"hiranai": Part(), "imabetsu": Part()})
    office = browse("office")
    page = office.get("/reports/2026-h1")
    assert "平内町・今別町" in page.one("#unasked").get_text()
    assert not browse("lead").get("/reports/2026-h1").all("#unasked")
    ending = page.one("#unasked form")["action"]
    page = office.follow(office.post(*act(page, str(ending))))
    assert "「環境学習事業」をこの回に加えました。お知らせの手紙を2通送ります。" in page.text
    assert not page.all("#unasked") and len(page.all("table.mx .cell")) == 7


def test_the_round_s_page_asks_again_whoever_is_late(app: Flask, browse: Browse) -> None:
    with app.app_context():
        make_project()
        make_round()
    office = browse("office")
    page = office.get("/reports/2026-h1")
    form = next(one for one in page.all("form") if str(one["action"]).endswith("/ask-again"))
    fields = {str(one["name"]): str(one["value"]) for one in form.select("input")}
    page = office.follow(office.post("/reports/2026-h1/ask-again", fields))
    assert "へもう一度お願いを送ります。" in page.text
    assert "もう一度お願いする" not in browse("officer", "imabetsu").get("/reports/2026-h1").text
