"""Planning and sending reminders, on both databases."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select

from tests.reminders.makers import make_round
from tracker.kernel.refusal import Refusal
from tracker.mail.letters import Letter, LetterState
from tracker.municipalities.models import Area
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.reminders import actions
from tracker.reminders.models import LetterItem

pytestmark = pytest.mark.engines_by_turns

FRIDAY_NINE = datetime(2026, 11, 27, 0, 0, 1, tzinfo=UTC)


def letters() -> list[Letter]:
    """All reminders, oldest first."""
    return list(db.session.scalars(select(Letter).order_by(Letter.id)))


def test_three_days_before_each_officer_gets_one_letter_about_all_reports(both, now):
    make_round()
    actions.run_once()
    now.move_to(FRIDAY_NINE)
    done = actions.run_once()
    assert (done.planned, done.sent) == (4, 4)
    written = letters()
    assert [one.to_email for one in written] == [
        "officer@hiranai.example",
        "officer@imabetsu.example",
        "officer@yomogita.example",
        "officer@sotogahama.example",
    ]
    assert written[0].subject == "【あと3日】上期の進捗報告（残り2事業）のお願い"
    assert "　1　事業1" in written[0].body
    assert "https://renkei.example.lg.jp/reports/2026-h1" in written[0].body


def test_the_same_moment_twice_sends_once(both, now):
    make_round()
    now.move_to(FRIDAY_NINE)
    assert actions.run_once().sent == 4
    assert actions.run_once().sent == 0
    assert len(letters()) == 4


def test_before_nine_nothing_is_sent(both, now):
    make_round()
    now.move_to(datetime(2026, 11, 26, 23, 59, tzinfo=UTC))
    assert actions.run_once().planned == 0


def test_after_ten_days_of_silence_each_person_gets_one_late_letter(both, now):
    make_round()
    now.move_to(datetime(2026, 11, 15, tzinfo=UTC))
    actions.run_once()
    now.move_to(datetime(2026, 11, 28, 3, tzinfo=UTC))
    done = actions.run_once()
    # The 16th and the 20th are passed over; the 27th is what still helps.
    assert (done.planned, done.skipped) == (4, 8)
    assert all("遅延" in (one.note or "") for one in letters())
    skipped = select(func.count()).where(LetterItem.state == LetterState.SKIPPED)
    assert db.session.scalar(skipped) == 8


def test_a_clock_that_went_back_sends_nothing_and_says_so(both, now):
    make_round()
    now.move_to(FRIDAY_NINE)
    actions.run_once()
    now.move_to(datetime(2026, 11, 20, tzinfo=UTC))
    with pytest.raises(Refusal, match="時計が前に戻っています"):
        actions.run_once()


def test_the_watermark_never_goes_back(both, now):
    from tracker.reminders import queries

    make_round()
    now.move_to(FRIDAY_NINE)
    actions.run_once()
    before = queries.watermark()
    now.shift(-60)
    actions.run_once()
    assert queries.watermark() == before


def test_a_done_report_is_no_longer_mentioned(both, now):
    from tracker.projects.models import ReportingRound

    make_round()
    now.move_to(FRIDAY_NINE)
    db.session.scalars(select(ReportingRound)).one().closed_at = clock.now()
    db.session.commit()
    assert actions.run_once().planned == 0


def test_a_preview_writes_nothing(both):
    make_round()
    drafts = actions.preview(date(2026, 11, 27))
    db.session.rollback()
    assert len(drafts) == 4
    assert letters() == []


def test_a_day_to_come_is_refused_outside_an_example(both):
    assert actions.check_day(date(2026, 12, 1)) is not None
    db.session.scalars(select(Area)).one().is_example = False
    db.session.commit()
    from tracker.municipalities import queries

    queries.forget()
    with pytest.raises(Refusal, match="令和8年12月1日はまだ来ていません"):
        actions.check_day(date(2026, 12, 1))


def test_a_letter_says_when_a_holiday_moved_it(both, now):
    make_round()
    now.move_to(datetime(2026, 11, 20, 0, 0, 1, tzinfo=UTC))
    actions.run_once()
    assert letters()[0].note == "23日が祝日（勤労感謝の日）のため繰上げ"
