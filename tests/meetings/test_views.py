"""The pages of the meeting by role, and the secretaries' page."""

from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy import func, select

from tests import cast
from tests.app_fixtures import copy_database
from tests.meetings.makers import (
    ANSWERS,
    DATES,
    EMPTY,
    ON_THE_DAY,
    dates_of,
    letters,
    make_answers,
    make_fixed,
    make_meeting,
    press,
    seat_of,
)
from tests.sent import last_link
from tracker.annual_duty.queries import agreement_standings
from tracker.history import history
from tracker.kernel.fiscal_year import FiscalYear
from tracker.mail.letters import Letter, LetterState
from tracker.meetings import actions, queries
from tracker.meetings.models import MeetingRow, PollAnswer
from tracker.meetings.poll import actions as poll_actions
from tracker.meetings.rules import Candidate, Standing
from tracker.plumbing.changes import NOT_OF_THIS, Act
from tracker.plumbing.db import db

BASE = "https://renkei.example.lg.jp"
LATE = "回答の期限（11月27日）を過ぎました。青森市 連携推進担当（017-000-0000）へお電話ください。"


@pytest.fixture
def made(app):
    """made(make_fixed): runs a maker in the application and gives the meeting's path."""

    def run(make, *args, **kwargs):
        with app.app_context():
            meeting = make(*args, **kwargs)
            return f"/meetings/{meeting.id}" if isinstance(meeting, MeetingRow) else meeting

    return run


@pytest.fixture
def sqlite_url(request, tmp_path):
    """With the poll that `polling` stands for already in it."""
    name = "polling" if "polling" in request.fixturenames else "cast"
    return copy_database(name, "sqlite", tmp_path)


@pytest.fixture
def polling(app):
    """The poll of the shots: three heads have answered; the meeting's path."""
    return "/meetings/1"


@pytest.fixture
def link(app):
    """link("imabetsu"): the secretary's link as it stands in the newest letter that went out."""

    def find(slug):
        with app.app_context():
            return last_link(f"secretary@{slug}.example", "/p/")

    return find


def count(app, what):
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(what))


def test_a_fiscal_year_leads_to_its_meeting(browse, made):
    office = browse("office")
    assert office.get("/meetings/2026", status=302).location == "/meetings"
    path = made(make_meeting)
    assert office.get("/meetings/2026", status=302).location == path
    for nowhere in ("/meetings/99", "/meetings/9999", "/meetings/99/notice"):
        office.get(nowhere, status=404)


def test_the_office_prepares_the_meeting_in_three_pages(browse, app):
    office = browse("office")
    asked = office.get("/meetings/new?fy=2026")
    assert len(asked.all("ol.date-rows li")) == 8
    assert asked.fields()["days-0-on"] == "令和8年12月22日"
    check = office.fill(
        "/meetings/new?fy=2026",
        {"days-0-on": "1/28", "days-0-begins": "14時", "days-0-ends": "15時半", "days-4-on": "",
         "days-4-begins": "", "days-4-ends": "", "reply_due_on": "11/27", "heads": ["imabetsu"]},
    )  # fmt: skip
    assert check.title == "宛先と文面の確認"
    assert "必ず出席いただく方" in check.text
    assert len(check.all("ul.links li")) == 5
    assert "令和9年1月28日（木）14時〜15時30分" in check.one("pre").text
    assert count(app, MeetingRow) == count(app, Letter) == 0
    back = office.post("/meetings/new?fy=2026", {**check.fields(), "back": "1"})
    assert back.title == "候補日と回答期限"
    assert back.fields()["days-0-begins"] == "14時" and back.fields()["heads"] == ["imabetsu"]
    sent = office.post("/meetings/new?fy=2026", {**check.fields(), "send": "1"})
    page = office.follow(sent)
    assert page.title == "令和8年度 市町村長会議"
    assert len(page.all("table.poll tbody tr")) == 4
    assert "今別町長（必ず出席）" in page.one("table.poll thead").text
    assert count(app, Letter) == 5
    assert office.get("/meetings/new", status=302).location == sent.location


def test_a_date_too_near_is_warned_about_before_the_letters_go(browse):
    page = browse("office").fill("/meetings/new", {"days-0-on": "12/15", "reply_due_on": "12/1"})
    assert "12月15日まで4週間ありません。" in page.one(".note-warn").text


