"""What the facts of a year ask of whom."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from tracker.cost_sharing.rules import PendingConfirmation
from tracker.duties import rules
from tracker.duties.duty import Facts, Kind, LetterFact
from tracker.kernel.asked import Asked
from tracker.kernel.fiscal_year import FiscalYear, Half, Period
from tracker.kernel.permissions import Actor, Role
from tracker.meetings.rules import (
    AgreementStanding,
    Candidate,
    InvitationFact,
    MeetingFact,
    Standing,
)
from tracker.projects.rules import ReportFact, ReportState

TODAY = date(2026, 11, 24)
NOTHING = Facts("aomori", {"imabetsu": "青森市・今別町"}, (), (), (), (), ())


def actor(role: Role, municipality: str = "imabetsu", post_id: int = 1) -> Actor:
    """Somebody signed in."""
    return Actor(1, "今別町 企画担当", role, municipality, 3, "今別町", post_id, False)


def make_report(**changes: object) -> ReportFact:
    """今別町's report on 農業研修事業, led by 青森市."""
    values: dict[str, object] = {
        "round_path": "/reports/2026-h1",
        "report_path": "/reports/2026-h1/1/imabetsu",
        "period": Period(2026, Half.H1),
        "due_on": date(2026, 11, 30),
        "project_id": 1,
        "project": "農業研修事業",
        "municipality_slug": "imabetsu",
        "municipality": "今別町",
        "state": ReportState.NONE,
        "lead_municipality": "aomori",
        "lead_post_id": 7,
        "submitted_on": None,
        "returned_on": None,
        "round_closed": False,
    }
    return ReportFact(**{**values, **changes})  # type: ignore[arg-type]


def kinds(facts: Facts, today: date = TODAY) -> list[Kind]:
    """The kinds of the duties still open."""
    return [duty.kind for duty in rules.duties(facts, today) if not duty.is_done]


def test_no_facts_no_duties():
    assert rules.duties(NOTHING, TODAY) == ()


def test_reports_of_one_municipality_are_one_duty_that_names_what_is_left():
    states = (ReportState.RETURNED, ReportState.DRAFT, ReportState.NONE, ReportState.CONFIRMED)
    reports = tuple(
        make_report(project_id=n, project=f"事業{n}", state=state) for n, state in enumerate(states)
    )
    [duty] = rules.owed(rules.duties(replace(NOTHING, reports=reports), TODAY), actor(Role.OFFICER))
    assert (duty.remaining, duty.total) == (3, 4)
    assert "残り3事業" in duty.text
    assert [item.action for item in duty.items] == ["直して出す", "続きから", "始める"]


def test_a_submitted_report_is_the_lead_s_to_check_and_no_longer_the_town_s():
    facts = replace(
        NOTHING,
        reports=(make_report(state=ReportState.SUBMITTED, submitted_on=date(2026, 11, 20)),),
    )
    found = rules.duties(facts, TODAY)
    assert rules.owed(found, actor(Role.OFFICER)) == ()
    [check] = rules.owed(found, actor(Role.LEAD, "aomori", post_id=7))
    # Five office days after Friday the 20th; the 23rd is a holiday.
    assert (check.kind, check.due_on) == (Kind.REPORT_UNCHECKED, date(2026, 11, 30))
    assert rules.owed(found, actor(Role.LEAD, "aomori", post_id=8)) == ()


def test_the_hub_s_own_reports_are_its_lead_section_s():
    facts = replace(NOTHING, reports=(make_report(municipality_slug="aomori"),))
    found = rules.duties(facts, TODAY)
    assert rules.owed(found, actor(Role.LEAD, "aomori", post_id=7))
    assert not rules.owed(found, actor(Role.OFFICE, "aomori"))


def test_a_closed_round_asks_for_nothing_more():
    assert kinds(replace(NOTHING, reports=(make_report(round_closed=True),))) == []


def test_what_is_late_is_overdue():
    [duty] = rules.duties(replace(NOTHING, reports=(make_report(),)), date(2026, 12, 1))
    assert duty.state(date(2026, 11, 30)) == "open"
    assert duty.state(date(2026, 12, 1)) == "overdue"


