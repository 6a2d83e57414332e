"""Invitations: what goes to each calendar, who says that they come, and who cannot."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

import pytest
import vobject
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import select

from tests import cast
from tests.imap import Mailbox
from tests.incoming_mail.test_mailbox import configure
from tests.meetings.makers import act, dates_of, letters, make_fixed, seat_of
from tests.pages import PageClient
from tests.replies.mails import ASKED, GOOGLE, UID, calendar, mail
from tests.sent import links_in, sent_to, text_of, token_of
from tracker.accounts.models import Post, PostKind
from tracker.convening import actions, queries
from tracker.convening.models import SeatInvitation
from tracker.convening.rules import (
    Coming,
    ToldPlace,
    marked_hours,
    other_days,
    other_places,
    place_told_at,
)
from tracker.duties import queries as duties
from tracker.history import history
from tracker.history.columns import subject_of
from tracker.incoming_mail import mailbox
from tracker.kernel.refusal import Refusal
from tracker.mail.letters import Letter
from tracker.meetings import actions as meetings
from tracker.meetings.models import MeetingRow, MeetingSeat
from tracker.meetings.queries import of
from tracker.meetings.rules import Attendance, Candidate, reply_due
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.plumbing.once import MISSING
from tracker.reminders import actions as reminders

pytestmark = pytest.mark.engines_by_turns

HEAD, DEPUTY, ABSENT = Attendance
SECRETARY = "secretary@imabetsu.example"
TEXT = "御出席くださいますようお願いいたします。\n　議題　1　進捗について"
# What every invitation says (RFC 5546, section 3.2; RFC 6047, section 2.4; what Outlook asks beyond).
REQUIRED: Mapping[str, str] = {
    "UID": r"[0-9a-f]{40}@aomori\.example",
    "DTSTAMP": r"\d{8}T\d{6}Z",
    "SEQUENCE": r"\d+",
    "DTSTART;TZID=Asia/Tokyo": r"20270128T140000",
    "DTEND;TZID=Asia/Tokyo": r"20270128T153000",
    "SUMMARY": r"令和8年度 .+会議",
    "LOCATION": r".+",
    "DESCRIPTION": r".+",
    "STATUS": r"CONFIRMED",
    "TRANSP": r"OPAQUE",
}


def invited(row: MeetingRow, slug: str = "imabetsu") -> SeatInvitation:
    """One municipality's invitation as it stands in the database."""
    db.session.rollback()
    return db.session.get_one(SeatInvitation, seat_of(row, slug).id)


def last(kind: str = "meeting_invitation", email: str = SECRETARY) -> Letter:
    """The last letter of a kind to that address."""
    return [one for one in letters(kind) if one.to_email == email][-1]