def test_a_municipality_without_a_secretary_is_shown_before_sending(browse, app):
    from tracker.accounts.models import Post

    with app.app_context():
        for post in db.session.scalars(select(Post).where(Post.email.like("secretary@h%"))):
            post.strike("青森市 管理者", cast.NOW, "使わないため。")
        db.session.commit()
    page = browse("office").fill("/meetings/new", {})
    assert "平内町 宛先なし" in page.text
    assert "4件を送る" in page.text


def test_every_wrong_box_of_the_new_meeting_is_named_and_nothing_is_saved(browse, app):
    wrong = {
        "days-0-on": "明日", "days-0-begins": "25:00", "days-0-ends": "夕方",
        "days-1-on": "2/11", "days-2-ends": "", "days-3-begins": "15:00", "days-3-ends": "14:00",
        "days-4-on": "2026/11/30", "days-5-begins": "10:00", "days-6-on": "9999/12/31",
        "days-7-on": "令和80年1月28日", "days-7-begins": "10:00", "days-7-ends": "11:00",
        "place": " ", "reply_due_on": "12/5",
    }  # fmt: skip
    page = browse("office").fill("/meetings/new", wrong)
    assert page.status == 422
    summary = page.one(".error-summary").text
    for said in (
        "日付は「令和8年11月30日」または「2026/11/30」のように入力してください。",
        "「25:00」という時刻はありません。",
        "時刻は「14時30分」または「14:30」のように入力してください。",
        "2月11日は祝日（建国記念の日）です。別の日を選んでください。",
        "終わりの時刻を入力してください（例 15:30）。",
        "終わりの時刻は、始まりの時刻より後にしてください。",
        "候補日の日付を入力してください。",
        "令和7981年（9999年）12月31日になっています。年を確かめてください。",
        "令和80年（2098年）1月28日になっています。年を確かめて、候補日は令和11年3月31日まで",
        "会場を入力してください。",
        "回答期限は、最初の候補日より前の日にしてください。",
    ):
        assert said in summary, said
    assert page.fields()["days-0-on"] == "明日"
    assert page.fields()["place"] == ""
    assert count(app, MeetingRow) == 0
    nothing = {f"days-{i}-{box}": "" for i in range(8) for box in ("on", "begins", "ends")}
    page = browse("office").fill("/meetings/new", {**nothing, "reply_due_on": "12/5"})
    assert page.status == 422
    assert "候補日を1つ以上入れてください。" in page.text


def test_each_sees_of_the_poll_what_is_theirs_and_the_office_alone_manages_it(browse, polling, app):
    page = browse("office").get(polling)
    assert [one.text for one in page.all("table.poll thead th")][1:6] == [
        *("青森市長", "平内町長", "今別町長", "蓬田村長", "外ヶ浜町長")
    ]
    first = [one.get_text(" ", strip=True) for one in page.all("table.poll tbody tr")[0]("td")]
    assert first[:6] == [
        *("○ 出席できる", "× 出席できない", "― 未回答", "△ 調整すれば可", "― 未回答"),
        "○ 1　△ 1　× 1 5市町村のうち3が回答",
    ]
    assert "1月28日（木）" in page.one("tr.pick").text
    assert [one.find_parent("tr")["class"] for one in page.all("tbody .btn-primary")] == [["pick"]]
    assert "未回答の2市町村へもう一度お願いする" in page.text
    assert "開催の期限は 令和9年3月31日（水） です。" in page.text
    assert len(page.all("#article5 tbody tr")) == 4
    assert page.one("li[aria-current=step]").get_text(strip=True) == "2日程を決める"
    with app.app_context():
        first = dates_of(db.session.get_one(MeetingRow, 1))[0]
    for role, slug in (
        *(("officer", "hiranai"), ("reader", "aomori"), ("confirmer", "hiranai")),
        *(("lead", "aomori"), ("admin", "aomori")),
    ):
        client = browse(role, slug)
        page, own = client.get(polling), ["平内町長"] if role == "officer" else []
        assert [one.text for one in page.all("table.poll thead th")] == ["候補日", *own]
        if own:
            assert page.link("ご予定を直す").endswith("/answers/hiranai")
        else:
            assert "出席できない" not in page.text and not page.all("main form")
            assert "5市町村のうち3市町村が回答済み" in page.text
        for path in ("dates/new", f"dates/{first}/fix", "notice", "attendance", "cancel"):
            client.get(f"{polling}/{path}", status=403)
        client.get("/meetings/new", status=403)
        token = page.one(".who [name=csrf_token]")["value"]
        assert client.post(f"{polling}/ask-again", {"csrf_token": token}).status == 403


