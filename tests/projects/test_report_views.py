"""Writing and reading one report, by role."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import update

from tests import cast
from tests.projects.makers import (
    FILLED,
    WRITTEN,
    Browse,
    act,
    make_late_project,
    path,
    report_of,
    save,
    submit,
    submit_before,
)
from tracker.accounts.queries import actor_of
from tracker.amounts.exact import Exact
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects.models import Project
from tracker.projects.reports import actions as report_actions
from tracker.projects.rules import Rating, ReportState


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
    assert "青森市 農業振興センターが確認します" in done.text
    assert "農業研修事業の報告を提出しました" in done.one(".done-panel h2").get_text()
    assert "今別町の報告はすべて提出されています" in done.text


def test_the_done_page_leads_to_the_next_report_left(
    app: Flask, browse: Browse, project_id: int
) -> None:
    with app.app_context():
        other = make_late_project(name="環境学習事業").id
        submit(report_of(project_id))
    with app.app_context():
        # As the plan words it; no post is called so, and the one named checks.
        db.session.execute(update(Project).values(lead_section="教育委員会事務局"))
        db.session.commit()
    done = browse("officer", "imabetsu").get(path(project_id) + "/done")
    assert done.link("次の事業へ（残り1）") == path(other)
    assert "青森市 農業振興センターが確認します" in done.text and "教育委員会" not in done.text


def test_opening_a_report_writes_nothing(app: Flask, browse: Browse, project_id: int) -> None:
    browse("officer", "imabetsu").get(path(project_id))
    with app.app_context():
        assert report_of(project_id).state is ReportState.NONE


def test_words_are_copied_from_last_time_and_numbers_never(
    app: Flask, browse: Browse, project_id: int
) -> None:
    with app.app_context():
        project = db.get_or_404(Project, project_id)
        submit_before(project, replace(WRITTEN, values={1: Exact(12)}, rating=Rating.ON_TRACK))
    page = browse("officer", "imabetsu").get(path(project_id))
    fields = page.fields()
    assert fields["done"] == WRITTEN.done and fields["plan"] == WRITTEN.plan
    assert fields["value"] == "" and "rating" not in fields and "for_meeting" not in fields
    assert "前回（令和7年度末）の文章を写してあります。" in page.text
    assert "12人（年間）" in page.text


def test_a_draft_is_closed_and_found_again(browse: Browse, project_id: int) -> None:
    officer = browse("officer", "imabetsu")
    form = officer.get(path(project_id))
    kept = officer.post(
        path(project_id), {**form.fields(), "done": "途中\r\nまで", "save": "draft"}
    )
    assert "下書きを保存しました" in officer.follow(kept).text
    officer.post(
        path(project_id), {**officer.get(path(project_id)).fields(), "save": "draft", "plan": "次"}
    )
    said = browse("office").get("/audit").text
    assert "令和8年11月24日" in said, "seven years of entries are told apart"
    assert "の報告を書き始めました。" in said and "の報告の下書きを保存しました。" in said
    again = officer.get(path(project_id)).fields()
    assert (again["done"], again["value"]) == ("途中\nまで", "")


def test_the_browser_saves_a_draft_by_itself(browse: Browse, project_id: int) -> None:
    officer = browse("officer", "imabetsu")
    fields = {**officer.get(path(project_id)).fields(), "done": "途中"}
    saved = officer.post(path(project_id), fields, headers={"X-Fragment": "1"})
    assert saved.response.get_data(as_text=True) == "10時00分 下書きを自動保存しました"
    assert saved.response.mimetype == "text/plain"
    seen = saved.response.headers["X-Seen"]
    stale = officer.post(path(project_id), {**fields, "done": "古い"}, headers={"X-Fragment": "1"})
    assert stale.status == 409
    assert "ほかの画面で11月24日 10:00に先に直しました。" in stale.response.get_data(as_text=True)
    newer = {**fields, "seen": seen, "value": "約10"}
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
        save(report_of(project_id), replace(WRITTEN, done="先に書かれた文"))
    page = officer.post(path(project_id), {**form.fields(), **FILLED, "done": "私の文"})
    assert page.status == 409
    assert "ほかの画面で11月24日 10:00に先に直しました。" in page.text
    assert "先に書かれた文" in page.one(".conflict").get_text()
    assert page.fields()["done"] == "私の文"
    # Seen now: saving once more keeps my own words.
    assert officer.post(path(project_id), {**page.fields(), "save": "next"}).status == 302
    assert officer.get(path(project_id)).fields()["done"] == "私の文"


def test_a_check_page_that_is_out_of_date_submits_nothing(
    app: Flask, browse: Browse, project_id: int
) -> None:
    officer = browse("officer", "imabetsu")
    with app.app_context():
        seen = save(report_of(project_id)).seen
    check = officer.get(path(project_id) + "/check")
    with app.app_context():
        save(report_of(project_id), replace(WRITTEN, values={1: Exact(70)}), seen)
    page = officer.post(path(project_id) + "/check", check.fields())
    assert page.status == 409 and "先に直しました" in page.text and "70人" in page.text
    with app.app_context():
        assert report_of(project_id).state is ReportState.DRAFT


def test_a_submitted_report_is_read_and_taken_back(
    app: Flask, browse: Browse, project_id: int
) -> None:
    with app.app_context():
        submit(report_of(project_id))
    officer = browse("officer", "imabetsu")
    page = officer.get(path(project_id))
    assert "栽培講座に町民7人" in page.text and not page.all("textarea")
    officer.get(path(project_id) + "/check", status=302)
    form = officer.follow(officer.post(*act(page, "/withdraw")))
    assert form.fields()["value"] == "7"


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
            save(report_of(project_id, slug), replace(WRITTEN, done="書きかけ"))
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
        submit(report_of(project_id))
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
        submit(report_of(project_id))
        lead = actor_of(cast.email("lead"))
        report_actions.return_report(Act(lead, cast.NOW), report_of(project_id), "名簿では？")
    own = browse("officer", "imabetsu").get(path(project_id))
    assert "青森市 農業振興センターから、確認のお願いです" in own.text and "名簿では？" in own.text
    for role, slug, reads in (("office", "aomori", True), ("officer", "hiranai", False)):
        client = browse(role, slug)
        for address in (path(project_id), f"/projects/{project_id}"):
            assert ("名簿では？" in client.get(address).text) is reads