def lines(text: str | None) -> list[str]:
    """The lines of a calendar, folded ones put together."""
    assert text is not None
    assert all(len(one.encode()) <= 75 for one in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")
    return text.replace("\r\n ", "").split("\r\n")


def event(text: str | None) -> dict[str, str]:
    """The properties of a calendar's one event, checked by a reader that is not its writer."""
    own = lines(text)
    parsed = vobject.readOne(text)
    assert parsed.validate(raiseException=True) and len(parsed.vevent_list) == 1
    inner = own[own.index("BEGIN:VEVENT") + 1 : own.index("END:VEVENT")]
    found = dict(re.match(r'((?:[^:"]|"[^"]*")+):(.*)', line).groups() for line in inner)
    assert len(found) == len(inner)
    return found


@pytest.fixture
def noticed(both, returned: Mailbox) -> MeetingRow:
    """A meeting whose notice went out, and a mailbox that is read."""
    configure(both, returned)
    row = make_fixed()
    meetings.send_notice(act(), row, "青企第123号", TEXT)
    return row


def test_every_invited_post_gets_an_invitation_of_its_own(noticed):
    every = letters("meeting_invitation")
    assert {one.to_email for one in every} == {
        f"secretary@{slug}.example" for _, slug, *_ in cast.TOWNS
    }
    assert all(one.calendar is None for one in letters("meeting_notice"))
    assert len(letters("meeting_notice")) > 0
    found = [event(one.calendar) for one in every]
    assert len({one["UID"] for one in found}) == len(every)
    for one, letter in zip(found, every, strict=True):
        for name, pattern in REQUIRED.items():
            assert re.fullmatch(pattern, one[name]), (name, one.get(name))
        people = [name for name in one if name.startswith(("ATTENDEE", "ORGANIZER"))]
        assert len(people) == 2
        attendee = next(name for name in people if name.startswith("ATTENDEE"))
        assert one[attendee] == f"mailto:{letter.to_email}"
        for said in ("RSVP=TRUE", "PARTSTAT=NEEDS-ACTION", "ROLE=REQ-PARTICIPANT"):
            assert said in attendee.split(";")
        organizer = next(name for name in people if name.startswith("ORGANIZER"))
        assert one[organizer] == "mailto:renkei@aomori.example"
        top = lines(letter.calendar)
        assert {"VERSION:2.0", "METHOD:REQUEST", "BEGIN:VTIMEZONE", "TZID:Asia/Tokyo"} <= {*top}
        assert "御出席くださいますよう" in one["DESCRIPTION"] and "承諾" in one["DESCRIPTION"]


def test_uid_and_sequence_survive_a_move_and_a_cancellation(noticed):
    first = event(last().calendar)
    actions.answer(act(), noticed, seat_of(noticed, "imabetsu").id, Coming(HEAD, "", 2))
    # Another place is another number.
    assert meetings.send_notice(act(), noticed, "青企第123号", TEXT, place="アスパム") > 0
    placed = event(last().calendar)
    assert (placed["UID"], placed["SEQUENCE"]) == (first["UID"], "1")
    assert placed["LOCATION"] == "アスパム" and seat_of(noticed, "imabetsu").attendance is HEAD
    assert any("PARTSTAT=ACCEPTED" in name for name in placed)
    meetings.fix(act(), noticed, dates_of(noticed)[4], "議会のため")
    moved = event(last("meeting_moved").calendar)
    assert (moved["UID"], moved["SEQUENCE"]) == (first["UID"], "2")
    assert moved["DTSTART;TZID=Asia/Tokyo"] == "20270204T140000"
    # Nor do the words say what they said of the other day.
    assert "議題" not in moved["DESCRIPTION"] and "議題" in placed["DESCRIPTION"]
    # Who said that they come to another day has not said so of this one.
    seat = seat_of(noticed, "imabetsu")
    assert (seat.attendance, seat.companions, seat.replied_at) == (None, None, None)
    meetings.send_notice(act(), noticed, "", TEXT)
    assert event(last().calendar)["SEQUENCE"] == "2"
    meetings.cancel(act(), noticed, "豪雪のため")
    gone = event(last("meeting_cancelled").calendar)
    assert (gone["UID"], gone["SEQUENCE"], gone["STATUS"]) == (first["UID"], "3", "CANCELLED")
    assert "METHOD:CANCEL" in lines(last("meeting_cancelled").calendar)
    assert "豪雪" in gone["DESCRIPTION"]


A, B, FIRST, THIRD = "青森市役所 本庁舎 庁議室", "アスパム", 4, 2
# What is done to a meeting told at A on its third date, the letters of it, the invitation's number.
CHANGED_BACK: Mapping[str, list[tuple[str | int, int | None, int]]] = {
    "another place and back": [(B, 9, 1), (A, 9, 2), (A, None, 2), (B, 9, 3)],
    "a day told and back": [(FIRST, 9, 1), (A, 9, 1), (THIRD, 9, 2), (A, 9, 2), (A, None, 2)],
    "a day not told and back": [(FIRST, 9, 1), (THIRD, 9, 2), (A, 9, 2)],
    "the same place in other blanks": [("青森市役所　本庁舎庁議室", None, 0), (A, None, 0)],
}


@pytest.mark.parametrize("steps", CHANGED_BACK.values(), ids=CHANGED_BACK)
def test_what_is_changed_back_is_told_again_and_what_is_not_changed_is_not(steps, noticed):
    for wanted, count, number in steps:
        before, said = db.session.query(Letter).count(), invited(noticed).place
        if isinstance(wanted, int):
            meetings.fix(act(), noticed, dates_of(noticed)[wanted], "議会のため")
        elif count is None:
            with pytest.raises(Refusal, match="宛先の全員に送ってあります"):
                meetings.send_notice(act(), noticed, "青企第123号", TEXT, place=wanted)
            assert invited(noticed).place == noticed.place == said
        else:
            assert meetings.send_notice(act(), noticed, "青企第123号", TEXT, place=wanted) == 9
            assert event(last().calendar)["LOCATION"] == wanted
        assert db.session.query(Letter).count() - before == (count or 0)
        of = last("meeting_moved" if isinstance(wanted, int) else "meeting_invitation")
        assert event(of.calendar)["SEQUENCE"] == str(number) == str(invited(noticed).sequence)


def test_a_notice_that_stands_goes_to_whoever_has_not_had_it(noticed):
    new = {"kind": PostKind.OFFICER, "name": "副担当", "email": "new@hiranai.example"}
    db.session.add(Post(**new, municipality_id=seat_of(noticed, "hiranai").town.id))
    db.session.commit()
    assert meetings.send_notice(act(), noticed, "青企第123号", TEXT) == 1
    assert letters("meeting_notice")[-1].to_email == "new@hiranai.example"
    said = history.last_of(subject_of(noticed)).summary
    assert said.endswith("開催案内を、まだ送っていない1件の宛先に送りました。")


def test_without_a_notice_no_calendar_goes_out(both):
    row = make_fixed()
    meetings.fix(act(), row, dates_of(row)[4], "議会のため")
    meetings.cancel(act(), row, "豪雪のため")
    assert not [one for one in db.session.query(Letter) if one.calendar]


def test_the_letter_goes_out_as_calendar_programs_read_it(noticed):
    [sent] = [one for one in sent_to(SECRETARY) if "出欠は" in one["Subject"]]
    types = [one.get_content_type() for one in sent.walk()]
    assert types == [
        *("multipart/mixed", "multipart/alternative", "text/plain", "text/calendar"),
        "application/ics",
    ]
    parsed = [
        Calendar.from_ical(one.get_payload(decode=True))
        for one in sent.walk()
        if one.get_content_type() in ("text/calendar", "application/ics")
    ]
    assert {str(one["METHOD"]) for one in parsed} == {"REQUEST"}
    link = re.search(r"/r/(\S+)", sent.get_body(("plain",)).get_content())
    assert link and link[1] == token_of("attendance", seat_of(noticed, "imabetsu").id)
    assert "/r/" not in last().body


# --- by the personal link -----------------------------------------------------------------------


def path_of(row: MeetingRow, slug: str = "imabetsu") -> str:
    found = f"/r/{token_of('attendance', seat_of(row, slug).id)}"
    db.session.rollback()
    return found


def form(client: FlaskClient, path: str) -> dict[str, str]:
    """What the form that stands there carries unseen."""
    text = client.get(path).get_data(as_text=True)
    return dict(re.findall(r'name="(csrf_token|once|seen|hours)"[^>]*value="([^"]*)"', text))


def press(client: FlaskClient, path: str, **fields: str):
    """Fills in the form that stands there, and follows."""
    return client.post(path, data={**form(client, path), **fields}, follow_redirects=True)


def test_who_comes_is_said_in_two_screens_and_said_again(noticed, both):
    client, path = both.test_client(), path_of(noticed)
    done = press(client, path, attendance="deputy", deputy="副町長", companions="２", vehicles="1")
    assert done.status_code == 200 and done.request.path == f"{path}/done"
    assert "代理（副町長）、随行2名、車両1台" in done.get_data(as_text=True)
    seat = seat_of(noticed, "imabetsu")
    assert (seat.attended, seat.companions, seat.vehicles) == ("代理（副町長）", 2, 1)
    assert seat.replied_by == "今別町 秘書"
    assert queries.find_by_link(path[3:], cast.NOW)[1].id == seat.id
    # A deputy is none of the words that complete anything before the day.
    press(client, path, attendance="absent", deputy="副町長", companions="2")
    entry = history.last_of(subject_of(db.session.get_one(MeetingSeat, seat.id)))
    assert entry.verb == "attendance.answered" and entry.person_id is None
    was, is_ = entry.payload["before"], entry.payload["after"]
    assert (was["attendance"], is_["attendance"]) == ("deputy", "absent")
    assert (was["deputy"], is_["deputy"]) == ("副町長", None)
    assert (was["companions"], is_["companions"]) == (2, None)
    # What stands behind it in a sentence is no part of it.
    for behind in (".", ")", ">", "」", "。", "%20", "%0A", ".%0D%0A"):
        assert client.get(path + behind).status_code == 200
    refused = press(client, path, attendance="deputy", deputy="", companions="三", vehicles="100")
    assert refused.status_code == 422
    assert "車両の台数は0から99までの整数で入力してください。" in refused.get_data(as_text=True)
    assert "職・氏名を入力してください" in refused.get_data(as_text=True)
    assert 'value="三"' in refused.get_data(as_text=True)


def test_a_link_opens_its_own_seat_only_and_ends(noticed, both, now):
    client, path = both.test_client(), path_of(noticed)
    page = client.get(path).get_data(as_text=True)
    assert "今別町長の出欠" in page and "平内町" not in page
    assert client.get(path[:-1] + ("A" if path[-1] != "A" else "B")).status_code == 410
    assert client.get("/r/x").status_code == 404
    hiranai = path_of(noticed, "hiranai")
    other = hiranai.partition(".")[2]
    assert client.get(path.partition(".")[0] + "." + other).status_code == 410
    # What stood on the page of one link is not said by another's, which names nobody as first.
    key = re.findall(r'name="once" value="([^"]*)"', page)[0]
    crossed = press(client, hiranai, attendance="absent", once=key)
    assert crossed.status_code == 400 and MISSING in crossed.get_data(as_text=True)
    assert press(client, path, attendance="absent", once=key).request.path == f"{path}/done"
    with act().change("poll.link_renewed", invited(noticed), "新しいリンク"):
        actions.renew_nonce(act(), seat_of(noticed, "imabetsu").id)
    assert client.get(path).status_code == 410
    fresh = path_of(noticed)
    assert client.get(fresh).status_code == 200
    meetings.cancel(act(), noticed, "豪雪のため")
    for link, is_told in ((fresh, True), (path, False)):
        gone = client.get(link)
        assert gone.status_code == 410
        assert ("会議は取りやめになりました" in gone.get_data(as_text=True)) is is_told


def test_an_answer_to_the_day_shown_is_none_to_another(noticed, both):
    client, office = both.test_client(), PageClient(both).enter("office").client
    by_link, at_desk = path_of(noticed), f"/meetings/{noticed.id}/replies/hiranai"
    opened = {by_link: form(client, by_link)}
    with both.app_context():
        opened[at_desk] = form(office, at_desk)
    actions.answer(act(), noticed, seat_of(noticed, "yomogita").id, Coming(HEAD))
    meetings.fix(act(), noticed, dates_of(noticed)[4], "議会のため")
    typed = {"attendance": "deputy", "deputy": "副町長", "told_by": "総務課"}
    for asking, path in ((client, by_link), (office, at_desk)):
        with both.app_context():
            refused = asking.post(path, data={**opened[path], **typed})
        said = refused.get_data(as_text=True)
        assert refused.status_code == 409 and 'value="副町長"' in said
        was, now = "1月28日（木）14時〜15時30分", "2月4日（木）14時〜15時30分"
        assert re.search(f"会議の日時が、令和9年{was}から令和9年{now}に変わりました。", said)
        # Nobody has answered: that is no first choice.
        assert re.search(r"今の内容.>未回答<", said)
    assert [one.attendance for one in of(noticed).seats] == [None] * len(cast.TOWNS)
    # What is said to the new day, with that day before one's eyes, counts.
    assert press(client, by_link, **typed).request.path == f"{by_link}/done"
    # Nor does an answer stay that was given before anybody was invited to its day.
    meetings.fix(act(), noticed, dates_of(noticed)[2], "議会のため")
    assert seat_of(noticed, "imabetsu").attendance is None
    with both.app_context():
        opened[at_desk] = form(office, at_desk)
        proposal = f"/meetings/{noticed.id}/agenda/new"
        opened[proposal] = form(office, proposal)
        calling_off = f"/meetings/{noticed.id}/cancel"
        opened[calling_off] = form(office, calling_off)
    meetings.cancel(act(), noticed, "豪雪のため")
    # After it was called off that is said, whatever was sent, and what was typed can be read.
    for more in ({}, {"companions": "三"}, {"told_by": ""}):
        with both.app_context():
            gone = office.post(at_desk, data={**opened[at_desk], **typed, **more})
        text = gone.get_data(as_text=True)
        [summary] = re.findall(r'(?s)class="error-summary".*?</div>', text)
        assert gone.status_code == 422 and "この会議は取りやめになりました。" in summary
        assert "<a" not in summary and "card-late" not in text
        assert 'value="副町長"' in text and "回答を記録する" not in text
        assert all(f'value="{words}"' in text for words in more.values() if words)
    # Another form says it beside what is wrong with its box.
    with both.app_context():
        gone = office.post(calling_off, data={**opened[calling_off], "reason": ""})
    text = gone.get_data(as_text=True)
    assert "この会議は取りやめになりました。" in text and "取りやめる理由を入力" in text
    with both.app_context():
        gone = office.post(proposal, data={**opened[proposal], "title": "雪", "minutes": "三"})
    text = gone.get_data(as_text=True)
    assert gone.status_code == 422 and 'value="雪"' in text
    assert "この会議は取りやめになりました。" in text
    for mark in (
        "",
        "2027-01-28",
        "1 2 3",
        "2027-01-28 14:00 15:30",
        "2027-13-01 14:00:00 15:30:00",
    ):
        assert marked_hours(mark) is None


@pytest.mark.parametrize(
    ("at", "status", "said"),
    [
        (datetime(2027, 1, 21, 14, 59, tzinfo=UTC), 200, "回答を送る"),
        (datetime(2027, 1, 21, 15, 1, tzinfo=UTC), 200, "回答の期限（1月21日）を過ぎました"),
        (datetime(2027, 1, 29, 1, tzinfo=UTC), 200, "会議は1月28日（木）に終わりました"),
        (datetime(2027, 2, 5, 1, tzinfo=UTC), 410, "期限が過ぎたか、"),
    ],
)
def test_after_its_day_a_link_says_so_and_whom_to_ring(at, status, said, noticed, both, now):
    now.move_to(at)
    answer = both.test_client().get(path_of(noticed))
    assert (answer.status_code, said in answer.get_data(as_text=True)) == (status, True)
    if status == 200 and "回答を送る" not in said:
        assert "へお電話ください" in answer.get_data(as_text=True)
        with pytest.raises(Refusal):
            actions.answer(act(at=at), noticed, seat_of(noticed, "imabetsu").id, Coming(HEAD), "")


def test_an_invited_outside_member_is_reminded_as_a_post_is(both, now):
    hours = Candidate(date(2026, 12, 21), time(14), time(15, 30))
    row = meetings.prepare_other(act(), "ビジョン懇談会", hours, "庁議室")
    for name, address in (("学識経験者", "member@univ.example"), ("住民代表", None)):
        post = Post(kind=PostKind.CHIEF, name=name, email=address, municipality_id=1)
        db.session.add(post)
        db.session.flush()
        seat = MeetingSeat(meeting_id=row.id, title=name, post_id=post.id, nonce=name)
        db.session.add(seat)
    db.session.commit()
    reminders.run_once()
    meetings.send_notice(act(), row, "", TEXT)
    assert last(email="member@univ.example").calendar
    # Who has no address was not invited; of the towns' officers a notice asks nothing more.
    [owed] = [one for one in duties.all_duties(cast.TODAY) if one.detail == "ビジョン懇談会"]
    assert (owed.title, owed.due_on) == ("学識経験者の出欠を回答する", date(2026, 12, 14))
    now.move_to(clock.at(date(2026, 12, 9), time(9, 1)))
    reminders.run_once()
    [reminder] = [one for one in sent_to("member@univ.example") if "あと" in one["Subject"]]
    assert reminder["Subject"] == "【あと5日】ビジョン懇談会の出欠の御回答について"
    assert "学識経験者の出欠を回答する" in text_of(reminder) and links_in(reminder, "/r/")


@pytest.mark.parametrize(
    ("on", "noticed_on", "due_on"),
    [
        (date(2027, 1, 28), date(2026, 12, 1), date(2027, 1, 21)),
        (date(2027, 1, 28), date(2027, 1, 21), date(2027, 1, 27)),
        (date(2027, 1, 18), date(2027, 1, 12), date(2027, 1, 15)),
        (date(2027, 1, 28), date(2027, 1, 28), date(2027, 1, 28)),
        # On a Friday, and on the Sunday, for the Monday.
        (date(2027, 1, 25), date(2027, 1, 22), date(2027, 1, 22)),
        (date(2027, 1, 25), date(2027, 1, 24), date(2027, 1, 25)),
    ],
)
def test_a_late_notice_asks_until_a_day_that_can_be_kept(on, noticed_on, due_on):
    assert reply_due(on, noticed_on) == due_on


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("出欠　1月21日（木）までに、お知らせください。", ()),
        ("出欠を１月２１日１７時までに、資料は1月28日にお送りします。", ()),
        ("出欠を1/20までに。急ぐときは1月19日(火)17時まで。1/20まで。", ("1/20", "1月19日(火)")),
        ("令和9年3月31日までの事業について", ()),
        ("", ()),
    ],
)
def test_a_day_of_another_notice_is_found_in_its_words(words, days):
    assert other_days(words, date(2027, 1, 21)) == days


