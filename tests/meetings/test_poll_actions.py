"""The date poll, on SQLite and on PostgreSQL."""

import unicodedata
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from tests import cast
from tests.meetings.makers import (
    DATES,
    DUE,
    PLACE,
    YEAR,
    dates_of,
    letters,
    make_answers,
    make_fixed,
    make_meeting,
    seat_of,
)
from tests.sent import last_link
from tracker.accounts.models import Post
from tracker.history import history
from tracker.history.columns import subject_of
from tracker.kernel.refusal import Refusal
from tracker.mail import links
from tracker.meetings import actions, queries
from tracker.meetings.models import MeetingRow, MeetingSeat, PollAnswer
from tracker.meetings.poll import actions as poll_actions
from tracker.meetings.rules import Answer, Candidate, link_ends
from tracker.municipalities.actions import enter_days
from tracker.municipalities.models import EntryKind
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db

pytestmark = [pytest.mark.usefixtures("both"), pytest.mark.engines_by_turns]
LATE = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)
MORE = Candidate(date(2027, 2, 9), time(14), time(15, 30))


def token_of(meeting, slug):
    return last_link(f"secretary@{slug}.example", "/p/").removeprefix("/p/")


def test_opening_a_poll_asks_five_secretaries_in_one_go():
    meeting = make_meeting()
    found = queries.of(meeting)
    assert tuple(found.dates.values()) == DATES
    assert [seat.name for seat in found.seats] == [name for *_, name, _, _ in cast.TOWNS]
    assert [seat.title for seat in found.seats][:2] == ["青森市長", "平内町長"]
    sent = letters("poll_request")
    assert [letter.to_email for letter in sent] == [
        f"secretary@{slug}.example" for _, slug, *_ in cast.TOWNS
    ]
    assert sent[2].subject == "【御回答のお願い】市町村長会議の日程について（11月27日まで）"
    assert "今別町長の御都合を" in sent[2].body
    assert "　候補　1　令和9年1月19日（火）14時〜15時30分" in sent[2].body
    assert "　回答期限　令和8年11月27日（金）17時" in sent[2].body
    assert len(set(db.session.scalars(select(MeetingSeat.nonce)))) == 5


def test_the_lines_of_every_letter_are_short_enough_for_any_reader():
    meeting = make_fixed()
    poll_kinds = ["poll_request", "poll_fixed"]
    actions.fix(Act(None, cast.NOW), meeting, dates_of(meeting)[0], "都合")
    actions.send_notice(Act(None, cast.NOW), meeting, "青企第1号", "議題は追って。")
    actions.cancel(Act(None, cast.NOW), meeting, "大雪のため")
    again = make_meeting()
    poll_actions.ask_again(Act(None, cast.NOW), again)
    for kind in [*poll_kinds, "meeting_notice", "meeting_cancelled", "poll_again"]:
        for letter in letters(kind):
            for line in letter.body.splitlines():
                width = sum(1 + (unicodedata.east_asian_width(c) in "WFA") for c in line)
                assert width <= 70 or "https://" in line, line
            assert "\n\n\n" not in letter.body
            assert "None" not in letter.subject + letter.body


def test_a_year_has_one_meeting_until_it_is_called_off():
    meeting = make_meeting()
    with pytest.raises(Refusal, match="令和8年度の会議は、すでに準備が始まっています。"):
        make_meeting()
    db.session.rollback()
    actions.cancel(Act(None, cast.NOW), meeting, "候補日がなくなったため")
    assert make_meeting().id != meeting.id
    assert len(letters("poll_request")) == 10


def test_the_database_itself_refuses_a_second_meeting_of_the_year():
    make_meeting()
    db.session.add(MeetingRow(fiscal_year=2026, name="もう一つ", place=PLACE))
    with pytest.raises(IntegrityError):
        db.session.flush()


def test_a_refused_poll_leaves_nothing_behind():
    holiday = Candidate(date(2027, 2, 11), time(14), time(15))
    for wrong in (
        {"candidates": []},
        {"candidates": [*DATES, holiday]},
        {"reply_due_on": DATES[0].on},
    ):
        with pytest.raises(Refusal):
            make_meeting(**wrong)
        db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(MeetingRow)) == 0
    assert history.versions() == {}
    assert letters("poll_request") == []