def make_meeting(standing: Standing, **changes: object) -> MeetingFact:
    """The meeting of FY2026 with one agreement."""
    agreements = (AgreementStanding("青森市・今別町", ("aomori", "imabetsu"), standing),)
    return replace(MeetingFact(FiscalYear(2026), "/meetings/1", agreements), **changes)  # type: ignore[arg-type]


def test_the_meeting_s_duties_follow_its_stages():
    stages = [
        (make_meeting(Standing.NONE), [Kind.MEETING_UNPLANNED]),
        (
            make_meeting(Standing.POLLING, poll_reply_due_on=date(2026, 11, 27)),
            [Kind.MEETING_UNDATED, Kind.MEETING_UNHELD],
        ),
        (
            make_meeting(Standing.FIXED, fixed_on=date(2027, 1, 28)),
            [Kind.NOTICE_UNSENT, Kind.MEETING_UNHELD],
        ),
        (
            make_meeting(Standing.NOTICED, fixed_on=date(2027, 1, 28), noticed=True),
            [Kind.MEETING_UNHELD],
        ),
        (
            make_meeting(
                Standing.HELD, fixed_on=date(2027, 1, 28), noticed=True, attendance_recorded=True
            ),
            [],
        ),
    ]
    for fact, expected in stages:
        assert kinds(replace(NOTHING, meetings=(fact,))) == expected


def test_attendance_is_owed_once_the_day_has_come():
    fact = make_meeting(Standing.NOTICED, fixed_on=date(2027, 1, 28), noticed=True)
    facts = replace(NOTHING, meetings=(fact,))
    assert Kind.ATTENDANCE_UNRECORDED not in kinds(facts, date(2027, 1, 27))
    assert Kind.ATTENDANCE_UNRECORDED in kinds(facts, date(2027, 1, 28))


def test_article_5_falls_due_on_31_march():
    [duty] = rules.duties(replace(NOTHING, meetings=(make_meeting(Standing.NONE),)), TODAY)
    assert (duty.due_on, duty.article) == (date(2027, 3, 31), 5)


def test_a_poll_s_letter_leads_to_the_personal_link_and_its_page_to_the_signed_in_one():
    fact = InvitationFact(
        "/meetings/1",
        "imabetsu",
        "今別町",
        5,
        date(2026, 11, 27),
        False,
        (Candidate(date(2027, 1, 19), time(14), time(15, 30)),),
        "/p/token",
    )
    [duty] = rules.duties(replace(NOTHING, invitations=(fact,)), TODAY)
    assert (duty.url, duty.letter_url) == ("/meetings/1/answers/imabetsu", "/p/token")
    assert (duty.to_role, duty.to_post_id) == ("secretary", 5)


def make_side(municipality: str, partner: str, confirmed: bool = False) -> PendingConfirmation:
    """One side of one pair of case 2026-04."""
    return PendingConfirmation(
        4,
        "/costs/2026-04",
        "東青地域移住促進事業",
        2026,
        partner,
        municipality,
        115000,
        2500000,
        date(2026, 12, 4),
        confirmed,
    )


def test_a_case_is_one_duty_a_side_and_the_hub_s_covers_all_its_pairs():
    sides = tuple(
        make_side(side, partner)
        for partner in ("imabetsu", "yomogita")
        for side in ("aomori", partner)
    )
    found = rules.duties(replace(NOTHING, confirmations=sides), TODAY)
    assert len(found) == 3
    [hub] = rules.owed(found, actor(Role.CONFIRMER, "aomori"))
    assert (hub.remaining, hub.url) == (2, "/costs/2026-04/confirm")
    [town] = rules.owed(found, actor(Role.CONFIRMER))
    assert "115,000円" in town.text


def test_a_confirmed_side_owes_nothing():
    sides = (make_side("imabetsu", "imabetsu", confirmed=True),)
    assert kinds(replace(NOTHING, confirmations=sides)) == []


def test_a_letter_that_did_not_arrive_is_the_office_s_duty():
    facts = replace(
        NOTHING, undeliverable=(LetterFact(1, "外ヶ浜町 秘書", "日程照会", date(2026, 11, 18)),)
    )
    [duty] = rules.owed(rules.duties(facts, TODAY), actor(Role.OFFICE, "aomori"))
    assert duty.title == "届かなかったメール1件の宛先を直す"


