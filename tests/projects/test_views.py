"""Pages of projects, rounds and reports, by role."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import select

from tests import cast
from tests.pages import Page, PageClient
from tests.projects.makers import (
    FY,
    H1,
    WRITTEN,
    find_place,
    make_plan,
    make_project,
    make_round,
    save,
    submit,
    submit_before,
)
from tracker.accounts.queries import actor_of
from tracker.kernel.fiscal_year import FiscalYear
from tracker.plumbing.db import db
from tracker.plumbing.letters import Letter
from tracker.projects import actions, report_actions
from tracker.projects.planning import Part
from tracker.projects.report_queries import story
from tracker.projects.rules import Rating, ReportState

Browse = Callable[..., PageClient]
Inside = Callable[[], "SimpleNamespace"]


@pytest.fixture
def project_id(app: Flask) -> int:
    """A project of all five with an open round, nothing reported yet."""
    with app.app_context():
        project = make_project()
        make_round()
        return project.id


@pytest.fixture
def inside(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def path(project_id: int, slug: str = "imabetsu", period: object = H1) -> str:
    return f"/reports/{period}/{project_id}/{slug}"


def act(page: Page, ending: str) -> tuple[str, dict[str, str]]:
    """The one-button form whose address ends so."""
    form = page.one(f"main form[action$='{ending}']")
    return str(form["action"]), {"csrf_token": str(form.select_one("[name=csrf_token]")["value"])}


FILLED = {
    "value": "７",
    "rating": "slightly_late",
    "done": "栽培講座に町民7人が参加した。",
    "trouble": "会場が遠い。",
    "for_meeting": "y",
    "plan": "",
    "save": "next",
}


# --- the way of a report


def test_an_officer_reports_on_four_pages_with_three_clicks(
    browse: Browse, project_id: int
) -> None:
    officer = browse("officer", "imabetsu")
    form = officer.get(path(project_id))
    assert form.title == "農業研修事業"
    assert not form.all("input[type=radio][checked]")
    to_check = officer.post(path(project_id), {**form.fields(), **FILLED})
    check = officer.follow(to_check)
    assert check.title == "提出する内容の確認"
    assert "上期の目安10人に対し7人です。" in check.text
    done = officer.follow(officer.post(to_check.location, check.fields()))
    assert f"R8上-今別-{project_id:03}" in done.text
    assert "農業研修事業の報告を提出しました" in done.one(".done-panel h2").get_text()
    assert "今別町の報告はすべて提出されています" in done.text


def test_the_done_page_leads_to_the_next_report_left(
    app: Flask, browse: Browse, project_id: int
) -> None:
    with app.app_context():
        other = make_project(name="環境学習事業").id
        submit(find_place(project_id))
    done = browse("officer", "imabetsu").get(path(project_id) + "/done")
    assert done.link("次の事業へ（残り1）") == path(other)


def test_opening_a_report_writes_nothing(app: Flask, browse: Browse, project_id: int) -> None:
    browse("officer", "imabetsu").get(path(project_id))
    with app.app_context():
        assert story(find_place(project_id)).now.state is ReportState.NONE


def test_words_are_copied_from_last_time_and_numbers_never(
    app: Flask, browse: Browse, project_id: int
) -> None:
    with app.app_context():
        from tracker.projects.models import Project

        project = db.get_or_404(Project, project_id)
        submit_before(project, replace(WRITTEN, value=12, rating=Rating.ON_TRACK))
    page = browse("officer", "imabetsu").get(path(project_id))
    fields = page.fields()
    assert fields["done"] == WRITTEN.done and fields["plan"] == WRITTEN.plan
    assert fields["value"] == "" and "rating" not in fields and "for_meeting" not in fields
    assert "前回（令和7年度年度末）の文章を写してあります。" in page.text
    assert "12人（年間）" in page.text


def test_a_draft_is_closed_and_found_again(browse: Browse, project_id: int) -> None:
    officer = browse("officer", "imabetsu")
    form = officer.get(path(project_id))
    kept = officer.post(
        path(project_id), {**form.fields(), "done": "途中\r\nまで", "save": "draft"}
    )
    assert "下書きを保存しました" in officer.follow(kept).text
    again = officer.get(path(project_id)).fields()
    assert (again["done"], again["value"]) == ("途中\nまで", "")


def test_the_browser_saves_a_draft_by_itself(browse: Browse, project_id: int) -> None:
    officer = browse("officer", "imabetsu")
    fields = {**officer.get(path(project_id)).fields(), "done": "途中"}
    saved = officer.post(path(project_id), fields, headers={"X-Fragment": "1"})
    assert saved.response.get_data(as_text=True) == "10時00分 下書きを自動保存しました"
    assert saved.response.mimetype == "text/plain"
    version = saved.response.headers["X-Version"]
    stale = officer.post(path(project_id), {**fields, "done": "古い"}, headers={"X-Fragment": "1"})
    assert stale.status == 422
    assert "今別町 企画担当が先に直しました。" in stale.response.get_data(as_text=True)
    newer = {**fields, "version": version, "value": "約10"}
    wrong = officer.post(path(project_id), newer, headers={"X-Fragment": "1"})
    assert wrong.response.get_data(as_text=True) == (
        "下書きを保存できませんでした。参加者数は数字で入力してください（例 12）。全角でも入力できます。"
    )


def test_every_wrong_answer_is_said_at_its_field_and_kept(browse: Browse, project_id: int) -> None:
    officer = browse("officer", "imabetsu")
    form = officer.get(path(project_id))
    typed = {
        "value": "約10",
        "rating": "wonderful",
        "done": " ",
        "trouble": "困" * 401,
        "plan": "予" * 432,
        "save": "next",
    }
    page = officer.post(path(project_id), {**form.fields(), **typed})
    assert page.status == 422
    assert page.html.title.get_text().startswith("入力の確認 – ")
    for field, said in (
        ("value", "参加者数は数字で入力してください（例 12）。全角でも入力できます。"),
        ("rating", "事業の状況を1つ選んでください。"),
        ("done", "この半年に行ったことを入力してください。"),
        ("trouble", "400字までで入力してください（今 401字）。"),
        ("plan", "400字までで入力してください（今 432字）。"),
    ):
        assert said in page.one(f"#{field}-error").get_text()
    assert [a["href"] for a in page.all(".error-summary a")] == [
        *("#value", "#rating", "#done", "#trouble", "#plan")
    ]
    kept = page.fields()
    assert (kept["value"], kept["trouble"], kept["plan"]) == ("約10", "困" * 401, "予" * 432)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "今別町の参加者数を入力してください。いなかったときは「0」を入れてください。"),
        ("-1", "参加者数は0以上の整数で入力してください。"),
        ("1.5", "参加者数は0以上の整数で入力してください。"),
    ],
)
def test_a_number_is_asked_for_in_its_own_words(
    browse: Browse, project_id: int, value: str, said: str
) -> None:
    officer = browse("officer", "imabetsu")
    form = officer.get(path(project_id))
    page = officer.post(path(project_id), {**form.fields(), **FILLED, "value": value})
    assert page.status == 422 and said in page.one("#value-error").get_text()


def test_two_writers_see_both_texts(app: Flask, browse: Browse, project_id: int) -> None:
    officer = browse("officer", "imabetsu")
    form = officer.get(path(project_id))
    with app.app_context():
        save(find_place(project_id), replace(WRITTEN, done="先に書かれた文"))
    page = officer.post(path(project_id), {**form.fields(), **FILLED, "done": "私の文"})
    assert page.status == 422
    assert "今別町 企画担当が先に直しました。最新の内容を確かめて" in page.text
    assert "先に書かれた文" in page.text
    assert page.fields()["done"] == "私の文"
    # Seen now: saving once more keeps my own words.
    assert officer.post(path(project_id), {**page.fields(), "save": "next"}).status == 302
    assert officer.get(path(project_id)).fields()["done"] == "私の文"


def test_a_check_page_that_is_out_of_date_submits_nothing(
    app: Flask, browse: Browse, project_id: int
) -> None:
    officer = browse("officer", "imabetsu")
    with app.app_context():
        seen = save(find_place(project_id))
    check = officer.get(path(project_id) + "/check")
    with app.app_context():
        save(find_place(project_id), replace(WRITTEN, value=70), seen)
    page = officer.post(path(project_id) + "/check", check.fields())
    assert page.status == 422 and "先に直しました" in page.text and "70人" in page.text
    with app.app_context():
        assert story(find_place(project_id)).now.state is ReportState.DRAFT


def test_a_submitted_report_is_read_and_taken_back(
    app: Flask, browse: Browse, project_id: int
) -> None:
    with app.app_context():
        submit(find_place(project_id))
    officer = browse("officer", "imabetsu")
    page = officer.get(path(project_id))
    assert "栽培講座に町民7人" in page.text and not page.all("textarea")
    officer.get(path(project_id) + "/check", status=302)
    form = officer.follow(officer.post(*act(page, "/withdraw")))
    assert form.fields()["value"] == "7"


# --- who may


def test_nobody_writes_for_another_municipality(browse: Browse, project_id: int) -> None:
    officer = browse("officer", "hiranai")
    page = officer.get(path(project_id))
    assert "まだ提出されていません。" in page.text and not page.all("main textarea")
    token = {"csrf_token": str(page.html.select_one("[name=csrf_token]")["value"])}
    for ending in ("", "/check", "/withdraw"):
        assert officer.post(path(project_id) + ending, {**token, **FILLED}).status == 403
    for ending in ("/check", "/done"):
        officer.get(path(project_id) + ending, status=403)
    for ending in ("/confirm", "/return"):
        assert officer.post(path(project_id) + ending, {**token, "question": "?"}).status == 403


def test_the_office_never_writes_a_town_s_words(browse: Browse, project_id: int) -> None:
    office = browse("office")
    token = act(office.get("/reports/2026-h1"), "/close")[1]
    assert office.post(path(project_id), {**token, **FILLED}).status == 403
    assert office.get(path(project_id, "aomori")).all("main textarea")


def test_a_draft_is_read_by_its_own_municipality_alone(
    app: Flask, browse: Browse, project_id: int
) -> None:
    with app.app_context():
        for slug in ("imabetsu", "aomori"):
            save(find_place(project_id, slug), replace(WRITTEN, done="書きかけ"))
    for role, slug, where in (
        ("office", "aomori", "imabetsu"),
        ("lead", "aomori", "imabetsu"),
        ("officer", "hiranai", "imabetsu"),
        ("reader", "aomori", "imabetsu"),
        ("reader", "aomori", "aomori"),
        ("admin", "aomori", "aomori"),
    ):
        client = browse(role, slug)
        for address in (path(project_id, where), f"/projects/{project_id}", "/reports/2026-h1"):
            assert "書きかけ" not in client.get(address).text
    assert "書きかけ" in browse("confirmer", "imabetsu").get(path(project_id)).text


def test_troubles_are_read_by_their_owner_the_lead_and_the_hub(
    app: Flask, browse: Browse, project_id: int
) -> None:
    with app.app_context():
        submit(find_place(project_id))
    for role, slug, reads in (
        ("confirmer", "imabetsu", True),
        ("lead", "aomori", True),
        ("office", "aomori", True),
        ("officer", "hiranai", False),
        ("reader", "aomori", False),
        ("admin", "aomori", False),
    ):
        page = browse(role, slug).get(path(project_id))
        assert "栽培講座に町民7人" in page.text
        assert (WRITTEN.trouble in page.text) is reads, role


def test_a_question_is_read_where_troubles_are(app: Flask, browse: Browse, project_id: int) -> None:
    with app.app_context():
        submit(find_place(project_id))
        lead = actor_of(cast.email("lead"))
        report_actions.return_report(find_place(project_id), "名簿では？", by=lead, at=cast.NOW)
    own = browse("officer", "imabetsu").get(path(project_id))
    assert "青森市 農業振興センターから、確認のお願いです" in own.text and "名簿では？" in own.text
    for role, slug, reads in (("office", "aomori", True), ("officer", "hiranai", False)):
        client = browse(role, slug)
        for address in (path(project_id), f"/projects/{project_id}"):
            assert ("名簿では？" in client.get(address).text) is reads


# --- the lead


def test_the_lead_confirms_from_the_inbox(app: Flask, browse: Browse, project_id: int) -> None:
    with app.app_context():
        submit(find_place(project_id))
        submit(find_place(project_id, "hiranai"), replace(WRITTEN, value=20))
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
    assert inbox.all("tbody tr")[-1].select_one(".chip-ok") is not None
    page = browse("officer", "imabetsu").get(path(project_id))
    assert "確認済み" in page.text and not page.all("form[action$='/withdraw']")


def test_a_report_goes_back_only_with_a_question(
    app: Flask, browse: Browse, project_id: int
) -> None:
    with app.app_context():
        submit(find_place(project_id))
    lead = browse("lead")
    page = lead.fill(path(project_id), {"question": " "})
    assert page.status == 422
    assert "どこを、どう直していただきたいかを書いてください。" in page.one("#question-error").text
    assert lead.fill(path(project_id), {"question": "名簿では7人です。"}).status == 302
    with app.app_context():
        assert story(find_place(project_id)).now.question == "名簿では7人です。"


def test_only_the_lead_s_municipality_checks(app: Flask, browse: Browse) -> None:
    with app.app_context():
        led = make_project(lead="hiranai", lead_post_id=None).id
        make_round()
        submit(find_place(led))
    lead = browse("lead")
    page = lead.get(path(led))
    assert not page.all("form[action$='/confirm']")
    token = {"csrf_token": str(page.html.select_one("[name=csrf_token]")["value"])}
    assert lead.post(path(led) + "/confirm", token).status == 403
    assert "確認していただく報告はありません。" in lead.get("/reports/2026-h1/inbox").text
    browse("officer", "imabetsu").get("/reports/2026-h1/inbox", status=403)


def test_confirming_twice_says_so(app: Flask, browse: Browse, project_id: int) -> None:
    with app.app_context():
        submit(find_place(project_id))
    lead = browse("lead")
    confirm = act(lead.get(path(project_id)), "/confirm")
    assert lead.post(*confirm).status == 302
    again = lead.post(*confirm)
    assert again.status == 422 and "この報告はすでに確認済みです。" in again.text


# --- rounds


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
        submit(find_place(project_id))
        other = make_project(name="環境学習事業").id
        save(find_place(make_project(name="観光事業").id))
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
        submit(find_place(project_id))
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


# --- projects


def test_a_year_without_projects_begins_with_a_copy(app: Flask, browse: Browse) -> None:
    with app.app_context():
        make_project(year=FiscalYear(2025))
    officer, office = browse("officer", "imabetsu"), browse("office")
    page = officer.get("/projects")
    assert "令和8年度の事業はまだ登録されていません。" in page.text
    assert not page.all("main form[method=post]")
    page = office.follow(office.post(*act(office.get("/projects"), "/projects/copy?fy=2026")))
    assert "令和7年度の1事業を令和8年度に写しました。" in page.text
    assert page.link("農業研修事業").endswith("?fy=2026")


def test_the_list_says_what_a_project_is(browse: Browse, project_id: int) -> None:
    page = browse("reader").get("/projects?fy=2026")
    assert [cell.get_text(" ", strip=True) for cell in page.one("tbody tr").select("th, td")] == [
        "農業研修事業",
        "1-1　戦略的な観光施策の展開",
        "青森市 農業振興センター",
        "5",
        "5,000",
    ]


def test_a_list_is_fifty_a_page_and_costs_the_same_however_long(app: Flask, browse: Browse) -> None:
    with app.app_context():
        for number in range(5):
            make_project(name=f"事業{number:02}", indicator=None, parts={"imabetsu": Part()})
        make_round()
    office = browse("office")
    few = {where: count(office, where) for where in ("/projects", "/reports/2026-h1")}
    with app.app_context():
        for number in range(5, 60):
            make_project(name=f"事業{number:02}", indicator=None, parts={"imabetsu": Part()})
    many = {where: count(office, where) for where in ("/projects", "/reports/2026-h1")}
    assert few == many
    page = office.get("/projects?page=2")
    assert len(page.all("tbody tr")) == 10
    assert "60事業" in page.text and "2ページ中 2ページ目" in page.text


def count(client: PageClient, where: str) -> int:
    client.get(where)
    return len(client.get(where).queries)


def test_the_project_page_shows_a_partial_total_as_such(
    app: Flask, browse: Browse, project_id: int
) -> None:
    with app.app_context():
        from tracker.projects.models import Project

        project = db.get_or_404(Project, project_id)
        submit_before(project, replace(WRITTEN, value=12))
        for slug, value in (("aomori", 210), ("hiranai", 31), ("yomogita", 6)):
            submit(find_place(project_id, slug), replace(WRITTEN, value=value))
        actions.change_project(
            project, make_plan(comment="会場を増やします。"), project.version, by=None, at=cast.NOW
        )
    page = browse("officer", "imabetsu").get(f"/projects/{project_id}")
    assert "5市町村のうち3市町村が報告済み" in page.text
    assert "上期は3市町村分" in page.text and "会場を増やします。" in page.text
    rows = [
        [cell.get_text(strip=True) for cell in row.select("td.num")]
        for row in page.all("#breakdown tbody tr")
    ]
    assert rows == [
        ["—", "210", "20"],
        ["—", "31", "20"],
        ["12", "—", "20"],
        ["—", "6", "20"],
        ["—", "—", "20"],
    ]
    totals = [cell.get_text(strip=True) for cell in page.all("#breakdown tfoot td.num")]
    assert totals == ["12", "247", "100"]
    said = page.one("#indicator-title").get_text()
    assert "令和8年度（上期のみ） 247人（目標 100人）" in said
    assert "令和7年度（1市町村分） 12人" in said
    assert "今別町・外ヶ浜町：上期の報告を出す" in page.text
    assert "青森市 農業振興センター：青森市・平内町・蓬田村の上期の報告を確認する" in page.text
    assert page.link("進捗を報告する") == path(project_id)


def test_a_project_without_reports_says_until_when(browse: Browse, project_id: int) -> None:
    page = browse("reader").get(f"/projects/{project_id}")
    assert "まだ報告がありません。最初の報告は11月30日（月）までです。" in page.text
    assert not page.all("a[href$='/edit?fy=2026']")


PROJECT = {
    "name": "環境学習事業",
    "summary": "親子の環境学習を行います。",
    "lead_section": "環境政策課",
    "indicator_name": "実施箇所数",
    "indicator_unit": "箇所",
    "part_aomori": "y",
    "budget_aomori": "1,200千円",
    "target_aomori": "３",
    "part_imabetsu": "y",
}


def measure_choice(page: Page) -> str:
    return str(page.one("#measure option:nth-of-type(2)")["value"])


def test_the_office_enters_a_project_and_mends_its_year(browse: Browse) -> None:
    office = browse("office")
    form = office.get("/projects/new")
    filled = {**form.fields(), **PROJECT, "measure": measure_choice(form)}
    page = office.follow(office.post("/projects/new", filled))
    assert page.title == "環境学習事業" and "1,200千円" in page.text
    edit = page.link("事業を直す")
    fields = office.get(edit).fields()
    assert fields["budget_aomori"] == "1,200,000" and fields["part_imabetsu"] == ["y"]
    del fields["part_imabetsu"]
    page = office.follow(office.post(edit, {**fields, "mark": "not_started"}))
    assert "未着手" in page.text and "今別町" not in page.one("#breakdown").get_text()


def test_a_project_with_every_field_wrong_keeps_what_was_typed(app: Flask, browse: Browse) -> None:
    with app.app_context():
        make_project()
    office = browse("office")
    typed = {
        "name": "",
        "summary": "あ" * 401,
        "measure": "x",
        "lead": "kyoto",
        "lead_section": " ",
        "lead_post": "999",
        "since_year": "昔",
        "indicator_name": "名" * 201,
        "indicator_unit": "単" * 21,
        "indicator_definition": "数" * 401,
        "mark": "x",
        "comment": "言" * 401,
        "part_imabetsu": "y",
        "budget_imabetsu": "いくらか",
        "actual_imabetsu": "-5",
        "target_imabetsu": "1.5",
    }
    page = office.fill("/projects/new", typed)
    assert page.status == 422
    for field, said in (
        ("name", "事業の名前を入力してください。"),
        ("summary", "今 401字"),
        ("measure", "連携施策を選んでください。"),
        ("lead", "主担当の市町村を選んでください。"),
        ("lead_section", "主担当の課・係の名前を"),
        ("lead_post", "お知らせの宛先を選んでください。"),
        ("since_year", "始まった年度を選んでください。"),
        ("indicator_name", "今 201字"),
        ("indicator_unit", "今 21字"),
        ("indicator_definition", "今 401字"),
        ("mark", "年度の扱いを1つ選んでください。"),
        ("comment", "今 401字"),
        ("budget_imabetsu", "金額は「115,000円」"),
        ("actual_imabetsu", "金額は0円以上で"),
        ("target_imabetsu", "今別町の目標は0以上の整数で"),
    ):
        assert said in page.one(f"#{field}-error").get_text()
    assert page.fields()["budget_imabetsu"] == "いくらか"


def test_a_project_is_refused_where_it_hurts(app: Flask, browse: Browse) -> None:
    with app.app_context():
        make_project()
    office = browse("office")
    form = office.get("/projects/new")
    filled = {**form.fields(), **PROJECT, "measure": measure_choice(form), "name": "農業研修事業"}
    page = office.post("/projects/new", filled)
    assert page.status == 422
    assert "同じ名前の事業があります。" in page.one("#name-error").get_text()
    assert page.fields()["budget_aomori"] == "1,200千円"


def test_two_editors_of_a_project_do_not_overwrite_each_other(
    app: Flask, browse: Browse, project_id: int
) -> None:
    office, lead = browse("office"), browse("lead")
    mine = office.get(f"/projects/{project_id}/edit").fields()
    assert lead.fill(f"/projects/{project_id}/edit", {"summary": "先に直した"}).status == 302
    page = office.post(f"/projects/{project_id}/edit", {**mine, "summary": "後から直した"})
    assert page.status == 422 and "先に直しました" in page.text
    assert page.fields()["summary"] == "後から直した"


def test_a_section_edits_the_projects_its_municipality_leads(
    app: Flask, browse: Browse, project_id: int
) -> None:
    with app.app_context():
        led = make_project(name="平内町の事業", lead="hiranai", lead_post_id=None).id
    lead = browse("lead")
    form = lead.get(f"/projects/{project_id}/edit")
    assert [o["value"] for o in form.all("#lead option")] == ["", "aomori"]
    lead.get(f"/projects/{led}/edit", status=403)
    browse("officer", "imabetsu").get("/projects/new", status=403)
    token = {"csrf_token": form.fields()["csrf_token"]}
    assert lead.post("/projects/copy?fy=2027", token).status == 403


# --- letters


def test_the_letters_read_as_agreed(app: Flask, project_id: int, inside: None) -> None:
    lead = actor_of(cast.email("lead"))
    place = find_place(project_id)
    submit(place)
    question = "参加者数が5人となっていましたが、受講者名簿では7人です。ご確認をお願いします。"
    report = report_actions.return_report(place, question, by=lead, at=cast.NOW)
    version = save(place, WRITTEN, report.version)
    officer = actor_of(cast.email("officer", "imabetsu"))
    report_actions.submit(place, version, by=officer, at=cast.NOW)
    report_actions.confirm(place, by=lead, at=cast.NOW)
    found = {
        letter.kind: letter
        for letter in db.session.scalars(
            select(Letter).where(Letter.to_email == "officer@imabetsu.example")
        )
    }
    request, returned, thanks = (
        found[kind] for kind in ("report_request", "report_returned", "report_confirmed")
    )
    assert request.subject == ("【御依頼】令和8年度上期の連携事業 進捗報告について（11月30日まで）")
    assert (
        "令和8年度上期（4月〜9月）の進捗報告の時期と\n"
        "なりました。今別町に御参加いただいている\n"
        "1事業について、御報告をお願いいたします。\n\n"
        "　期限　令和8年11月30日（月）17時\n"
        "　目安　1事業あたり約2分\n\n"
        "前回の文章をあらかじめ入れてあります。\n"
    ) in request.body
    assert "　https://renkei.example.lg.jp/reports/2026-h1\n" in request.body
    assert returned.subject == "【御確認のお願い】「農業研修事業」の報告について"
    assert (
        "　確認したいこと\n"
        "　　参加者数が5人となっていましたが、受講者名簿では7人です。\n"
        "　　ご確認をお願いします。\n"
    ) in returned.body
    assert returned.path == path(project_id) and path(project_id) in returned.body
    assert thanks.subject == "【御礼】上期の進捗報告がそろいました"
    assert "今別町の上期の進捗報告は、1事業すべて\n確認済みとなりました。" in thanks.body
    for letter in found.values():
        assert letter.body.startswith("今別町 企画担当 様\n")
        for line in letter.body.splitlines():
            assert "http" in line or len(line) <= 35, line


def test_a_covering_note_stands_in_the_letter_in_short_lines(app: Flask, inside: None) -> None:
    make_project(parts={"imabetsu": Part()})
    make_round(
        note="今回から、相談の欄が市町村長会議の議題の候補になります。ぜひお使いください。\n\n以上"
    )
    body = db.session.scalars(select(Letter.body)).one()
    assert (
        "今回から、相談の欄が市町村長会議の議題の候補になります。\nぜひお使いください。\n\n以上\n"
    ) in body


def test_a_year_end_report_is_asked_for_as_such(app: Flask, browse: Browse) -> None:
    with app.app_context():
        project = make_project(year=FiscalYear(2025))
        make_round(FY, date(2026, 12, 25))
        project_id = project.id
        assert "年度末の連携事業" in db.session.scalars(select(Letter.subject)).first()
    page = browse("officer", "imabetsu").get(path(project_id, period=FY))
    assert "この1年に行ったこと" in page.text and "上期の目安" not in page.text