def test_an_officer_answers_for_the_own_municipality_only(browse, polling, app):
    officer = browse("officer", "imabetsu")
    officer.get(f"{polling}/answers/hiranai", status=403)
    page = officer.get(f"{polling}/answers/imabetsu")
    assert page.title == "今別町長のご予定"
    assert "だれから聞いたか" not in page.text
    names = sorted({box["name"] for box in page.all("input[type=radio]")})
    done = officer.post(
        f"{polling}/answers/imabetsu", {**page.fields(), **dict.fromkeys(names, "yes")}
    )
    assert "企画担当" in officer.follow(done).one("table.poll tfoot").text


def test_the_offices_answer_for_a_town_is_marked_and_says_who_told_it(browse, polling):
    office = browse("office")
    path = f"{polling}/answers/sotogahama"
    page = office.get(path)
    name = page.all("input[type=radio]")[0]["name"]
    silent = office.post(path, {**page.fields(0), name: "maybe", "comment": "あ" * 401})
    assert silent.status == 422
    assert "だれから聞いたかを入力してください" in silent.text
    assert "400字までで入力してください（今 401字）。" in silent.text
    assert silent.fields(0)[name] == ["maybe"]
    done = office.post(path, {**page.fields(0), name: "maybe", "told_by": "総務課 電話"})
    foot = office.follow(done).one("table.poll tfoot").text
    assert "代理入力" in foot and "総務課 電話から" in foot


def test_a_poll_without_a_common_day_says_what_to_do(browse, polling, made):
    def refuse():
        meeting = db.session.get_one(MeetingRow, 1)
        make_answers(meeting, {"imabetsu": "△△△△△"})

    office = browse("office")
    said = "全員が○の日はありません。△や×の市町村に御都合を伺うか、候補日を加えてください。"
    assert said not in office.get(polling).text
    made(refuse)
    note = office.get(polling).one(".note-warn")
    assert said in note.text
    # Three of the dates lack least; whom to ring stands with the post beside it.
    assert [one.text for one in note.find_all("b")][-3:] == [
        "1月28日（木）",
        "1月21日（木）",
        "2月4日（木）",
    ]
    assert "△ 今別町" in note.text and "今別町（秘書" in note.text


def test_a_date_some_are_silent_about_is_fixed_only_by_saying_so(browse, polling, app):
    office = browse("office")
    pick = office.get(polling).one("tr.pick")
    assert "回答済み全員 ○" in pick.text and "5市町村のうち3が回答" in pick.text
    fix = pick.select_one("a")["href"]
    asked = office.fill(fix, {})
    assert asked.status == 422
    assert "今別町、外ヶ浜町の回答がまだありません。" in asked.one(".error-summary").text
    with app.app_context():
        assert queries.find(1).hours is None
    done = office.post(fix, {**asked.fields(0), "despite_silent": "y"})
    assert done.location.endswith("/notice")


def test_of_two_who_fix_a_date_at_once_one_wins_and_the_other_sees_both(browse, polling, app):
    first, second = browse("office"), browse("office")
    dates = [one["href"] for one in first.get(polling).all("table.poll td a.btn")]
    mine, theirs = dates[0], dates[2]
    said = {"reason": "都合による。", "despite_silent": "y"}
    before = second.get(mine).fields(0)
    assert first.fill(theirs, said).status in (302, 303)
    late = second.post(mine, {**before, **said})
    assert late.status == 409 and len(dates) == 5
    assert "青森市 連携推進担当" in late.text
    assert "1月28日" in late.text and "1月19日" in late.text
    with app.app_context():
        assert queries.find(1).fixed_on == date(2027, 1, 28)


def test_a_poll_that_grew_while_somebody_answered_keeps_what_was_answered(
    browse, polling, link, app
):
    secretary, path = browse(), link("imabetsu")
    page = secretary.get(path)
    with app.app_context():
        row = db.session.get_one(MeetingRow, 1)
        more = Candidate(date(2027, 2, 9), time(14), time(15, 30))
        poll_actions.add_dates(Act(None, cast.NOW), row, [more], date(2026, 12, 4))
        db.session.commit()
    done = secretary.follow(secretary.post(path, answers_of(page, "yes")))
    assert done.title == "回答を受け付けました"
    assert "あと1日（2月9日（火））が未回答です。" in done.text
    again = secretary.get(path)
    assert "まだお答えいただいていない1つの候補日（2月9日（火））" in again.text