def test_nobody_finds_another_municipality_s_duties():
    found = rules.duties(replace(NOTHING, reports=(make_report(),)), TODAY)
    assert rules.owed(found, actor(Role.OFFICER, "yomogita")) == ()


def test_overdue_ones_come_first():
    facts = replace(
        NOTHING,
        reports=(make_report(),),
        confirmations=(make_side("imabetsu", "imabetsu"),),
        meetings=(make_meeting(Standing.NONE),),
    )
    due = [duty.due_on for duty in rules.duties(facts, TODAY)]
    assert due == sorted(due)


def test_after_a_deputy_came_each_silent_party_owes_its_view():
    agreements = (
        AgreementStanding(
            "青森市・今別町", ("aomori", "imabetsu"), Standing.NOTICED, ("aomori", "imabetsu")
        ),
        AgreementStanding("青森市・蓬田村", ("aomori", "yomogita"), Standing.HELD),
    )
    fact = replace(
        make_meeting(
            Standing.NOTICED, fixed_on=date(2026, 11, 20), noticed=True, attendance_recorded=True
        ),
        agreements=agreements,
    )
    partners = {"imabetsu": "青森市・今別町", "yomogita": "青森市・蓬田村"}
    found = rules.duties(replace(NOTHING, partners=partners, meetings=(fact,)), TODAY)
    owing = [duty.municipality for duty in found if duty.kind is Kind.VIEW_UNRECORDED]
    assert owing == ["aomori", "imabetsu"]


# --- what came back --------------------------------------------------------------------------------


def came_back(day: int, **changes: object) -> ReportFact:
    """A report returned on a day of November."""
    return make_report(
        state=ReportState.RETURNED,
        returned_on=date(2026, 11, day),
        returned_at=datetime(2026, 11, day, 3, tzinfo=UTC),
        **changes,
    )


def test_what_came_back_is_a_duty_of_its_own_once_nothing_else_is_left():
    done = make_report(project_id=9, state=ReportState.CONFIRMED)
    found = rules.duties(replace(NOTHING, reports=(came_back(20), came_back(27), done)), TODAY)
    [duty] = rules.owed(found, actor(Role.OFFICER))
    assert (duty.kind, duty.remaining, duty.total) == (Kind.REPORT_RETURNED, 2, 3)
    assert duty.key == "report_returned:2026-h1:imabetsu:0"
    # Five office days after the last one came back, for that is after the round's own day.
    assert duty.due_on == date(2026, 12, 4)
    assert duty.known_since == datetime(2026, 11, 27, 3, tzinfo=UTC)


def test_what_came_back_early_is_due_with_the_round():
    [duty] = rules.duties(replace(NOTHING, reports=(came_back(2),)), TODAY)
    assert (duty.kind, duty.due_on) == (Kind.REPORT_RETURNED, date(2026, 11, 30))


def test_what_came_back_stays_with_the_others_while_one_of_them_is_owed():
    reports = (came_back(27), make_report(project_id=2, project="大学連携推進事業"))
    assert kinds(replace(NOTHING, reports=reports)) == [Kind.REPORT_UNSUBMITTED]


def test_what_came_back_to_a_section_is_that_section_s_alone():
    mine = came_back(20, municipality_slug="aomori")
    theirs = came_back(20, municipality_slug="aomori", lead_post_id=8, project_id=2)
    found = rules.duties(replace(NOTHING, reports=(mine, theirs)), TODAY)
    assert len(found) == 2
    [duty] = rules.owed(found, actor(Role.LEAD, "aomori", post_id=8))
    assert duty.to_post_id == 8


# --- what features merely tell ---------------------------------------------------------------------


def told(kind: str, municipality: str = "imabetsu", **changes: object) -> Asked:
    """Something asked of one municipality by 31 March."""
    values: dict[str, object] = {
        "kind": kind,
        "about": "2026",
        "municipality": municipality,
        "due_on": date(2027, 3, 31),
        "url": "/somewhere",
        "subject": "市町村長会議の議事録（案）",
        "text": "一文です。",
        **changes,
    }
    return Asked(**values)  # type: ignore[arg-type]