@pytest.mark.parametrize(
    ("words", "places"),
    [
        ("会場は県民福祉プラザです。", ()),
        ("会場は庁議室です。", ("庁議室",)),
        ("市民ホール　１階にお越しください。庁議室ではありません。", ("市民ホール 1階", "庁議室")),
        ("会場は本庁舎 庁議室 別館に変わりました。", ()),
        ("", ()),
    ],
)
def test_a_place_told_before_is_found_in_the_words_of_a_notice(words, places):
    place = "県民福祉プラザ" if "別館" not in words else "本庁舎　庁議室　別館"
    assert other_places(words, ["市民ホール 1階", "庁議室", "庁議室", ""], place) == places


def test_letters_said_the_place_that_stood_when_they_were_written():
    days = [datetime(2026, 12, n, tzinfo=UTC) for n in (1, 2, 3)]
    told = [ToldPlace("庁議室", days[0]), ToldPlace("市民ホール", days[1])]
    hour = timedelta(hours=1)
    said = [place_told_at(told, "庁議室", day - hour) for day in days]
    assert said == ["庁議室", "市民ホール", "庁議室"]
    assert place_told_at(told, "庁議室", days[0]) == "市民ホール"


# --- answers of calendars ---------------------------------------------------------------------------


def reply(row: MeetingRow, partstat: str = "ACCEPTED", slug: str = "imabetsu", **changes) -> bytes:
    """A calendar's answer of a town's secretary to its own invitation, as Outlook writes it."""
    invitation, address = invited(row, slug), f"secretary@{slug}.example"
    told = {"uid": invitation.uid, "sequence": invitation.sequence, "attendee": address}
    sender, text = changes.pop("sender", address), changes.pop("text", "")
    answered = calendar(partstat, **{**told, **changes})
    return mail(text, sender=sender, answers=None, subject="承諾: 会議", calendar=answered)