def test_a_letter_that_did_not_arrive_is_shown_with_the_way_out(browse, polling, app):
    with app.app_context():
        letter = letters("poll_request")[4]
        letter.state = LetterState.UNDELIVERABLE
        db.session.commit()
    page = browse("office").get(polling)
    assert "外ヶ浜町の秘書あてメールが届いていません。" in page.text
    assert "不達" in page.one("table.poll tfoot").text


def test_asking_again_goes_to_the_silent_only(browse, polling, app):
    office = browse("office")
    page = office.follow(press(office, polling, "/ask-again"))
    assert "今別町・外ヶ浜町へもう一度お願いを送ります。" in page.text
    page = office.follow(press(office, polling, "/ask-again"))
    assert "今日は、送れるお願いがありません。" in page.text
    with app.app_context():
        assert len(letters("poll_again")) == 2


def test_dates_are_added_and_wrong_ones_refused(browse, polling):
    office = browse("office")
    path = f"{polling}/dates/new"
    wrong = office.fill(
        path,
        {"days-0-on": "1/19", "days-0-begins": "14:00", "days-0-ends": "15:00",
         "days-1-on": "4/1", "days-1-begins": "", "reply_due_on": "きょう"},
    )  # fmt: skip
    assert wrong.status == 422
    assert "始まりの時刻を入力してください" in wrong.text
    assert wrong.fields()["reply_due_on"] == "きょう"
    twice = {"days-0-on": "1/19", "days-0-begins": "14:00", "days-0-ends": "15:00"}
    assert "候補日に2回あります" in office.fill(path, twice).text
    done = office.fill(path, {**twice, "days-0-on": "2/9"})
    page = office.follow(done)
    assert "2月9日（火）" in page.text
    assert "追加分が未回答" in page.text


def test_from_the_table_to_the_notice_in_three_clicks(browse, polling, made, app):
    def answer():
        others = {"imabetsu": "○○○○○", "sotogahama": "○○○○○"}
        make_answers(db.session.get_one(MeetingRow, 1), others)

    made(answer)
    office = browse("office")
    page = office.get(polling)
    [form] = page.all("tr.pick form")
    assert "1月28日（木）14時に決め、開催案内を準備します。" in form.text
    carried = {box["name"]: box["value"] for box in form.select("input[type=hidden]")}
    notice = office.follow(office.post(form["action"], carried))
    assert notice.title == "開催案内の確認"
    assert "1月21日（木）までに、青森市 連携推進担当へ" in notice.fields()["text"]
    path = f"{polling}/notice"
    shown = office.post(path, {**notice.fields(), "number": "青企第1号", "preview": "1"})
    # As a municipality will get it, and as those who are not asked do.
    invitation, notice_only = (one.text for one in shown.all("pre"))
    assert (
        "青企第1号" in invitation and "平内町長の出欠を、令和9年1月21日（木）までに" in invitation
    )
    assert "ここには表示しません" in invitation and "/r/" not in invitation
    assert "青企第1号" in notice_only and "次のページから" not in notice_only
    assert "出欠の回答の期限は" not in shown.text
    with app.app_context():
        assert letters("meeting_notice") == []
    wrong = office.post(path, {**notice.fields(), "number": "第" * 61, "text": " "})
    assert wrong.status == 422
    assert "案内の文を入力してください。" in wrong.text
    assert "60字までで入力してください（今 61字）。" in wrong.text
    page = office.follow(office.post(path, {**notice.fields(), "number": "青企第1号"}))
    assert "開催案内を9件送ります。" in page.text
    assert "案内済み" in page.text
    assert "11月24日（火） 送付（青企第1号）" in page.text

    # What was changed is told again when it is changed back: the place, and then the day. (One house
    # for the whole way: each press writes nine letters.)
    before = notice.fields()["place"]
    office.follow(office.fill(path, {"place": "アスパム"}))
    changed = {**office.get(path).fields(), "place": before}
    shown = office.post(path, {**changed, "preview": "1"})
    assert "会場を「アスパム」とお知らせしています" in shown.text
    page = office.follow(office.post(path, changed))
    assert "開催案内を9件送ります。" in page.text
    # Pressed twice it goes out once.
    office.post(path, changed)
    with app.app_context():
        assert len(letters("meeting_invitation")) + len(letters("meeting_notice")) == 27
    shown = office.get(path)
    assert "これまでのメールでは" not in shown.text
    assert "この内容の案内は、9件に送ってあります。" in shown.text
    assert "変えた案内を送る（9件）" in shown.text
    wide = office.post(path, {**shown.fields(), "place": before.replace(" ", "　")})
    assert wide.status == 422 and "宛先の全員に送ってあります" in wide.text
    day = form["action"].split("/")[-2]
    for one in (str(int(day) + 1), day):
        office.fill(f"{polling}/dates/{one}/fix", {"reason": "議会のため"})
    shown = office.get(path)
    assert "案内を送る（9件）" in shown.text and "送ってあります" not in shown.text
    page = office.follow(office.post(path, shown.fields()))
    assert "開催案内を9件送ります。" in page.text