OFFICE, OFFICER, CONFIRMER = Role.OFFICE, Role.OFFICER, Role.CONFIRMER
# Kind -> role of the letters, who finds it at home in a town, who in the hub.
WHO = {
    Kind.ROUND_UNOPENED: (OFFICE, {OFFICE}, {OFFICE}),
    Kind.RESULTS_UNPUBLISHED: (OFFICE, {OFFICE}, {OFFICE}),
    Kind.MINUTES_UNCIRCULATED: (OFFICE, {OFFICE}, {OFFICE}),
    Kind.MINUTES_UNCONFIRMED: (OFFICER, {OFFICER, CONFIRMER}, {OFFICE, CONFIRMER}),
    Kind.DECISION_OPEN: (OFFICER, {OFFICER}, {OFFICE}),
    Kind.COST_UNSTARTED: (OFFICE, {OFFICE}, {OFFICE}),
    Kind.COST_UNSENT: (OFFICE, {OFFICE}, {OFFICE}),
    Kind.COST_UNRECONCILED: (OFFICE, {OFFICE}, {OFFICE}),
    Kind.INSTALMENT_DUE: (OFFICER, {OFFICER}, {OFFICE}),
    Kind.QUESTION_OPEN: (OFFICER, {OFFICER, CONFIRMER}, {OFFICE, CONFIRMER}),
    Kind.PERSON_UNCONFIRMED: (OFFICER, {OFFICER}, {OFFICE}),
    Kind.HANDOVER_UNWRITTEN: (OFFICER, {OFFICER}, {OFFICE}),
}


def test_every_kind_stands_in_the_table_or_is_derived_here():
    derived = {
        *(Kind.REPORT_UNSUBMITTED, Kind.REPORT_RETURNED, Kind.REPORT_UNCHECKED),
        *(Kind.MEETING_UNPLANNED, Kind.MEETING_UNHELD, Kind.POLL_UNANSWERED, Kind.MEETING_UNDATED),
        *(Kind.NOTICE_UNSENT, Kind.ATTENDANCE_UNRECORDED, Kind.VIEW_UNRECORDED),
        *(Kind.COST_UNCONFIRMED, Kind.ADDRESS_UNDELIVERABLE),
    }
    assert set(rules.TABLE) == set(WHO) == set(Kind) - derived


@pytest.mark.parametrize("kind", WHO)
def test_whom_the_table_names_is_asked_in_a_town_and_in_the_hub(kind: Kind):
    to_role, in_town, in_hub = WHO[kind]
    asked = (told(kind), told(kind, "aomori"))
    found = {duty.municipality: duty for duty in rules.duties(replace(NOTHING, asked=asked), TODAY)}
    town, hub = found["imabetsu"], found["aomori"]
    assert (town.to_role, town.shown_to) == (to_role, in_town)
    assert (hub.to_role, hub.shown_to) == (OFFICE, in_hub)
    assert town.key != hub.key and town.key.startswith(f"{kind}:")
    assert town.title and "{" not in town.title and town.action


def test_what_is_told_comes_through_as_it_was_told():
    since = datetime(2027, 2, 1, tzinfo=UTC)
    asked = told(
        "minutes_unconfirmed", agreement="青森市・今別町", remaining=2, total=3, known_since=since
    )
    [duty] = rules.duties(replace(NOTHING, asked=(asked,)), TODAY)
    assert duty.title == "市町村長会議の議事録（案）を確認する"
    assert (duty.text, duty.url, duty.due_on) == ("一文です。", "/somewhere", date(2027, 3, 31))
    assert (duty.remaining, duty.total, duty.agreement) == (2, 3, "青森市・今別町")
    assert (duty.known_since, duty.article, duty.nav_key) == (since, 5, "meetings")


def test_what_is_done_is_nobody_s_any_more():
    found = rules.duties(replace(NOTHING, asked=(told("decision_open", is_done=True),)), TODAY)
    assert (found[0].remaining, found[0].state(date(2027, 4, 1))) == (0, "done")
    assert rules.owed(found, actor(Role.OFFICER)) == ()