def test_days_in_a_calendar_are_warned_about_whoever_s_they_are():
    for kind, day in ((EntryKind.CLOSURE, 19), (EntryKind.ASSEMBLY, 21), (None, 21)):
        on = date(2027, 1, day)
        enter_days(Act(None, cast.NOW), ["hiranai", "imabetsu"], kind, "出張など", on, on)
    soon = Candidate(date(2026, 12, 15), time(10), time(11))
    eve = Candidate(date(2026, 12, 28), time(10), time(11))
    assert poll_actions.check_new(YEAR, [soon, eve, *DATES], DUE, cast.TODAY) == [
        "12月15日まで4週間ありません。ご予定の調整がつきにくいことがあります。",
        "12月28日（月）は避ける日に当たります。",
        "1月19日（火）は平内町、今別町の閉庁日に当たります。",
        "1月21日（木）は平内町、今別町の議会日程と平内町、今別町の首長の不在に当たります。",
    ]
    assert make_meeting().reply_due_on == DUE


def test_a_municipality_without_a_secretary_is_answered_for_by_telephone(actor):
    post = db.session.scalars(
        select(Post).where(Post.email == "secretary@sotogahama.example")
    ).one()
    post.strike("青森市 管理者", cast.NOW, "使わないため。")
    meeting = make_meeting()
    assert len(letters("poll_request")) == 4
    with pytest.raises(Refusal, match="だれから聞いたかを入れてください。"):
        make_answers(meeting, {"sotogahama": "○○○○○"}, Act(actor("office"), cast.NOW))
    db.session.rollback()
    by_phone = Act(actor("office"), cast.NOW)
    make_answers(meeting, {"sotogahama": "○○○○○"}, by_phone, "総務課 電話")
    seat = seat_of(meeting, "sotogahama")
    assert queries.of(meeting).has_answered(seat)
    assert (seat.told_by, seat.answerer) == ("総務課 電話", "青森市 連携推進担当")
    who = select(PollAnswer.answered_by_id).distinct()
    assert db.session.scalars(who).all() == [by_phone.person.person_id]


def test_only_what_differs_is_written_and_an_own_word_takes_the_place_of_all(actor):
    meeting = make_meeting()
    rows = lambda: db.session.scalar(select(func.count()).select_from(PollAnswer))  # noqa: E731
    make_answers(meeting, {"imabetsu": "○○○○○"})
    by_phone = Act(actor("office"), cast.NOW)
    make_answers(meeting, {"imabetsu": "○○×○○"}, by_phone, "総務課 電話")
    assert rows() == 5 + 1
    assert seat_of(meeting, "imabetsu").told_by == "総務課 電話"
    make_answers(meeting, {"imabetsu": "○○×○○"})
    assert rows() == 5 + 1 + 5
    assert not seat_of(meeting, "imabetsu").told_by


def test_the_best_date_of_the_shots_is_the_28th_of_january():
    meeting = make_meeting()
    make_answers(meeting)
    found = queries.of(meeting)
    assert found.dates[found.best].on == date(2027, 1, 28)
    assert not found.has_no_common_day
    assert [str(one) for one in found.tallies.values()] == [
        "○ 1　△ 1　× 1",
        "○ 2　△ 1　× 0",
        "回答済み全員 ○",
        "○ 2　△ 0　× 1",
        "○ 2　△ 1　× 0",
    ]
    make_answers(meeting, {"imabetsu": "△△△△△"})
    assert queries.of(meeting).has_no_common_day