def test_fixing_a_refused_date_asks_for_the_reason_on_its_page(browse, polling):
    office = browse("office")
    fix = office.get(polling).all("table.poll tbody a.btn")[0]["href"]
    page = office.fill(fix, {"reason": ""})
    assert page.status == 422
    assert "平内町が「出席できない」と答えた日です。" in page.one(".error-summary").text
    page = office.fill(fix, {"reason": "あ" * 401})
    assert "400字まで" in page.text and page.fields()["reason"] == "あ" * 401


def test_a_date_that_a_required_head_refused_is_fixed_only_past_that_name(browse, made, app):
    def make():
        row = make_meeting(required=["imabetsu"])
        make_answers(row, {**ANSWERS, "imabetsu": "○○○○○", "sotogahama": "○○○○○"})
        return row

    office, path = browse("office"), made(make)
    # Who is required may be said anew until then.
    marking = f"{path}/required"
    assert office.get(marking).fields()["heads"] == ["imabetsu"]
    assert "必ず出席の方を選ぶ" in browse("office").get(path).text
    assert "必ず出席の方を選ぶ" not in browse("officer", "imabetsu").get(path).text
    page = office.follow(office.fill(marking, {"heads": ["hiranai"]}))
    heads = page.one("table.poll thead").text
    assert "平内町長（必ず出席）" in heads and "今別町長（必ず出席）" not in heads
    refused, other = (one["href"] for one in office.get(path).all("table.poll tbody a.btn")[:2])
    assert "despite_required" not in office.get(other).fields(0)
    asked = office.fill(refused, {"reason": "ほかに日がないため。"})
    assert asked.status == 422 and "平内町長（必ず出席）" in asked.text
    assert "必ず出席の平内町長が出席できない日です。" in asked.one(".error-summary").text
    with app.app_context():
        assert queries.find(1).hours is None
    done = office.post(refused, {**asked.fields(0), "despite_required": "y"})
    assert done.location.endswith("/notice")
    assert "に決まりました。" in office.get(marking).text and not office.get(marking).all(
        "main form"
    )


def test_the_date_of_a_fixed_meeting_is_moved_from_its_page(browse, made):
    path = made(make_fixed)
    office = browse("office")
    page = office.get(path)
    assert "決定" in page.one("tr.pick").text
    move = page.all("table.poll tbody a.btn")[1]["href"]
    assert office.get(move).title == "1月21日（木）に変える"
    assert office.fill(move, {"reason": ""}).status == 422
    office.follow(office.post(f"{path}/notice", office.get(f"{path}/notice").fields()))
    notice = office.follow(office.fill(move, {"reason": "会場の都合による。"}))
    assert "令和9年1月21日（木）10時〜11時30分" in notice.text
    # Its words were written for the other day.
    assert "1月21日(木)まで」とありますが、出欠の回答の期限は1月14日（木）です。" in notice.text


def test_a_meeting_is_called_off_and_the_next_can_be_prepared(browse, polling, link):
    secretary, office = browse(), browse("office")
    path = link("imabetsu")
    assert office.fill(f"{polling}/cancel", {"reason": " "}).status == 422
    page = office.follow(office.fill(f"{polling}/cancel", {"reason": "大雪のため"}))
    assert EMPTY in page.text and "取りやめ" in page.one("table").text
    gone = office.get(polling)
    assert "理由 大雪のため" in gone.text
    assert not gone.all("main form")
    for place in (path, f"{path}/done"):
        told = secretary.get(place, status=410)
        assert told.title == "この会議は取りやめになりました"
        assert "11月24日（火）に取りやめになりました。" in told.text and "017-" in told.text
    # Whoever never had the link learns nothing of the meeting.
    forged = path[:-2] + ("A" if path[-2] != "A" else "B") + path[-1]
    assert "新しいリンクに替わっています" in secretary.get(forged, status=410).text


