"""The main job from end to end, as its people live it: one year's work in one browser.

Office, lead, officers, secretaries and confirmers at their pages in a real Chromium, their
letters received by a real mail server, the clock moved from day to day.  The quick run reads the
chapters by themselves, side by side; the slow one reads the year as a whole.
"""

import pytest
import time_machine

from tests.browser.chapters import agreement, costs, meeting, record, reports
from tests.browser.house import House

pytestmark = pytest.mark.browser


def test_the_agreement_and_its_projects(town_hall: House) -> None:
    agreement.import_the_agreement(town_hall)
    agreement.enter_its_sisters(town_hall)
    agreement.plan_two_projects(town_hall)


def test_the_reports(planned: House) -> None:
    reports.ask_for_reports(planned)
    officer = reports.report_from_the_letter(planned)
    reports.check_the_reports(planned, officer)
    record.no_letter_came_twice(planned)


def test_the_meeting(planned: House, now: time_machine.Traveller) -> None:
    meeting.ask_the_secretaries(planned)
    meeting.remind_the_silent_one(planned, now)
    meeting.fix_the_day(planned)
    meeting.say_who_comes(planned)
    meeting.hold_the_meeting(planned, now)
    record.no_letter_came_twice(planned)


def test_the_costs(planned: House) -> None:
    costs.share_the_costs(planned)
    costs.change_what_was_sent(planned)
    costs.agree(planned)
    record.read_the_record(planned, record.COSTS)
    record.no_letter_came_twice(planned)


@pytest.mark.slow
def test_the_story(town_hall: House, now: time_machine.Traveller) -> None:
    agreement.import_the_agreement(town_hall)
    agreement.enter_its_sisters(town_hall)
    agreement.plan_two_projects(town_hall)

    reports.ask_for_reports(town_hall)
    officer = reports.report_from_the_letter(town_hall)
    reports.check_the_reports(town_hall, officer)

    meeting.ask_the_secretaries(town_hall)
    meeting.remind_the_silent_one(town_hall, now)
    meeting.fix_the_day(town_hall)
    meeting.say_who_comes(town_hall)
    meeting.hold_the_meeting(town_hall, now)

    costs.share_the_costs(town_hall, costs.LATE)
    costs.change_what_was_sent(town_hall)
    costs.agree(town_hall)

    record.read_the_record(town_hall, record.REPORTS, record.MEETING, record.COSTS)
    record.no_letter_came_twice(town_hall)