def test_an_answer_replaces_the_one_before_and_may_leave_dates_out():
    meeting = make_meeting()
    make_answers(meeting, {"imabetsu": "○○○○○"})
    make_answers(meeting, {"imabetsu": "×  △ "})
    found, seat = queries.of(meeting), seat_of(meeting, "imabetsu")
    assert list(seat.given.values()) == [Answer.NO, Answer.MAYBE]
    assert [one.on.day for one in found.unanswered(seat)] == [21, 28, 4]
    assert seat.answerer == "秘書"
    first, fourth = [dates_of(meeting)[place] for place in (0, 3)]
    taken_back = dict.fromkeys((dates_of(meeting)[place] for place in (1, 2, 4)), Answer.YES)
    assert seat.changed == {first: Answer.YES, fourth: Answer.YES, **taken_back}
    said = db.session.scalars(select(PollAnswer.answer).order_by(PollAnswer.id)).all()
    assert said == [Answer.YES] * 5 + [Answer.NO, None, None, Answer.MAYBE, None]
    entry = history.last_of(subject_of(db.session.get_one(MeetingSeat, seat.id)))
    told = [one for key, one in entry.payload["after"].items() if key.endswith("/answer")]
    assert sorted(map(str, told)) == ["maybe", "no"]
    make_answers(meeting, {"imabetsu": "×○   "})
    seat = seat_of(meeting, "imabetsu")
    assert list(seat.given.values()) == [Answer.NO, Answer.YES]
    assert seat.changed[first] is Answer.YES and seat.changed[dates_of(meeting)[1]] is None
    with pytest.raises(Refusal, match="候補日のどれかに、○・△・×で答えてください。"):
        make_answers(meeting, {"imabetsu": "     "})


def test_late_answers_are_refused_except_those_the_office_took_by_telephone(actor):
    meeting = make_meeting()
    for by in (None, actor("officer", "imabetsu")):
        with pytest.raises(Refusal) as refusal:
            make_answers(meeting, {"imabetsu": "○○○○○"}, Act(by, LATE))
        assert refusal.value.message == (
            "回答の期限（11月27日）を過ぎました。"
            "青森市 連携推進担当（017-000-0000）へお電話ください。"
        )
        db.session.rollback()
    by_phone = Act(actor("office"), LATE)
    make_answers(meeting, {"imabetsu": "○○○○○"}, by_phone, "企画課 電話")
    assert len(queries.of(meeting).silent) == 4


def test_only_the_silent_are_asked_again_and_once_a_day():
    meeting = make_meeting()
    make_answers(meeting)
    assert poll_actions.ask_again(Act(None, cast.NOW), meeting) == ["今別町", "外ヶ浜町"]
    assert letters("poll_again")[0].subject == "【あと3日】市町村長会議の日程の御回答について"
    with pytest.raises(Refusal, match="今日は、送れるお願いがありません。"):
        poll_actions.ask_again(Act(None, cast.NOW + timedelta(hours=5)), meeting)
    db.session.rollback()
    make_answers(meeting, {"imabetsu": "○○○○○"})
    tomorrow = cast.NOW + timedelta(days=1)
    assert poll_actions.ask_again(Act(None, tomorrow), meeting) == ["外ヶ浜町"]
    assert [one.to_name for one in letters("poll_again")] == [
        *("今別町 秘書", "外ヶ浜町 秘書", "外ヶ浜町 秘書")
    ]
    with pytest.raises(Refusal, match="回答期限を過ぎています。"):
        poll_actions.ask_again(Act(None, LATE), meeting)
    db.session.rollback()
    make_answers(meeting, {"sotogahama": "○○○○○"})
    with pytest.raises(Refusal, match="未回答の市町村はありません。"):
        poll_actions.ask_again(Act(None, tomorrow), meeting)


def test_a_date_is_added_and_earlier_answers_stay():
    meeting = make_meeting()
    make_answers(meeting)
    later = cast.NOW + timedelta(hours=1)
    due = date(2026, 12, 4)
    poll_actions.add_dates(Act(None, later), meeting, [MORE], due)
    found, seat = queries.of(meeting), seat_of(meeting, "hiranai")
    assert [one.on for one in found.dates.values()][-1] == MORE.on
    assert len(seat.given) == 5
    assert not found.has_answered(seat)
    assert meeting.reply_due_on == due
    told = letters("poll_added")
    assert len(told) == 5
    assert told[0].subject == "【御回答のお願い】市町村長会議の候補日を加えました（12月4日まで）"
    assert "1　令和9年2月9日（火）14時〜15時30分" in told[0].body
    assert "1月19日" not in told[0].body
    make_answers(meeting, {"hiranai": "×○○○△○"}, Act(None, later))
    assert queries.of(meeting).has_answered(seat_of(meeting, "hiranai"))