def test_a_secretary_answers_by_the_link_in_the_letter(browse, polling, link, app):
    secretary, path = browse(), link("imabetsu")
    page = secretary.get(path)
    assert page.title == "今別町長のご予定"
    assert len(page.all("fieldset")) == 5
    assert "出席できない" in page.text and "checked" not in str(page.one("main"))
    assert "平内町" not in page.text and "青森市長" not in page.text
    names = [box["name"] for box in page.all("input[type=radio]")][::3]
    answers = dict(zip(names, ("no", "yes", "yes", "maybe"), strict=False))
    sent = secretary.post(
        path, {**page.fields(), **answers, "comment": "1月28日は14時に着きます。"}
    )
    done = secretary.follow(sent)
    assert done.title == "回答を受け付けました"
    assert "あと1日（2月4日（木））が未回答です。" in done.text
    assert "△ 調整すれば可" in done.text and "14時に着きます。" in done.text
    mend = secretary.get(done.link("直す"))
    assert [box["value"] for box in mend.all("input[checked]")] == ["no", "yes", "yes", "maybe"]
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(PollAnswer)) == 15 + 4
        assert len(queries.find(1).silent) == 1


def test_an_answer_that_is_none_of_the_three_is_refused_in_plain_words(browse, polling, link):
    secretary, path = browse(), link("imabetsu")
    page = secretary.get(path)
    names = [box["name"] for box in page.all("input[type=radio]")][::3]
    wrong = secretary.post(
        path, {**page.fields(), **dict.fromkeys(names, "perhaps"), "comment": "あ" * 401}
    )
    assert wrong.status == 422
    assert wrong.one(".error-summary").text.count("○・△・×のどれかを選んでください。") == 5
    assert wrong.fields()["comment"] == "あ" * 401
    empty = secretary.post(path, page.fields())
    assert empty.status == 422
    assert "候補日のどれかに、○・△・×で答えてください。" in empty.text


def test_opening_a_link_changes_nothing_and_a_forged_one_is_explained(browse, polling, link, app):
    secretary, path = browse(), link("imabetsu")
    with app.app_context():
        before = history.versions()
    secretary.get(path)
    assert secretary.get(f"{path}/done", status=302).location == path
    for forged in ("/p/x", path[:-1], f"{path}x", f"{path}x/done"):
        assert "このリンクは使えません。" in secretary.get(forged, status=404).text
    assert secretary.post(f"{path}x", {}).status in (400, 404)
    with app.app_context():
        assert history.versions() == before
        assert seat_of(db.session.get_one(MeetingRow, 1), "imabetsu").given == {}


def test_a_late_answer_is_refused_but_the_own_answers_stay_readable(browse, polling, link, now):
    secretary, path = browse(), link("hiranai")
    page = secretary.get(path)
    now.move_to(datetime(2026, 11, 27, 23, 0, tzinfo=UTC))
    late = secretary.post(path, page.fields())
    assert late.status == 422
    assert LATE in late.text
    shown = secretary.get(path)
    assert LATE in shown.text and "× 出席できない" in shown.text
    assert not shown.all("main form")
    assert LATE in secretary.get(f"{path}/done").text
    now.move_to(datetime(2026, 12, 4, 14, 0, tzinfo=UTC))
    secretary.get(path)
    now.move_to(datetime(2026, 12, 4, 16, 0, tzinfo=UTC))
    assert "新しいリンクに替わっています" in secretary.get(path, status=410).text
    assert secretary.post(path, page.fields()).status == 410
    office = browse("office")
    meeting = office.get(polling)
    assert "もう一度お願いする" not in meeting.text
    assert office.get(f"{polling}/answers/imabetsu").all("input[type=radio]")


def test_a_renewed_link_replaces_the_old_one(browse, polling, link):
    secretary, office, old = browse(), browse("office"), link("imabetsu")
    page = office.follow(press(office, f"{polling}/answers/imabetsu", "/link"))
    assert "前のリンクは使えなくなりました。" in page.text
    secretary.get(old, status=410)
    assert secretary.get(link("imabetsu")).title == "今別町長のご予定"


def test_the_poll_tells_the_secretary_once_the_date_is_fixed(browse, made, link):
    made(make_fixed)
    page = browse().get(link("hiranai"))
    assert "日程は令和9年1月28日（木）に決まりました。" in page.text
    assert not page.all("main form")


def answers_of(page, mark):
    """What a browser would send for every date answered alike."""
    names = {box["name"] for box in page.all("input[type=radio]")}
    return {**page.fields(0), **dict.fromkeys(names, mark)}


