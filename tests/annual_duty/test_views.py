"""The list of meetings, and how the parties see one, by role."""

from tests import cast
from tests.meetings.makers import (
    EMPTY,
    ON_THE_DAY,
    make_fixed,
    make_meeting,
    press,
)
from tracker.meetings.models import MeetingRow, MeetingSeat
from tracker.plumbing.db import db


def test_a_year_without_a_meeting_says_so_and_offers_the_office_to_prepare_it(browse):
    page = browse("office").get("/meetings")
    assert EMPTY in page.text
    assert page.link("令和8年度の市町村長会議を準備する") == "/meetings/new?fy=2026"
    reader = browse("reader").get("/meetings")
    assert EMPTY in reader.text
    assert "準備する" not in reader.text
    for client, leads in ((browse("office"), True), (browse("reader"), False)):
        agreement = client.get("/agreements/1").one("#article-5-years")
        assert "令和8年度　準備を始める最後の日　令和9年2月22日（月）" in agreement.get_text()
        assert bool(agreement.select("a[href='/meetings/new?fy=2026']")) is leads


def test_a_deputy_is_recorded_and_both_parties_and_nobody_else_say_how_they_see_it(
    browse, app, now
):
    path = "/meetings/1"
    with app.app_context():
        make_fixed()
    office = browse("office")
    early = office.get(f"{path}/attendance")
    assert not early.all("main form[method=post]")
    assert "出席は、開催日（1月28日（木））から記録できます。" in early.text
    now.move_to(ON_THE_DAY)
    office = browse("office")
    empty = office.fill(f"{path}/attendance", {})
    assert empty.status == 422
    assert len(empty.all(".error-summary li")) == 5
    said = {f"attendance_{slug}": "head" for _, slug, *_ in cast.TOWNS}
    said["attendance_imabetsu"] = "deputy"
    wrong = office.fill(f"{path}/attendance", said)
    assert "代理の方の職・氏名を入力してください" in wrong.one(".error-summary").text
    page = office.follow(office.fill(f"{path}/attendance", {**said, "deputy_imabetsu": "副町長"}))
    row = page.all("#article5 tbody tr")[1].get_text(" ", strip=True)
    assert "今別町 代理（副町長）" in row and "青森市 未記録" in row
    assert [one.get_text(strip=True) for one in page.all("#article5 .chip")] == [
        *("開催済み", "日程決定", "開催済み", "開催済み")
    ]
    assert len(page.all(".view-form")) == 1
    # Only the parties find the buttons of their view, and nobody else may press them.
    stranger, officer = browse("officer", "hiranai"), browse("officer", "imabetsu")
    assert not browse("reader").get(path).all(".view-form")
    assert len(browse("confirmer", "imabetsu").get(path).all(".view-form")) == 1
    shown = stranger.get(path)
    assert not shown.all(".view-form")
    action = officer.get(path).one(".view-form")["action"]
    token = shown.one(".who [name=csrf_token]")["value"]
    assert stranger.post(action, {"csrf_token": token, "is_held": "yes"}).status == 403
    page = officer.follow(press(officer, path, "/view"))
    assert "どちらかのボタンを押してください。" in page.text
    for client in (office, officer):
        page = client.follow(press(client, path, "/view", is_held="yes"))
    assert "今別町 開催と見る" in page.text
    assert {one.get_text(strip=True) for one in page.all("#article5 .chip")} == {"開催済み"}


def test_meetings_of_long_ago_stand_on_pages_of_their_own(browse, app):
    with app.app_context():
        make_meeting()
        for year in range(2010, 2016):
            db.session.add(old := MeetingRow(fiscal_year=year, name="会議", place="庁議室"))
            db.session.flush()
            db.session.add(MeetingSeat(meeting_id=old.id, title="青森市長", nonce="n"))
        db.session.commit()
    page = browse("office").get("/meetings")
    assert [one.text for one in page.all("tbody th")] == ["令和8年度"]
    page = browse("office").get(page.link("以前の会議"))
    assert page.all("tbody th")[0].text == "平成27年度" and len(page.all("tbody th")) == 6
