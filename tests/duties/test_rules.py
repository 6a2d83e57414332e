"""What the facts of a year ask of whom."""

from dataclasses import replace
from datetime import date, time

from tracker.cost_sharing.rules import PendingConfirmation
from tracker.duties import rules
from tracker.duties.duty import Facts, Kind, LetterFact
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
