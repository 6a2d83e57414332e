"""Answers by reply mail: as if given by the personal link, asked back, or left alone."""

import re
from datetime import datetime

import pytest

from tests import cast
from tests.imap import Mailbox
from tests.incoming_mail.test_mailbox import configure
from tests.meetings.makers import DATES, DUE, letters, make_meeting, seat_of
from tests.meetings.test_poll_actions import LATE, MORE
from tests.replies.mails import mail
from tracker.accounts.models import Post
from tracker.history import history
from tracker.history.columns import subject_of
from tracker.incoming_mail import mailbox
from tracker.mail.letters import Letter
from tracker.meetings import actions, queries
from tracker.meetings.models import MeetingSeat
from tracker.meetings.poll import actions as poll
from tracker.meetings.rules import Answer
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.poll_replies import actions as replies
from tracker.poll_replies import rules

pytestmark = pytest.mark.engines_by_turns

NOW = cast.NOW
SECRETARY = "secretary@imabetsu.example"
YES, MAYBE, NO = Answer


@pytest.fixture
def meeting(both, returned: Mailbox):
    """A poll of five dates runs, and a mailbox is configured."""
    configure(both, returned)
    return make_meeting()


def asked(kind: str = "poll_request", email: str = SECRETARY) -> Letter:
    """The last letter of a kind to a secretary."""
    return [one for one in letters(kind) if one.to_email == email][-1]


def reply(text: str, to: Letter | None = None, **changes: str) -> bytes:
    """A secretary's answer to a letter."""
    told = {"sender": SECRETARY, "answers": (to or asked()).message_id.strip("<>"), **changes}
    return mail(text, **told)


def given(meeting, slug: str = "imabetsu") -> list[Answer | None]:
    """What was answered, date by date."""
    db.session.rollback()
    answers = seat_of(meeting, slug).given
    return [answers.get(id_) for id_ in sorted(answers)]


def test_a_letter_says_that_it_may_be_answered_where_a_mailbox_is_read(meeting):
    assert "（例　1○ 2△ 3×）" in asked().body
    assert "\n\n\n" not in asked().body


def test_without_a_mailbox_no_letter_speaks_of_replies(both):
    make_meeting()
    assert "返信" not in asked().body and "［" not in asked().subject


def test_a_reply_answers_as_the_link_would(meeting, returned):
    uid = returned.add(reply("1○ 2△ 3× 4○ 5○"))
    assert mailbox.collect(NOW).unreadable == 0
    assert given(meeting) == [YES, MAYBE, NO, YES, YES]
    seat = seat_of(meeting, "imabetsu")
    assert seat.answered_by == "今別町 秘書（返信メール）"
    assert (seat_of(meeting, "hiranai").given, letters("poll_unclear")) == ({}, [])
    assert returned.flags() == {uid: {"\\Seen"}}
    entry = history.last_of(subject_of(db.session.get_one(MeetingSeat, seat.id)))
    assert entry is not None and (entry.verb, entry.person_id) == ("poll.answered", None)
    assert "今別町 秘書（返信メール）が回答しました" in entry.summary


def test_dates_that_a_reply_leaves_out_stay_as_they_are(meeting, returned):
    assert replies.take(reply("1○ 2△ 3× 4○ 5○"), NOW)
    assert replies.take(reply("2○"), NOW)
    assert given(meeting) == [YES, YES, NO, YES, YES]


def test_a_number_means_the_date_that_stood_behind_it_in_the_letter(meeting, returned):
    first = asked()
    poll.add_dates(Act(None, NOW), meeting, [MORE], DUE)
    assert replies.take(reply("1×", asked("poll_added")), NOW)
    assert replies.take(reply("1○", first), NOW)
    dates = queries.of(meeting).dates
    found = {dates[id_]: answer for id_, answer in seat_of(meeting, "imabetsu").given.items()}
    assert found == {DATES[0]: YES, MORE: NO}