def test_a_deadline_alone_may_be_put_off_without_a_letter():
    meeting = make_meeting()
    with pytest.raises(Refusal, match="加える候補日か、新しい回答期限を入れてください。"):
        poll_actions.add_dates(Act(None, cast.NOW), meeting, [], DUE)
    db.session.rollback()
    poll_actions.add_dates(Act(None, LATE), meeting, [], date(2026, 12, 1))
    assert meeting.reply_due_on == date(2026, 12, 1)
    assert len(letters("poll_request")) == 5
    make_answers(meeting, {"imabetsu": "○○○○○"}, Act(None, LATE))
    assert queries.of(meeting).has_answered(seat_of(meeting, "imabetsu"))


def test_after_a_date_is_fixed_no_date_and_no_answer_is_taken():
    meeting = make_fixed()
    said = "日程は令和9年1月28日（木）に決まりました。"
    with pytest.raises(Refusal, match=said):
        poll_actions.add_dates(Act(None, cast.NOW), meeting, [MORE], DUE)
    with pytest.raises(Refusal, match=said):
        make_answers(meeting, {"imabetsu": "○○○○○"})
    with pytest.raises(Refusal, match=said):
        poll_actions.ask_again(Act(None, cast.NOW), meeting)


def test_a_link_leads_to_its_own_municipality_and_to_no_other():
    meeting = make_meeting()
    make_answers(meeting)
    found, opens = queries.find_by_link(token_of(meeting, "imabetsu"), cast.NOW)
    assert opens
    assert [seat.slug for seat in found.seats] == ["imabetsu"]
    assert found.seats[0].given == {}


def test_a_forged_link_is_none_at_all():
    meeting = make_meeting()
    token = token_of(meeting, "imabetsu")
    for forged in ("x", token[:-1], token.replace(".", ".x"), f"{token}x", "W10.x"):
        assert queries.find_by_link(forged, cast.NOW) is None


def test_a_renewed_link_stops_the_one_before():
    meeting = make_meeting()
    old = token_of(meeting, "imabetsu")
    poll_actions.renew_link(Act(None, cast.NOW), meeting, "imabetsu")
    new = token_of(meeting, "imabetsu")
    assert queries.find_by_link(old, cast.NOW)[1] is False
    assert queries.find_by_link(new, cast.NOW)[1] is True
    ends = link_ends(DUE)
    assert queries.find_by_link(new, ends - timedelta(seconds=1))[1] is True
    assert queries.find_by_link(new, ends)[1] is False


def test_a_cancelled_meeting_stops_every_link():
    meeting = make_meeting()
    token = token_of(meeting, "imabetsu")
    actions.cancel(Act(None, cast.NOW), meeting, "大雪のため")
    assert links.verify(queries.POLL, token, cast.NOW) is None
    # Whoever was given it is told so; nobody else.
    assert queries.find_by_link(token, cast.NOW)[1] is True
    forged = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    assert queries.find_by_link(forged, cast.NOW)[1] is False
    revoked = db.session.scalars(select(MeetingSeat.revoked_at)).all()
    assert len(revoked) == 5 and None not in revoked


def test_every_step_stands_in_the_history(actor):
    meeting = make_meeting(Act(actor("office"), cast.NOW))
    make_answers(meeting, {"imabetsu": "○○○○○"})
    entries = db.session.scalars(
        select(history.HistoryEntry).order_by(history.HistoryEntry.id)
    ).all()
    assert [entry.verb for entry in entries] == ["meeting.polled", "poll.answered"]
    assert entries[1].summary == (
        "令和8年度 市町村長会議：今別町長のご予定に今別町 秘書が回答しました。"
    )
    assert history.verify() is None