def test_a_count_stands_in_the_title_where_the_table_asks_for_it():
    asked = told("cost_unstarted", "aomori", subject="令和8年度の費用負担", remaining=3)
    [duty] = rules.duties(replace(NOTHING, asked=(asked,)), TODAY)
    assert duty.title == "令和8年度の費用負担の協議を始める　3件"


def test_what_is_asked_of_one_post_is_not_its_neighbour_s():
    found = rules.duties(replace(NOTHING, asked=(told("decision_open", post_id=5),)), TODAY)
    assert rules.owed(found, actor(Role.OFFICER, post_id=5)) == found
    assert rules.owed(found, actor(Role.OFFICER, post_id=6)) == ()


def test_a_secretary_s_poll_is_still_shown_to_the_officer_beside_it():
    fact = InvitationFact("/meetings/1", "imabetsu", "今別町", 5, date(2026, 11, 27), False, ())
    found = rules.duties(replace(NOTHING, invitations=(fact,)), TODAY)
    assert rules.owed(found, actor(Role.OFFICER, post_id=6)) == found


# --- since when it can be known --------------------------------------------------------------------

OPENED, SENT = datetime(2026, 10, 16, 1, tzinfo=UTC), datetime(2026, 11, 17, 7, tzinfo=UTC)
POLLED, FIXED = datetime(2026, 11, 18, 1, tzinfo=UTC), datetime(2026, 12, 1, 1, tzinfo=UTC)
MET = datetime(2027, 1, 29, 1, tzinfo=UTC)


def since(facts: Facts, today: date = TODAY) -> dict[Kind, datetime | None]:
    """Since when each duty could be known, by kind."""
    return {duty.kind: duty.known_since for duty in rules.duties(facts, today)}


def test_a_duty_is_known_since_what_made_it_came_about():
    reports = (
        make_report(opened_at=OPENED),
        make_report(
            opened_at=OPENED, municipality_slug="aomori", state=ReportState.SUBMITTED,
            submitted_on=date(2026, 11, 17), submitted_at=SENT,
        ),
    )  # fmt: skip
    assert since(replace(NOTHING, reports=reports)) == {
        Kind.REPORT_UNSUBMITTED: OPENED,
        Kind.REPORT_UNCHECKED: SENT,
    }
    poll = InvitationFact(
        "/meetings/1", "imabetsu", "今別町", 5, date(2026, 11, 27), False, (), asked_at=POLLED
    )
    assert since(replace(NOTHING, invitations=(poll,))) == {Kind.POLL_UNANSWERED: POLLED}
    side = replace(make_side("imabetsu", "imabetsu"), known_since=SENT)
    assert since(replace(NOTHING, confirmations=(side,))) == {Kind.COST_UNCONFIRMED: SENT}
    lost = LetterFact(1, "外ヶ浜町 秘書", "日程照会", date(2026, 11, 18), POLLED)
    assert since(replace(NOTHING, undeliverable=(lost,))) == {Kind.ADDRESS_UNDELIVERABLE: POLLED}


def test_a_meeting_s_steps_are_known_since_the_step_before_and_article_5_always():
    polling = make_meeting(Standing.POLLING, poll_reply_due_on=date(2026, 11, 27), polled_at=POLLED)
    assert since(replace(NOTHING, meetings=(polling,))) == {
        Kind.MEETING_UNHELD: None,
        Kind.MEETING_UNDATED: POLLED,
    }
    day = date(2027, 1, 28)
    fixed = make_meeting(Standing.FIXED, fixed_on=day, polled_at=POLLED, fixed_at=FIXED)
    assert since(replace(NOTHING, meetings=(fixed,)), day) == {
        Kind.MEETING_UNHELD: None,
        Kind.NOTICE_UNSENT: FIXED,
        Kind.ATTENDANCE_UNRECORDED: FIXED,
    }
    agreements = (AgreementStanding("青森市・今別町", ("aomori",), Standing.NOTICED, ("aomori",)),)
    met = replace(fixed, noticed=True, attendance_recorded=True, attendance_at=MET)
    met = replace(met, agreements=agreements)
    assert since(replace(NOTHING, meetings=(met,)), day)[Kind.VIEW_UNRECORDED] == MET