def test_an_answer_meets_the_one_given_meanwhile(browse, polling, link):
    officer, secretary, path = browse("officer", "imabetsu"), browse(), link("imabetsu")
    page = secretary.get(path)
    own = f"{polling}/answers/imabetsu"
    officer.post(own, answers_of(officer.get(own), "yes"))
    conflict = secretary.post(path, answers_of(page, "no"))
    assert conflict.status == 409
    assert "今別町 企画担当" in conflict.text and "出席できる" in conflict.text
    # Of an answer that nobody has given it says so.
    fresh, own = link("sotogahama"), f"{polling}/answers/sotogahama"
    page, officer = secretary.get(fresh), browse("officer", "sotogahama")
    [first, *_others] = sorted(
        name for name in page.fields(0) | answers_of(page, "no") if "date_" in name
    )
    officer.post(own, {**officer.get(own).fields(0), first: "no"})
    differing = secretary.post(fresh, answers_of(page, "yes")).all(".conflict tbody td:last-child")
    assert [one.text for one in differing] == ["出席できない", *["未回答"] * 4]
    again = secretary.post(path, conflict.fields(0))
    assert secretary.follow(again).title == "回答を受け付けました"


def test_a_mark_of_who_must_come_refuses_no_answer_and_is_named(browse, polling, link):
    secretary, office, path = browse(), browse("office"), link("imabetsu")
    page = secretary.get(path)
    fix = office.get(polling).one("tr.pick a")["href"]
    stale = office.get(fix).fields()
    assert office.fill(f"{polling}/required", {"heads": ["imabetsu"]}).status == 302
    late = office.post(fix, stale)
    assert late.status == 409 and "「必ず出席いただく方」は、" in late.one(".error-summary").text
    assert "のご予定」は" not in late.text
    # A page that says nothing of the marks names nobody who changed them.
    silent = office.post(fix, {**late.fields(0), "heads-seen": ""})
    assert silent.status == 409 and NOT_OF_THIS in silent.text and "先に" not in silent.text
    done = secretary.follow(secretary.post(path, answers_of(page, "yes")))
    assert done.title == "回答を受け付けました"
    # What the secretary has changed, the office's page had not seen.
    assert "「今別町長のご予定」は、" in office.post(fix, late.fields(0)).one(".error-summary").text


def test_forms_that_decide_refuse_a_page_that_is_out_of_date(browse, made, app, now):
    path = made(make_fixed)
    first, second = browse("office"), browse("office")
    notice = first.get(f"{path}/notice").fields()
    second.post(f"{path}/notice", {**second.get(f"{path}/notice").fields(), "number": "第8号"})
    late = first.post(f"{path}/notice", {**notice, "number": "第9号"})
    assert late.status == 409 and "第8号" in late.text and "第9号" in late.text
    now.move_to(ON_THE_DAY)
    first, second = browse("office"), browse("office")
    heads = {f"attendance_{slug}": "head" for _, slug, *_ in cast.TOWNS}
    stale = first.get(f"{path}/attendance").fields()
    said = {**second.get(f"{path}/attendance").fields(), **heads}
    second.post(f"{path}/attendance", {**said, "attendance_imabetsu": "absent"})
    late = first.post(f"{path}/attendance", {**stale, **heads})
    assert late.status == 409 and "欠席" in late.text
    with app.app_context():
        assert seat_of(db.session.get_one(MeetingRow, 1), "imabetsu").attended == "欠席"


def test_a_date_is_not_fixed_on_answers_that_have_changed(browse, polling, app):
    office, officer = browse("office"), browse("officer", "hiranai")
    fix = office.get(polling).one("tr.pick a")["href"]
    asked = office.get(fix).fields()
    own = f"{polling}/answers/hiranai"
    officer.post(own, answers_of(officer.get(own), "no"))
    conflict = office.post(fix, asked)
    assert conflict.status == 409
    assert "「平内町長のご予定」は、平内町 企画担当が" in conflict.text
    with app.app_context():
        assert queries.find(1).hours is None
    # Whoever decides sees which answers are others than before; the officer sees the own alone.
    cells = office.get(polling).all("table.poll tbody td")
    changed = [one.get_text(" ", strip=True) for one in cells if "前は" in one.text]
    assert changed == ["× 出席できない 前は○ 出席できる"] * 3 + [
        "× 出席できない 前は△ 調整すれば可"
    ]
    assert "前は" not in officer.get(polling).text


