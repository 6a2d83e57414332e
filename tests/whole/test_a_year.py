"""One fiscal year, told day by day: what the agreement asks, and how it comes to be done.

Nothing is prepared but an empty database: the area, its people, the agreements, the projects,
the reports, the meeting and the costs all come about as they would in the offices.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, time
from email.message import EmailMessage
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

from tests import cast
from tests.app_fixtures import copy_database, opened
from tests.whole.steps import (
    CANDIDATES,
    EVERYBODY,
    FARMING,
    HALF,
    MOVING,
    SHARES,
    YEAR,
    answer_by_link,
    candidate,
    confirm_costs,
    meeting,
    open_poll,
    plan,
    proposal,
    report,
    see,
    shares,
    signs,
    standings,
    the_case,
    there,
)
from tests.whole.story import Story, actor, owed
from tracker.accounts import queries as account_queries
from tracker.accounts.handover import actions as handover
from tracker.accounts.people import actions as accounts
from tracker.agreements import queries as annex
from tracker.agreements.models import AgreementDuty
from tracker.agreements.review import actions as agreements
from tracker.agreements.review import question as asking
from tracker.agreements.review.rules import review
from tracker.amounts.exact import Exact
from tracker.annual_duty.queries import agreement_standings
from tracker.cost_sharing.answers import actions as answers
from tracker.cost_sharing.cases import actions as costs
from tracker.cost_sharing.consultations import actions as consultations
from tracker.cost_sharing.formula import actions as formula
from tracker.cost_sharing.rules import CaseKind, CaseState, Stage
from tracker.demo.area import HUB_POSTS, TEXT, TOWN_POSTS, TOWNS, sister
from tracker.duty.kinds import Kind
from tracker.figures import actions as figures
from tracker.figures.rules import FigureKind
from tracker.history import history
from tracker.kernel.refusal import Refusal
from tracker.mail.letters import Letter, LetterState
from tracker.mail.links import CODE_SHOWN, SHOWN
from tracker.meetings import actions as meetings
from tracker.meetings import queries as meeting_queries
from tracker.meetings.poll import actions as poll_actions
from tracker.meetings.rules import Attendance, Standing
from tracker.municipalities import actions as municipalities
from tracker.municipalities.models import EntryKind
from tracker.payments import actions as payments
from tracker.payments.rules import DivideBy, ShiftTo, Terms
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects.models import Project
from tracker.projects.plans import actions as projects
from tracker.projects.reports import actions as report_actions
from tracker.projects.rounds import actions as round_actions
from tracker.projects.rules import ReportState
from tracker.sign_in.password import actions as sign_in

TOWN_ROLES = ("officer", "confirmer")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def story(
    request: pytest.FixtureRequest, tmp_path: Path, now: time_machine.Traveller
) -> Iterator[Story]:
    """An empty, migrated database and an empty outbox."""
    url = copy_database("empty", request.param, tmp_path)
    now.move_to(clock.at(YEAR.begins, time(8)))
    with opened(url, tmp_path) as app:
        yield Story(app, now, YEAR.begins)


def test_a_year(story: Story) -> None:
    april_the_area_is_set_up(story)
    april_the_agreements_are_read(story)
    april_figures_days_and_projects_are_entered(story)
    october_the_office_asks_for_reports(story)
    november_reports_come_and_one_goes_back(story)
    november_the_secretaries_are_asked_for_dates(story)
    november_the_silent_are_reminded(story)
    december_the_last_reports_come_late(story)
    december_a_date_is_fixed(story)
    december_costs_are_talked_over(story)
    december_a_change_asks_everybody_again(story)
    january_the_notice_goes_out(story)
    january_the_heads_meet_and_one_sends_a_deputy(story)
    february_both_sides_say_how_they_see_it(story)
    march_a_memo_is_left_for_whoever_comes(story)
    april_a_new_year_begins_and_nothing_carries_over(story)


def april_the_area_is_set_up(story: Story) -> None:
    with story.day(4, 1) as at:
        sign_in.set_up(
            Act(None, at),
            "青森圏域連携中枢都市圏",
            TOWNS,
            "青森市",
            cast.email("admin"),
            cast.PASSWORD,
            office_phone="017-000-0000",
            meeting_place="青森市役所 本庁舎 庁議室",
        )
        admin = actor("admin")
        for town in TOWNS:
            for kind, name in HUB_POSTS if town.slug == "aomori" else TOWN_POSTS:
                email = f"{kind.value}@{town.slug}.example"
                box = None if kind.signs_in else email
                post = accounts.create_post(Act(admin, at), town.slug, kind, name, box, None)
                if kind.signs_in:
                    accounts.create_account(Act(admin, at), post, name, email)

    # Twelve people chose their passwords by the links in their letters.
    invited = [one.get_content() for one in story.mail() if "/invitations/" in one.get_content()]
    assert len(invited) == 12
    for body in invited:
        path = story.path_in(body, "/invitations/")
        page = story.browse().fill(path, {"password": cast.PASSWORD})
        assert page.status == 302, page.text
    # Each town looks at what the admin entered of it: until then its confirmer confirms nothing.
    with story.day(4, 1) as at:
        for town in TOWNS[1:]:
            seen = {one.id: one.seen for one in account_queries.unseen_changes()}
            looked = handover.look_at_changes(Act(actor("officer", town.slug), at), seen)
            assert looked == 3
        assert not actor("confirmer", "imabetsu").is_held
    assert story.browse().sign_in("officer", "imabetsu").get("/").title.startswith("今、")


def april_the_agreements_are_read(story: Story) -> None:
    source = TEXT.read_text(encoding="utf-8")
    with story.day(4, 2) as at:
        office = actor("office")
        act = Act(office, at)
        job = agreements.start_import(act, source, "協約書.txt")
        found = review(source, {}, annex.known(YEAR.begins)).asked
        asked = {one.key.partition("-")[0]: one for one in found}
        assert set(asked) == {
            "split_row",
            "stray_text",
            "name_maybe_cut",
            "joined_line",
            "annual_meeting",
        }
        with pytest.raises(Refusal, match="確認していないところが5件"):
            agreements.register(act, job)
        for question in asked.values():
            choice, typed = asking.proposal(question)
            agreements.answer(act, job, question.key, choice, typed)
        agreements.register(act, job)

        with pytest.raises(Refusal, match="すでに登録されています"):
            agreements.import_text(act, source, "もう一度.txt", accept=True)
        db.session.rollback()
        for name in ("平内町", "蓬田村", "外ヶ浜町"):
            text = sister(source, name)
            agreements.import_text(act, text, f"{name}.txt", accept=True)

        assert len(annex.measures()) == 15
        duties = db.session.execute(select(AgreementDuty.article, AgreementDuty.kind).distinct())
        assert {tuple(row) for row in duties} == {
            (4, "cost_sharing"),
            (5, "annual_meeting"),
            (6, "question"),
        }
        # Article 5 is owed from the first day on, for each of the four agreements.
        meeting = owed("office")[Kind.MEETING_UNPLANNED]
        assert (meeting.due_on, meeting.remaining) == (date(2027, 3, 31), 4)


def april_figures_days_and_projects_are_entered(story: Story) -> None:
    with story.day(4, 6) as at:
        office = actor("office")
        figures.enter_figures(
            Act(office, at),
            FigureKind.POPULATION,
            "令和2年国勢調査",
            date(2020, 10, 1),
            "総務省統計局「国勢調査」",
            {slug: people for _, slug, _, _, people in cast.TOWNS},
            is_confirmed=True,
        )
        closed = date(2026, 11, 27)
        act = Act(actor("officer", "sotogahama"), at)
        municipalities.enter_days(
            act, ["sotogahama"], EntryKind.CLOSURE, "設備点検", closed, closed
        )
        projects.create_project(Act(office, at), plan(FARMING, "1-3"))
        projects.create_project(Act(office, at), plan(MOVING, "3(2)-1"))
        with pytest.raises(Refusal, match="同じ名前の事業"):
            projects.create_project(Act(office, at), plan(FARMING, "1-3"))


def october_the_office_asks_for_reports(story: Story) -> None:
    with story.day(10, 16) as at:
        office = actor("office")
        # The half-year is over since 1 October: a day late, and told so twice.
        assert owed("office")[Kind.ROUND_UNOPENED].due_on == date(2026, 10, 15)
        with pytest.raises(Refusal, match="11月29日は日曜日です"):
            round_actions.open_round(Act(office, at), HALF, date(2026, 11, 29), "")
        round_actions.open_round(Act(office, at), HALF, date(2026, 11, 30), "")
        assert Kind.ROUND_UNOPENED not in owed("office")
        assert owed("officer", "imabetsu")[Kind.REPORT_UNSUBMITTED].remaining == 2

    letter = story.last_letter("officer@imabetsu.example")
    assert "期限　令和8年11月30日（月）17時" in letter
    assert story.path_in(letter, "/reports/") == "/reports/2026-h1"


def november_reports_come_and_one_goes_back(story: Story) -> None:
    with story.day(11, 5) as at:
        with pytest.raises(Refusal, match="「0」を入れてください"):
            report("imabetsu", FARMING, None, at)
        report("imabetsu", FARMING, 5, at)
        report("imabetsu", MOVING, None, at)
        for slug in ("aomori", "hiranai", "yomogita"):
            report(slug, FARMING, 30, at)
            report(slug, MOVING, None, at)
        # The section does not check what it wrote itself.
        waiting = {role: owed(role)[Kind.REPORT_UNCHECKED].remaining for role in ("lead", "office")}
        assert waiting == {"lead": 6, "office": 2}
        assert Kind.REPORT_UNSUBMITTED not in owed("officer", "imabetsu")

    with story.day(11, 10) as at:
        question = "受講者名簿では7人です。御確認をお願いします。"
        report_actions.return_report(Act(actor("lead"), at), there("imabetsu", FARMING), question)
        # Nothing else is left to send; its five days end before the day of the round itself.
        returned = owed("officer", "imabetsu")[Kind.REPORT_RETURNED]
        assert (returned.items[0].state, returned.due_on) == ("差戻し", date(2026, 11, 30))
    letter = story.last_letter("officer@imabetsu.example")
    assert question in letter
    assert story.path_in(letter, "/reports/").endswith("/imabetsu")

    with story.day(11, 11) as at:
        report("imabetsu", FARMING, 7, at)
        for slug in ("aomori", "hiranai", "imabetsu", "yomogita"):
            checker = actor("office" if slug == "aomori" else "lead")
            for name in (FARMING, MOVING):
                report_actions.confirm(Act(checker, at), there(slug, name))
        told = there("imabetsu", FARMING)
        assert (told.state, told.values) == (ReportState.CONFIRMED, {1: Exact(7)})
        with pytest.raises(Refusal, match="確認済みの報告は直せません"):
            report("imabetsu", FARMING, 8, at)
    assert story.subjects("officer@imabetsu.example", "【御礼】") == [
        "【御礼】上期の進捗報告がそろいました"
    ]


def november_the_secretaries_are_asked_for_dates(story: Story) -> None:
    with story.day(11, 18) as at:
        with pytest.raises(Refusal, match="2月11日は祝日"):
            open_poll(at, [*CANDIDATES, candidate(2, 11)])
        open_poll(at, CANDIDATES)
        assert standings() == [Standing.POLLING] * 4

    for slug in ("aomori", "hiranai", "yomogita"):
        letter = story.last_letter(f"secretary@{slug}.example")
        answer_by_link(story, story.path_in(letter, "/p/"), "○×○" if slug == "hiranai" else "○○○")
    with story.app.app_context():
        assert owed("officer", "imabetsu").keys() == {Kind.POLL_UNANSWERED}
        assert owed("officer", "hiranai") == {}


def november_the_silent_are_reminded(story: Story) -> None:
    with story.day(11, 26, 16) as at:
        # Three office days before the deadline, and one.
        assert story.subjects("secretary@imabetsu.example", "あと") == [
            "【あと3日】市町村長会議の日程の御回答について",
            "【あと1日】市町村長会議の日程の御回答について",
        ]
        assert story.subjects("secretary@hiranai.example", "あと") == []
        office = actor("office")
        with pytest.raises(Refusal, match="だれから聞いたか"):
            poll_actions.answer(Act(office, at), meeting(), "sotogahama", signs("○△○"), "")
        told = "外ヶ浜町 秘書"
        poll_actions.answer(
            Act(office, at), meeting(), "sotogahama", signs("○△○"), "", told_by=told
        )
    letter = story.last_letter("secretary@imabetsu.example")
    answer_by_link(story, story.path_in(letter, "/p/"), "×○○")


def december_the_last_reports_come_late(story: Story) -> None:
    with story.day(12, 2) as at:
        # 23 November is a holiday, and on the 27th 外ヶ浜町 is closed: the day before, each time.
        assert story.subjects("officer@sotogahama.example", "進捗報告（残り2事業）") == [
            "【あと14日】上期の進捗報告（残り2事業）のお願い",
            "【あと10日】上期の進捗報告（残り2事業）のお願い",
            "【あと4日】上期の進捗報告（残り2事業）のお願い",
            "【期限を過ぎています】上期の進捗報告（残り2事業）",
        ]
        assert story.subjects("officer@hiranai.example", "残り") == []
        report("sotogahama", FARMING, 13, at)
        report("sotogahama", MOVING, None, at)
        assert Kind.REPORT_UNSUBMITTED not in owed("officer", "sotogahama")
    with story.day(12, 3) as at:
        lead = actor("lead")
        late = [there("sotogahama", FARMING), there("sotogahama", MOVING)]
        report_actions.confirm_all(Act(lead, at), [(one, one.seen) for one in late])
        round_actions.close_round(Act(actor("office"), at), HALF)
        with pytest.raises(Refusal, match="締め切りました"):
            closed = there("sotogahama", FARMING)
            report_actions.return_report(Act(lead, at), closed, "もう一度")


def december_a_date_is_fixed(story: Story) -> None:
    with story.day(12, 4) as at:
        office, dates = actor("office"), list(meeting_queries.of(meeting()).dates)
        with pytest.raises(Refusal, match="平内町が「出席できない」と答えた日です"):
            meetings.fix(Act(office, at), meeting(), dates[1], "")
        meetings.fix(Act(office, at), meeting(), dates[2], "")
        assert standings() == [Standing.FIXED] * 4
    assert "1月28日（木）14時です" in story.subjects("secretary@imabetsu.example")[-1]


def december_costs_are_talked_over(story: Story) -> None:
    with story.day(12, 7) as at:
        office = Act(actor("office"), at)
        project = db.session.scalars(select(Project).where(Project.name == MOVING)).one()
        case = costs.start_case(
            office,
            project.id,
            YEAR,
            CaseKind.MONEY,
            Stage.FIXED,
            "",
            3_620_000,
            1_120_000,
        )
        formula.save_formula(office, case, proposal(equal=20))
        assert shares() == SHARES
        due = date(2026, 12, 21)
        with pytest.raises(Refusal, match="協議の記録を1件以上"):
            costs.send(office, case, due)
        db.session.rollback()
        consultations.add_consultation(
            office,
            the_case(),
            clock.day(at),
            "オンライン",
            "5市町村の担当者",
            "意見が一致。",
        )
        costs.send(office, the_case(), due)
        assert owed("confirmer", "imabetsu")[Kind.COST_UNCONFIRMED].due_on == due

    letter = story.last_letter("confirmer@imabetsu.example")
    assert "今別町の負担額　115,000円" in letter
    assert story.path_in(letter, "/costs/") == "/costs/2026-01/confirm"

    with story.day(12, 9) as at:
        confirm_costs(at, "aomori", "hiranai", "imabetsu", "yomogita")
        assert the_case().state is CaseState.AWAITING


def december_a_change_asks_everybody_again(story: Story) -> None:
    with story.day(12, 10) as at:
        act = Act(actor("confirmer", "sotogahama"), at)
        answers.return_case(act, the_case(), "均等割を10％に。")
        assert the_case().state is CaseState.RETURNED
    assert "均等割を10％に。" in story.last_letter("office@aomori.example")

    with story.day(12, 11) as at:
        office = Act(actor("office"), at)
        again = formula.AskAgain("御意見による", date(2026, 12, 25))
        with pytest.raises(Refusal, match="確認はすべて取り消し"):
            formula.save_formula(office, the_case(), proposal(equal=10))
        db.session.rollback()
        formula.save_formula(office, the_case(), proposal(equal=10), again=again)
        assert shares()["今別町"] == 67_000
        assert sum(shares().values()) == 2_500_000
        assert all(Kind.COST_UNCONFIRMED in owed("confirmer", slug) for slug in EVERYBODY)
    letter = story.last_letter("confirmer@imabetsu.example")
    assert "先にいただいた御確認は取り消しとなりました。" in letter
    assert "115,000円 → 67,000円" in letter

    with story.day(12, 14) as at:
        confirm_costs(at, *EVERYBODY)
        assert the_case().state is CaseState.AGREED
        with pytest.raises(Refusal, match="直せません"):
            formula.save_formula(office, the_case(), proposal(equal=20), again=again)
        db.session.rollback()
        assert Kind.PAYMENT_UNPLANNED in owed("office")
        elsewhere = Terms(DivideBy.NONE, ShiftTo.AFTER, (), reason="年度末に各課が請求する。")
        payments.plan(Act(actor("office"), at), the_case(), elsewhere)
        assert Kind.PAYMENT_UNPLANNED not in owed("office")
    assert all(story.subjects(f"confirmer@{slug}.example", "そろいました") for slug in EVERYBODY)


def january_the_notice_goes_out(story: Story) -> None:
    with story.day(1, 6) as at:
        # A hundred days before 31 March the office was told that Article 5 is still owed.
        assert story.subjects("office@aomori.example", "未開催") == [
            "【あと100日】令和8年度の市町村長会議が未開催です"
        ]
        meetings.send_notice(
            Act(actor("office"), at), meeting(), "第8号", "資料は当日お配りします。"
        )
        assert standings() == [Standing.NOTICED] * 4
    notices = [one for one in story.mail() if "の開催について" in str(one["Subject"])]
    # Five secretaries and the four officers.
    assert len(notices) == 9


def january_the_heads_meet_and_one_sends_a_deputy(story: Story) -> None:
    came = dict.fromkeys(EVERYBODY, (Attendance.HEAD, ""))
    came["yomogita"] = (Attendance.DEPUTY, "副村長")
    with story.day(1, 27) as at, pytest.raises(Refusal, match="開催日"):
        meetings.record_attendance(Act(actor("office"), at), meeting(), came)
    with story.day(1, 28, 16) as at:
        meetings.record_attendance(Act(actor("office"), at), meeting(), came)
        held, noticed = Standing.HELD, Standing.NOTICED
        assert standings() == [held, held, noticed, held]


def words_of(mail: EmailMessage) -> str:
    """What a mail says, beside the invitation it may carry for a calendar."""
    said = mail.get_body(("plain",))
    assert said is not None
    return str(said.get_content()).replace("\r\n", "\n")


def february_both_sides_say_how_they_see_it(story: Story) -> None:
    with story.day(2, 5) as at:
        # Sixty days before the end it is owed for one agreement still.
        assert story.subjects("office@aomori.example", "未開催")[1:] == [
            "【あと61日】令和8年度の市町村長会議が未開催です"
        ]
        year = agreement_standings(YEAR, clock.day(at))
        agreement = next(one for one in year if one.label == "青森市・蓬田村")
        with pytest.raises(Refusal, match="当事者だけ"):
            see(agreement.agreement_id, "officer", "imabetsu", at)
        see(agreement.agreement_id, "office", "aomori", at)
        assert standings()[2] is Standing.NOTICED
        see(agreement.agreement_id, "confirmer", "yomogita", at)
        assert standings() == [Standing.HELD] * 4
        assert owed("office") == {}


def march_a_memo_is_left_for_whoever_comes(story: Story) -> None:
    with story.day(3, 15) as at:
        for slug in EVERYBODY:
            role = "office" if slug == "aomori" else "officer"
            assert owed(role, slug).keys() == {Kind.HANDOVER_UNWRITTEN}
            words = handover.Words("名簿を先に数える。", "", "")
            handover.write_memo(Act(actor(role, slug), at), words)
            assert owed(role, slug) == {}


def april_a_new_year_begins_and_nothing_carries_over(story: Story) -> None:
    with story.day(3, 31):
        assert len(story.subjects("office@aomori.example", "未開催")) == 2
        assert all(
            owed(role, slug) == {}
            for slug in EVERYBODY
            for role in (("office", "lead", "confirmer") if slug == "aomori" else TOWN_ROLES)
        )
    with story.day(4, 1) as at:
        meeting_owed = owed("office")[Kind.MEETING_UNPLANNED]
        assert (meeting_owed.due_on, meeting_owed.remaining) == (date(2028, 3, 31), 4)
        # What was agreed is 確定 only: it is reconciled by the end of May.
        assert owed("office")[Kind.COST_UNRECONCILED].due_on == date(2027, 5, 31)
        assert owed("office")[Kind.ROUND_UNOPENED].due_on == date(2027, 4, 15)
        assert owed("officer", "imabetsu")[Kind.PERSON_UNCONFIRMED].remaining == 3
        handover.confirm_people(Act(actor("officer", "imabetsu"), at))
        assert owed("officer", "imabetsu") == {}
        assert history.verify() is None

        letters = db.session.scalars(select(Letter)).all()
        assert {letter.state for letter in letters} == {LetterState.SENT}
        reminders = [one for one in letters if one.kind == "reminder"]
        days = Counter((one.to_key, clock.day(one.send_at)) for one in reminders)
        assert max(days.values()) == 1
        assert Counter(one.to_name for one in reminders) == {
            "外ヶ浜町 企画担当": 4,
            "青森市 連携推進担当": 5,
            # Two for the attendance that nobody tells beforehand, and two for an open poll.
            **dict.fromkeys(("青森市 市長秘書", "平内町 秘書", "蓬田村 秘書"), 2),
            **dict.fromkeys(("今別町 秘書", "外ヶ浜町 秘書"), 4),
        }
    # Each letter went out once, to the word as it was written, its personal link and code filled in.
    link = re.compile(r"https?://\S+/(?:p|r|invitations)/\S+")
    code = re.compile(r"(?<=コード　)\w{5}-\w{5}$", re.M)
    sent = {str(one["Message-ID"]): one for one in story.mail()}
    assert len(sent) == len(story.mail()) == len(letters)
    assert {one.message_id: one.body for one in letters} == {
        key: code.sub(CODE_SHOWN, link.sub(SHOWN, words_of(one))) for key, one in sent.items()
    }