def test_a_reply_that_no_longer_says_what_it_answers_is_known_by_the_code_in_its_subject(
    meeting, returned
):
    subject = f"Re: {asked().subject}"
    assert re.search("［[0-9a-f]{10}］$", subject)
    raw = mail("1○", sender=SECRETARY, answers=None, subject=subject)
    forged = mail("2○", sender="x@evil.example", answers=None, subject=subject)
    other = mail("3○", sender=SECRETARY, answers=None, subject=subject[:-3] + "0］")
    assert [replies.take(one, NOW) for one in (raw, forged, other)] == [True, True, False]
    assert given(meeting) == [YES]
    assert [one.to_email for one in letters("poll_unclear")] == [SECRETARY]


def test_one_number_before_two_dates_means_neither():
    body = f"1　{DATES[0].label}\n1　{DATES[1].label}\n"
    assert rules.numbered(body, dict(enumerate(DATES, 1))) == {}
    assert rules.numbered(f"12　{DATES[0].label}", {7: DATES[0]}) == {12: 7}


@pytest.mark.parametrize(
    "raw",
    [
        lambda: reply("1番は出席できます"),
        lambda: reply("1○ 6○"),
        lambda: reply("1　1月20日（水） ○"),
        lambda: reply("1○", sender="kikaku@imabetsu.example"),
    ],
    ids=["a sentence", "no such date", "another day", "a colleague"],
)
def test_a_doubt_is_asked_back_of_the_post_once_a_day(raw, meeting, returned):
    for _ in range(2):
        returned.add(raw())
    mailbox.collect(NOW)
    assert not seat_of(meeting, "imabetsu").given
    [back] = letters("poll_unclear")
    assert back.to_email == SECRETARY and back.has_secrets
    assert "まだ承っておりません" in back.body
    # What is asked back can be answered by mail too.
    assert replies.take(reply("1○", back), NOW)
    assert given(meeting) == [YES]


def test_an_answer_after_the_deadline_is_not_taken_and_says_so(meeting, returned):
    late = LATE.replace(day=30)
    assert replies.take(reply("1○"), late)
    assert not seat_of(meeting, "imabetsu").given
    [back] = letters("poll_unclear")
    assert "回答の期限（11月27日）を過ぎました。" in back.body.replace("\n", "").replace("　", "")


def test_what_answers_no_letter_of_a_poll_is_left_alone(meeting, returned):
    others = (
        reply("1○", extra="Auto-Submitted: auto-replied\n"),
        reply("1○", subject="自動応答: 日程"),
        mail("1○", sender=SECRETARY, answers=None),
        mail("1○", sender=SECRETARY),
        b"\x00\xff",
    )
    uids = [returned.add(one) for one in others]
    assert mailbox.collect(NOW).unreadable == len(others)
    assert (seat_of(meeting, "imabetsu").given, letters("poll_unclear")) == ({}, [])
    assert returned.flags() == {uid: set() for uid in uids}


def test_nobody_answers_for_another_municipality(meeting, returned):
    other = "secretary@hiranai.example"
    assert replies.take(reply("1○", asked(email=other)), NOW)
    assert not seat_of(meeting, "hiranai").given and not seat_of(meeting, "imabetsu").given
    assert [one.to_email for one in letters("poll_unclear")] == [other]


def test_once_the_date_is_fixed_or_the_post_is_another_nothing_is_taken(meeting, returned):
    letter = asked()
    post_id = db.session.get_one(MeetingSeat, seat_of(meeting, "imabetsu").id).post_id
    db.session.get_one(Post, post_id).email = "new@imabetsu.example"
    db.session.commit()
    assert replies.take(reply("1○", letter), NOW)
    assert not seat_of(meeting, "imabetsu").given
    assert [one.to_email for one in letters("poll_unclear")] == ["new@imabetsu.example"]
    actions.fix(Act(None, NOW), meeting, next(iter(queries.of(meeting).dates)), "都合")
    assert not replies.take(reply("1○", letter), NOW)


def test_a_mail_that_breaks_a_reader_is_passed_over(meeting, both, returned, monkeypatch):
    def broken(raw: bytes, at: datetime) -> bool:
        raise ZeroDivisionError

    monkeypatch.setitem(both.extensions, "mail_readers", [broken])
    returned.add(reply("1○"))
    assert mailbox.collect(NOW).unreadable == 1
    assert mailbox.collect(NOW).read == 0
    assert mailbox.standing().trouble is None