def test_what_a_calendar_answers_stands_at_the_seat(noticed, returned):
    google = GOOGLE.replace(UID, invited(noticed, "hiranai").uid).replace(
        ASKED, "secretary@hiranai.example"
    )
    uids = [
        returned.add(reply(noticed)),
        returned.add(mail("", sender="secretary@hiranai.example", answers=None, calendar=google)),
    ]
    assert mailbox.collect(cast.NOW).unreadable == 0
    db.session.rollback()
    assert returned.flags() == {uid: {"\\Seen"} for uid in uids}
    found = {slug: seat_of(noticed, slug) for slug in ("imabetsu", "hiranai", "yomogita")}
    assert {slug: one.attendance for slug, one in found.items()} == {
        **{"imabetsu": HEAD, "hiranai": ABSENT, "yomogita": None}
    }
    assert found["imabetsu"].replied_by == "今別町 秘書（予定表の返事）"
    # Before the day nobody has come.
    assert queries.meetings.of(noticed).attendance == {}
    # It is said again, by link this time, and the calendar's later word holds again.
    actions.answer(act(), noticed, found["imabetsu"].id, Coming(DEPUTY, "副町長", 2, 1))
    assert actions.take(reply(noticed, "DECLINED"), cast.NOW)
    assert seat_of(noticed, "imabetsu").attended == "欠席"
    assert letters("attendance_unclear") == []