def test_the_same_press_twice_is_one_act(browse, polling, link, app):
    secretary, path = browse(), link("imabetsu")
    said = answers_of(secretary.get(path), "yes")
    first, again = secretary.post(path, said), secretary.post(path, said)
    assert first.location == again.location
    with app.app_context():
        done = select(func.count()).where(history.HistoryEntry.verb == "poll.answered")
        assert db.session.scalar(done) == 3 + 1


def test_the_number_of_queries_does_not_grow_with_the_meetings(browse, polling, made, link):
    office, secretary = browse("office"), browse()
    paths = ("/meetings", polling, f"{polling}/answers/imabetsu", link("imabetsu"))

    def counts():
        clients = (office, office, office, secretary)
        for client, path in zip(clients, paths, strict=True):
            client.get(path, most_queries=20)
        return [len(c.get(path).queries) for c, path in zip(clients, paths, strict=True)]

    before = counts()

    def more():
        dates = [one._replace(on=one.on.replace(year=2028)) for one in DATES[:1]]
        meeting = make_meeting(year=FiscalYear(2027), candidates=dates)
        make_answers(meeting, {slug: "○" for _, slug, *_ in cast.TOWNS})
        actions.cancel(Act(None, cast.NOW), meeting, "例")
        make_meeting(year=FiscalYear(2027), candidates=dates)
        poll_actions.add_dates(
            Act(None, cast.NOW),
            db.session.get_one(MeetingRow, 1),
            [one._replace(begins=one.begins.replace(hour=9)) for one in DATES],
            queries.find(1).reply_due_on,
        )

    made(more)
    assert counts() == before


def test_a_meeting_of_the_officers_runs_beside_article_5_and_never_fulfils_it(browse, app, now):
    office = browse("office")
    filled = {"name": "担当者会議", "held_on": "12/21", "begins": "14:00", "ends": "13:00"}
    wrong = office.fill("/meetings/other/new", filled)
    assert wrong.status == 422 and "終わりの時刻は" in wrong.text
    past = office.fill("/meetings/other/new", {**filled, "held_on": "11/20", "ends": "15:00"})
    assert "開催日は、明日以降の日にしてください。" in past.text
    notice = office.follow(office.fill("/meetings/other/new", {**filled, "ends": "15:00"}))
    assert "第5条" not in notice.fields()["text"] and "担当者で打合せ" in notice.fields()["text"]
    assert "開催の1週間前を目途に" in notice.fields()["text"]
    path = "/meetings/1"
    stood = office.get(path).one(".steps").text
    assert "開催案内" in stood and "候補日" not in stood and "日程" not in stood
    assert "担当者会議の開催案内を送る" in office.get("/").text
    # Its day was agreed elsewhere: there is no poll to answer.
    office.get(f"{path}/answers/hiranai", status=404)
    office.follow(office.post(f"{path}/notice", notice.fields()))
    with app.app_context():
        # Whoever is asked for the seat of an officers' meeting is an officer.
        told = [*letters("meeting_invitation"), *letters("meeting_notice")]
        assert {one.to_email.partition("@")[0] for one in told} == {"officer"}
        assert "【御案内】担当者会議の開催について" in told[0].subject
    # On the day before, the words ask for nothing by a day that is over.
    late = {**filled, "name": "幹事会", "held_on": "11/25", "ends": "15:00"}
    words = office.follow(office.fill("/meetings/other/new", late)).fields()["text"]
    assert "出欠　11月24日（火）までに" in words
    assert "1週間前" not in words and "準備ができ次第" in words
    added = office.follow(office.fill(f"{path}/agenda/new", {"title": "次年度の計画"}))
    assert "次年度の計画" in added.text
    now.move_to(datetime(2026, 12, 21, 8, tzinfo=UTC))
    office = browse("office")
    heads = {f"attendance_{slug}": "head" for _, slug, *_ in cast.TOWNS}
    assert "代理または欠席があった協約" not in office.get(f"{path}/attendance").text
    shown = office.follow(office.fill(f"{path}/attendance", heads))
    # Nobody is said to have answered what was recorded after the meeting.
    replies = office.get(f"{path}/replies").text
    assert "会議の後に記録した出席" in replies and "全員から回答がありました" not in replies
    assert not shown.all("#article5")
    listed = office.get("/meetings")
    assert listed.link("担当者会議") == path
    assert EMPTY in listed.text
    with app.app_context():
        stood = agreement_standings(FiscalYear(2026), date(2026, 12, 22))
        assert {one.standing for one in stood} == {Standing.NONE}