DOUBTED = {
    "tentative": ({"partstat": "TENTATIVE"}, "「仮」"),
    "delegated": ({"partstat": "DELEGATED"}, "「委任」"),
    "a counter-proposal": ({"method": "COUNTER"}, "別の日時の提案"),
    "an older invitation": ({"sequence": -1}, "古い案内"),
    "another sender": ({"sender": "x@evil.example"}, "差出人"),
    "another town": ({"sender": "secretary@hiranai.example"}, "差出人"),
    "another attendee": ({"attendee": "mayor@imabetsu.example"}, "案内していない方"),
    "a deputy in words": ({"text": "代理で副町長が出席します。"}, "副町長が出席します"),
}


def test_who_could_not_be_told_of_a_move_answers_no_other_day(noticed):
    post = db.session.scalars(select(Post).where(Post.email == SECRETARY)).one()
    with act().change("post.changed", post, "宛先"):
        post.email = None
    meetings.fix(act(), noticed, dates_of(noticed)[4], "議会のため")
    with act().change("post.changed", post, "宛先"):
        post.email = SECRETARY
    assert actions.take(reply(noticed), cast.NOW)
    assert seat_of(noticed, "imabetsu").attendance is None
    assert "この案内の日時は、そのあとで変わっています。" in (invited(noticed).doubt or "")


def test_a_doubt_is_asked_back_of_its_post_and_put_before_the_office(noticed):
    assert actions.take(reply(noticed), cast.NOW)
    for days, (changes, said) in enumerate(DOUBTED.values()):
        at = cast.NOW + timedelta(days=days)
        assert actions.take(reply(noticed, **changes), at)
        back = letters("attendance_unclear")[-1]
        assert (len(letters("attendance_unclear")), back.to_email) == (days + 1, SECRETARY)
        assert said in back.body.replace("\n", "").replace("　", "") and back.has_secrets
        assert said in (invited(noticed).doubt or "")
        # What was said before stays; once a day is enough.
        assert seat_of(noticed, "imabetsu").attendance is HEAD
        assert actions.take(reply(noticed, **changes), at)
    assert len(letters("attendance_unclear")) == len(DOUBTED)
    assert actions.take(reply(noticed, "DECLINED"), cast.NOW)
    assert invited(noticed).doubt is None


def test_words_in_a_reply_are_asked_back_and_machines_are_left_alone(noticed):
    answers = last().message_id.strip("<>")
    assert not actions.take(
        mail("1月まで休暇です", sender=SECRETARY, answers=answers, subject="自動応答: 御案内"),
        cast.NOW,
    )
    assert not actions.take(mail("出席します。", sender=SECRETARY, answers=None), cast.NOW)
    assert letters("attendance_unclear") == []
    assert actions.take(mail("出席します。", sender=SECRETARY, answers=answers), cast.NOW)
    assert "文章からは" in letters("attendance_unclear")[-1].body
    assert seat_of(noticed, "imabetsu").attendance is None


def test_what_is_no_answer_to_an_invitation_of_ours_is_left_alone(noticed):
    theirs = reply(noticed, uid="5f0c@elsewhere.example")
    asked = reply(noticed, method="REQUEST")
    assert [actions.take(one, cast.NOW) for one in (theirs, asked, b"", b"\x00")] == [False] * 4
    raw = reply(noticed)
    late = datetime(2027, 1, 22, 1, tzinfo=UTC)
    assert actions.take(raw, late)
    assert "回答の期限（1月21日）を過ぎました" in letters("attendance_unclear")[-1].body.replace(
        "\n", ""
    ).replace("　", "")
    assert seat_of(noticed, "imabetsu").attendance is None
    # An address that was corrected since answers no more for the one before.
    post = db.session.get_one(Post, invited(noticed).post_id)
    post.email = "new@imabetsu.example"
    db.session.commit()
    assert actions.take(raw, cast.NOW)
    assert letters("attendance_unclear")[-1].to_email == "new@imabetsu.example"
    meetings.cancel(act(), noticed, "豪雪のため")
    assert not actions.take(raw, cast.NOW)
    assert seat_of(noticed, "imabetsu").attendance is None
