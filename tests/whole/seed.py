"""One object of every kind and for every municipality, made through the features' own actions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, select

from tests import cast
from tests.agreements.makers import asked, make_job
from tests.cost_sharing import makers as costs
from tests.meetings import makers as meetings
from tests.payments import makers as payments
from tests.projects import makers as projects
from tests.questions import makers as questions
from tests.sent import token_of
from tracker.accounts.handover import actions as handover
from tracker.accounts.handover.actions import Words
from tracker.accounts.models import (
    CalendarKey,
    Invitation,
    LinkUse,
    Person,
    Post,
    PostKind,
    SecondFactor,
)
from tracker.accounts.queries import actor_of, digest
from tracker.agreements.models import Agreement
from tracker.amounts.exact import Exact
from tracker.attachments.uploads import Attachment, Sent
from tracker.convening import actions as convening
from tracker.convening.rules import Coming
from tracker.cost_sharing.cases import actions as cases
from tracker.cost_sharing.models import Consultation, CostCase
from tracker.council import actions as council
from tracker.council.actions import Appointment, OpinionWords
from tracker.decisions import actions as decisions
from tracker.decisions.actions import DecisionWords, Errand
from tracker.decisions.models import FollowUpRow
from tracker.figures.models import FigureSeries
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Role
from tracker.mail.letters import Letter, LetterState, message_id
from tracker.materials import actions as materials
from tracker.materials.actions import MaterialWords, PagedFile
from tracker.materials.rules import MaterialKind
from tracker.meetings import actions as fixing
from tracker.meetings.agenda import actions as agenda
from tracker.meetings.minutes import actions as minutes
from tracker.meetings.models import AgendaItem, CandidateDate, MeetingRow, MeetingSeat
from tracker.meetings.poll import actions as poll_actions
from tracker.meetings.rules import Attendance, Candidate
from tracker.municipalities import queries as areas
from tracker.municipalities.models import CalendarEntry, EntryKind, HeadAbsence, Municipality
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects.models import Project
from tracker.projects.plans.rules import Part
from tracker.projects.report import Report
from tracker.projects.reports import actions as reports
from tracker.projects.rounds import actions as rounds
from tracker.projects.rules import Rating
from tracker.questions.models import QuestionConsultation, QuestionRow
from tracker.sign_in.models import RecoveryCode

HUB, TOWN, OTHER = "aomori", "imabetsu", "yomogita"
PERIOD, CLOSED_PERIOD = "2026-h1", "2025-fy"
CALENDAR_TOKEN = "a-calendar-of-the-tests"
ALL = frozenset(slug for _, slug, *_ in cast.TOWNS)
NAMES = {slug: name for _, slug, name, *_ in cast.TOWNS}

TROUBLE_OF, DRAFT_OF, COMMENT_OF, LETTER_TO = (
    "{}の困りごとの印",
    "{}の下書きの印",
    "{}の秘書の連絡の印",
    "{}への手紙の印",
)
UNSENT_OF = "{}の送る前の案件の印"
MEMO_OF = "{}の引継ぎの印"
PROOF_OF = "{}の添付の印"
ITEM_OF = "{}の提案の印"
MATERIAL_OF = "{}の資料の印"
ABSENCE_OF = "{}の不在の印"
# One empty page.
SMALLEST_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n"
    b"xref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n0000000054 00000 n \n"
    b"0000000105 00000 n \ntrailer<</Root 1 0 R/Size 4>>\nstartxref\n172\n%%EOF"
)
DOUBT_OF = "{}の疑義の下書きの印"
VIEW_OF = "{}の疑義の考えの印"


@dataclass(frozen=True)
class Stock:
    """The identifiers of what `furnish` made; those by municipality are keyed by slug."""

    agreements: Mapping[str, int]
    projects: Mapping[str, int]
    late_project: int
    unreported: Mapping[str, int]
    entries: Mapping[str, int]
    absences: Mapping[str, int]
    letters: Mapping[str, int]
    sent_cases: Mapping[str, str]
    draft_cases: Mapping[str, str]
    work_case: str
    agreed_work: Mapping[str, str]
    series: int
    usages: Mapping[str, int]
    ready_cases: Mapping[str, str]
    consultations: Mapping[str, int]
    agreed_cases: Mapping[str, str]
    paid_cases: Mapping[str, str]
    receipts: Mapping[str, int]
    polling: int
    candidate: int
    held: int
    items: Mapping[str, int]
    minuted: int
    decided: int
    follow_ups: Mapping[str, int]
    unsent_material: int
    sent_material: int
    convened: int
    council_member: int
    council_meeting: int
    council_opinion: int
    coming_token: str
    came_token: str
    invited_token: str
    reset_token: str
    poll_token: str
    answered_token: str
    job: int
    question: str
    post: int
    person: int
    unused_post: int
    papers: Mapping[str, int]
    proofs: Mapping[str, int]
    handed_over: Mapping[str, int]
    draft_questions: Mapping[str, str]
    put_questions: Mapping[str, str]
    talks: Mapping[str, int]
    sent_questions: Mapping[str, str]
    offered_questions: Mapping[str, str]


def furnish() -> Stock:
    """Fills the cast's area with one object of every kind; within an application context."""
    made = {slug: _project(slug) for slug in (HUB, TOWN, OTHER)}
    _open_accounts()
    _subscribe()
    projects.make_round()
    _former_round()
    late = projects.make_project(name="あとから加わった事業", lead_post_id=None).id
    _write_reports(made)
    polling, held, convened = _polled(), _held(), _convened()
    council_member, council_meeting, council_opinion = _council()
    items, minuted = _agenda(polling), _minutes(held)
    decided, follow_ups = _decided(held, minuted)
    job = make_job()
    person, invited_token = _invited()
    led = {slug: db.session.get_one(Project, id_) for slug, id_ in made.items()}
    ready = {slug: _case("make_ready", OTHER, project=one) for slug, one in led.items()}
    # A case between the hub and one town; the hub's own is the one it shares with TOWN.
    sent = {slug: _case("make_sent", slug, project=led[HUB]) for slug in (TOWN, OTHER)}
    planned = {slug: payments.make_planned(slug, one) for slug, one in led.items()}
    paid = {slug: payments.make_planned(slug, one) for slug, one in led.items()}
    asked_of = {slug: _question("make_consulted", slug) for slug in (TOWN, OTHER)}
    texts = {slug: _question("make_sent", slug) for slug in (TOWN, OTHER)}
    offered = {
        slug: str(questions.make_settled("hiranai", sisters=(slug,)).no) for slug in (TOWN, OTHER)
    }
    return Stock(
        agreements=_agreements(),
        projects=made,
        late_project=late,
        unreported={slug: _unreported(slug) for slug in (HUB, TOWN, OTHER)},
        entries=_entries(),
        absences=_absences(),
        sent_cases={HUB: sent[TOWN], **sent},
        draft_cases={
            slug: str(costs.make_draft(led, title=UNSENT_OF.format(NAMES[slug])).no)
            for slug, led in led.items()
        },
        work_case=str(
            costs.make_draft(led[OTHER], kind=costs.CaseKind.WORK, total_yen=0, subsidy_yen=0).no
        ),
        agreed_work={
            slug: str(
                costs.make_agreed(
                    costs.make_work_proposal((slug, "会場の用意", "3", "回")),
                    project=one,
                    **costs.OF_WORK,
                ).no
            )
            for slug, one in led.items()
        },
        ready_cases=ready,
        consultations={slug: _consultation(no) for slug, no in ready.items()},
        agreed_cases={slug: str(case.no) for slug, case in planned.items()},
        paid_cases={slug: str(case.no) for slug, case in paid.items()},
        receipts={slug: payments.make_receipt(slug, case) for slug, case in paid.items()},
        series=db.session.scalars(
            select(FigureSeries.id).where(FigureSeries.project_id.is_(None))
        ).one(),
        usages={slug: costs.make_usage(one) for slug, one in made.items()},
        polling=polling,
        candidate=meetings.dates_of(db.session.get_one(MeetingRow, polling))[0],
        held=held,
        items=items,
        minuted=minuted,
        decided=decided,
        follow_ups=follow_ups,
        unsent_material=_unsent_material(polling),
        sent_material=_sent_material(held),
        convened=convened,
        council_member=council_member,
        council_meeting=council_meeting,
        council_opinion=council_opinion,
        coming_token=_seat_token("attendance", convened, TOWN),
        came_token=_seat_token("attendance", convened, "hiranai"),
        invited_token=invited_token,
        reset_token=_forgotten(),
        poll_token=_seat_token("poll", polling, TOWN),
        answered_token=_seat_token("poll", polling, "hiranai"),
        job=job.id,
        question=next(iter(asked(job))),
        post=_post_id("officer@hiranai.example"),
        person=person,
        unused_post=_unused_post(),
        papers={no: _paper(no) for no in (sent[TOWN], *ready.values())},
        proofs=_proofs(made),
        handed_over=_handed_over(),
        draft_questions={
            HUB: str(questions.make_draft(TOWN, HUB, title=DOUBT_OF.format(NAMES[HUB])).no),
            **{
                slug: str(questions.make_draft(slug, title=DOUBT_OF.format(NAMES[slug])).no)
                for slug in (TOWN, OTHER)
            },
        },
        # Of the hub's questions the one with TOWN.
        put_questions={HUB: asked_of[TOWN], **asked_of},
        talks={no: _talk(no) for no in asked_of.values()},
        sent_questions={HUB: texts[TOWN], **texts},
        offered_questions={HUB: offered[TOWN], **offered},
        # The newest: they stand on the first page of 通知.
        letters=_letters(),
    )


def _sent(name: str) -> list[Sent]:
    return [Sent(name, "csv", f"{name}\n1,2\n".encode())]


def _paper(no: str) -> int:
    """A paper of a case, which the office added."""
    year, number = map(int, no.split("-"))
    found = select(CostCase).where(CostCase.fiscal_year == year, CostCase.number == number)
    case, act = db.session.scalars(found).one(), Act(actor_of(cast.email("office")), cast.NOW)
    cases.attach(act, case, _sent(f"積算の資料{no}.csv"), None, is_sealed=False)
    return db.session.scalars(select(func.max(Attachment.id))).one() or 0


def _proofs(made: Mapping[str, int]) -> dict[str, int]:
    """A file of each draft of the other town's project, for its own municipality alone.

    And of a report that was submitted with it.
    """
    submitted = select(Attachment.id).where(Attachment.subject_kind == "report")
    found = {"hiranai": db.session.scalars(submitted).one()}
    for slug in (HUB, TOWN, OTHER):
        _prove(projects.report_of(made[OTHER], slug), PROOF_OF.format(NAMES[slug]) + ".csv")
        found[slug] = db.session.scalars(select(func.max(Attachment.id))).one() or 0
    return found


def _prove(place: Report, name: str) -> None:
    """Adds a file to a report that is being written."""
    if place.id is None:
        projects.save(place)
        place = projects.report_of(place.project_id, place.town.slug)
    reports.attach(Act(projects.writer(place.town.slug), cast.NOW), place, _sent(name))


def _question(maker: str, slug: str) -> str:
    """A question of the hub's agreement with that town, with a mark in the town's own view."""
    return str(getattr(questions, maker)(slug, view=VIEW_OF.format(NAMES[slug])).no)


def _talk(no: str) -> int:
    year, number = map(int, no.split("-"))
    of = QuestionRow.fiscal_year == year, QuestionRow.number == number
    found = select(QuestionConsultation.id).join(QuestionRow).where(*of)
    return db.session.scalars(found).one()


def _unused_post() -> int:
    """A post that nobody ever held."""
    post = Post(municipality_id=_town_ids()[HUB], kind=PostKind.READER, name="誤って登録した役職")
    db.session.add(post)
    db.session.commit()
    return post.id


def _consultation(no: str) -> int:
    year, number = map(int, no.split("-"))
    of_case = CostCase.fiscal_year == year, CostCase.number == number
    found = select(Consultation.id).join(CostCase, CostCase.id == Consultation.case_id)
    return db.session.scalars(found.where(*of_case)).one()


def _town_ids() -> dict[str, int]:
    return {town.slug: town.id for town in db.session.scalars(select(Municipality))}


def _post_id(address: str) -> int:
    return db.session.scalars(select(Person.post_id).where(Person.email == address)).one()


def _open_accounts() -> None:
    """A section of a town that leads a project, as contracts.md allows."""
    post = Post(municipality_id=_town_ids()[TOWN], kind=PostKind.LEAD, name="産業観光課")
    db.session.add(post)
    db.session.flush()
    known = db.session.scalars(select(Person.password_hash).limit(1)).one()
    address = cast.email(Role.LEAD, TOWN)
    db.session.add(Person(post_id=post.id, name=post.name, email=address, password_hash=known))
    db.session.commit()


RECOVERY_CODES = ("7K2M4QRT9ABC7K2M4QRT9ABD", "7K2M4QRT9ABC7K2M4QRT9ABE")


def _subscribe() -> None:
    """The town's officer has a calendar feed."""
    officer = select(Person.id).where(Person.email == cast.email(Role.OFFICER, TOWN))
    person_id = db.session.scalars(officer).one()
    token_hash = digest(CALENDAR_TOKEN)
    key = CalendarKey(person_id=person_id, token_hash=token_hash, created_at=cast.NOW)
    db.session.add(key)
    db.session.commit()


def _invited() -> tuple[int, str]:
    person = db.session.scalars(select(Person).where(Person.email == "officer@hiranai.example"))
    found = person.one()
    expires = cast.NOW + timedelta(days=3)
    invitation = Invitation(person_id=found.id, nonce="a nonce", expires_at=expires)
    db.session.add(invitation)
    # And has a second factor, which the admin may take off.
    at = {"on_at": cast.NOW, "last_step": 0}
    db.session.add(SecondFactor(person_id=found.id, nonce="third nonce", **at))
    hashes = [digest(code) for code in RECOVERY_CODES]
    db.session.add_all([RecoveryCode(person_id=found.id, code_hash=one) for one in hashes])
    db.session.commit()
    return found.id, token_of("invitation", invitation.id)


def _forgotten() -> str:
    address = cast.email("confirmer", "hiranai")
    person_id = db.session.scalars(select(Person.id).where(Person.email == address)).one()
    expires = cast.NOW + timedelta(days=3)
    reset = Invitation(
        person_id=person_id, kind=LinkUse.RESET, nonce="another nonce", expires_at=expires
    )
    db.session.add(reset)
    db.session.commit()
    return token_of("reset", reset.id)


def _handed_over() -> dict[str, int]:
    """A post of each that may be handed over there; two towns have a memo of their officer's."""
    for slug in (TOWN, OTHER):
        words = Words(MEMO_OF.format(NAMES[slug]), "", "")
        officer = actor_of(cast.email("officer", slug))
        handover.write_memo(Act(officer, cast.NOW), words)
    return {
        HUB: _post_id(cast.email("reader")),
        **{slug: _post_id(cast.email("officer", slug)) for slug in (TOWN, OTHER)},
    }


def _project(slug: str) -> int:
    parts = dict.fromkeys(sorted(ALL), Part(1_000_000, None, {1: Exact(20)}))
    post = projects.lead_post_id() if slug == HUB else None
    name = f"{NAMES[slug]}が主担当の事業"
    made: Project = projects.make_project(name=name, lead=slug, lead_post_id=post, parts=parts)
    return made.id


def _unreported(slug: str) -> int:
    """A project that nobody has reported on: it may be struck."""
    name, post = f"{NAMES[slug]}が誤って登録した事業", None
    made: Project = projects.make_project(name=name, lead=slug, lead_post_id=post)
    return made.id


def _former_round() -> None:
    """A project that ran last year only, and its round, closed."""
    at, year = projects.YEAR_END, FiscalYear(2025)
    projects.make_project(at, name="昨年度の事業", lead_post_id=None, year=year)
    projects.make_round(projects.FY, date(2026, 5, 29), at)
    rounds.close_round(Act(actor_of(cast.email("office")), at), projects.FY)


def _write_reports(made: Mapping[str, int]) -> None:
    """On the hub's project all are submitted, on the other town's all three are drafts."""
    words = projects.WRITTEN
    for slug in (HUB, TOWN):
        trouble = TROUBLE_OF.format(NAMES[slug])
        projects.submit(projects.report_of(made[HUB], slug), replace(words, trouble=trouble))
    _prove(projects.report_of(made[HUB], "hiranai"), "写真の一覧.csv")
    trouble = TROUBLE_OF.format(NAMES[OTHER])
    projects.submit(projects.report_of(made[TOWN], OTHER), replace(words, trouble=trouble))
    for project in made.values():
        # Nothing to ask back: these can be confirmed together with others.
        plain = replace(words, rating=Rating.ON_TRACK, values={1: Exact(10)})
        projects.submit(projects.report_of(project, "hiranai"), plain)
    for slug in (HUB, TOWN, OTHER):
        done = DRAFT_OF.format(NAMES[slug])
        projects.save(projects.report_of(made[OTHER], slug), replace(words, done=done))


def _agreements() -> dict[str, int]:
    """Each partner's agreement; the hub's own is the one with TOWN."""
    ids = {one.party_b_id: one.id for one in db.session.scalars(select(Agreement))}
    towns = _town_ids()
    found = {slug: ids[towns[slug]] for slug in (TOWN, OTHER)}
    return {HUB: found[TOWN], **found}


def _entries() -> dict[str, int]:
    entries = {
        slug: CalendarEntry(
            municipality_id=id_,
            kind=EntryKind.ASSEMBLY,
            name="12月定例会",
            begins_on=date(2026, 12, 2),
            ends_on=date(2026, 12, 11),
        )
        for slug, id_ in _town_ids().items()
    }
    db.session.add_all(entries.values())
    db.session.commit()
    return {slug: entry.id for slug, entry in entries.items()}


def _absences() -> dict[str, int]:
    absences = {
        slug: HeadAbsence(
            municipality_id=id_,
            name=ABSENCE_OF.format(NAMES[slug]),
            begins_on=date(2026, 12, 21),
            ends_on=date(2026, 12, 21),
            entered_by="企画担当",
        )
        for slug, id_ in _town_ids().items()
    }
    db.session.add_all(absences.values())
    db.session.commit()
    return {slug: one.id for slug, one in absences.items()}


def _letters() -> dict[str, int]:
    """A letter to each municipality that did not arrive."""
    letters = {
        slug: Letter(
            key=f"of-the-tests:{slug}",
            message_id=message_id(f"of-the-tests:{slug}"),
            kind="reminder",
            to_key=f"post:{id_}",
            to_name=f"{NAMES[slug]} 企画担当",
            to_email=f"officer@{slug}.example",
            municipality_id=id_,
            subject=LETTER_TO.format(NAMES[slug]),
            body="本文",
            state=LetterState.UNDELIVERABLE,
            written_at=cast.NOW,
            send_at=cast.NOW,
            next_attempt_at=cast.NOW,
        )
        for slug, id_ in _town_ids().items()
    }
    db.session.add_all(letters.values())
    db.session.commit()
    return {slug: letter.id for slug, letter in letters.items()}


def _case(maker: str, slug: str, *, project: Project) -> str:
    """A case that the hub shares with one town only."""
    proposal = costs.make_proposal(participants=(NAMES[HUB], NAMES[slug]))
    return str(getattr(costs, maker)(proposal, project=project).no)


def _polled() -> int:
    """This year's poll; two municipalities wrote something beside their answers."""
    meeting = meetings.make_meeting()
    meetings.make_answers(meeting, {"hiranai": "○○○○○"})
    first = meetings.dates_of(meeting)[0]
    for slug in (TOWN, OTHER):
        comment = COMMENT_OF.format(NAMES[slug])
        given = {first: meetings.SYMBOLS["○"]}
        poll_actions.answer(Act(None, cast.NOW), meeting, slug, given, comment)
    return meeting.id


def _agenda(meeting_id: int) -> dict[str, int]:
    """Three items that everybody reads, one kept to a town, and what two towns propose."""
    row = db.session.get_one(MeetingRow, meeting_id)
    office = costs.act_of("office")
    shown = [agenda.propose(office, row, title, "資料は当日。", 10) for title in "一二三"]
    agenda.propose(office, row, ITEM_OF.format("今別町あて"), "", only=[TOWN])
    proposed = {
        slug: agenda.propose(
            costs.act_of("officer", slug), row, ITEM_OF.format(NAMES[slug]), "協議したいこと。"
        ).id
        for slug in (TOWN, OTHER)
    }
    return {"": shown[0].id, **proposed}


def _minutes(meeting_id: int) -> int:
    """What two items of the held meeting say, circulated: the first of them."""
    row, office = db.session.get_one(MeetingRow, meeting_id), costs.act_of("office")
    items = [agenda.propose(office, row, title, "") for title in ("進捗について", "来年度について")]
    for item in items:
        minutes.write(office, row, item, "各首長から、取組の状況を説明した。", "続ける。")
    minutes.send(office, row, date(2026, 12, 4))
    return items[0].id


def _decided(meeting_id: int, item_id: int) -> tuple[int, dict[str, int]]:
    """A decision of the held meeting, and what three municipalities do of it."""
    row = db.session.get_one(MeetingRow, meeting_id)
    asked = [town for town in areas.towns() if town.slug in (HUB, TOWN, OTHER)]
    errand = Errand("候補地を2か所挙げる。", asked, date(2026, 12, 11))
    words = DecisionWords("案内板の共同設置", "案内板を共同で設置する。")
    item = db.session.get_one(AgendaItem, item_id)
    made = decisions.record(costs.act_of("office"), row, item, words, errand)
    found = select(FollowUpRow).where(FollowUpRow.decision_id == made.id)
    slugs = {town.id: town.slug for town in asked}
    return made.id, {slugs[one.municipality_id]: one.id for one in db.session.scalars(found)}


def _unsent_material(meeting_id: int) -> int:
    """What is made of the data and a file, of which nobody but the office knows: the file."""
    row, office = db.session.get_one(MeetingRow, meeting_id), costs.act_of("office")
    materials.make(office, row, MaterialKind.ROSTER, MaterialWords("名簿", "出席者名簿"))
    words = MaterialWords("資料1", MATERIAL_OF.format("まだ送らない"))
    return materials.upload(office, row, words, _paged("材料.csv", b"1,2\n")).id


def _sent_material(meeting_id: int) -> int:
    """A file that was replaced after it was sent, and one kept to a town: the first of them."""
    row, office = db.session.get_one(MeetingRow, meeting_id), costs.act_of("office")
    one = materials.upload(
        office, row, MaterialWords("資料1", "送った資料"), _paged("案.pdf", SMALLEST_PDF, "a")
    )
    words = MaterialWords("資料2", MATERIAL_OF.format("今別町あて"), only=[TOWN])
    materials.upload(office, row, words, _paged("別の表.csv", b"3,4\n"))
    materials.send(office, row, {})
    again = _paged("案.pdf", SMALLEST_PDF + b"\n", "b")
    later = replace(office, at=office.at + timedelta(minutes=1))
    materials.replace(later, row, one, again, "金額の誤り")
    return one.id


def _paged(name: str, content: bytes, *pages: str) -> PagedFile:
    return PagedFile(Sent(name, name.rpartition(".")[2], content), pages)


def _held() -> int:
    """Last year's meeting, to which every town sent a deputy."""
    day = date(2026, 2, 3)
    at = datetime(2026, 1, 20, 1, 0, tzinfo=UTC)
    meeting = MeetingRow(
        fiscal_year=2025,
        name="令和7年度 市町村長会議",
        place=meetings.PLACE,
        reply_due_on=date(2026, 1, 9),
        polled_at=at,
        held_on=day,
        begins=time(14),
        ends=time(15, 30),
        fixed_at=at,
        noticed_at=at,
        attendance_at=at,
    )
    db.session.add(meeting)
    db.session.flush()
    hours = {"begins": time(14), "ends": time(15, 30)}
    db.session.add(CandidateDate(meeting_id=meeting.id, on=day, added_at=at, **hours))
    for slug, id_ in _town_ids().items():
        is_hub = slug == HUB
        db.session.add(
            MeetingSeat(
                meeting_id=meeting.id,
                municipality_id=id_,
                title=f"{NAMES[slug]}長",
                nonce="n",
                attendance=Attendance.HEAD if is_hub else Attendance.DEPUTY,
                deputy=None if is_hub else "副町長",
            )
        )
    db.session.commit()
    return meeting.id


def _convened() -> int:
    """A meeting besides, whose notice went out, with a material; one town has said who comes."""
    office = costs.act_of("office")
    row = meetings.make_meeting(office, is_yearly=False)
    fixing.fix(office, row, meetings.dates_of(row)[1], "")
    fixing.send_notice(office, row, "", "御出席ください。")
    materials.upload(office, row, MaterialWords("資料1", "写真"), _paged("写真.csv", b"7,8\n"))
    seat = meetings.seat_of(row, "hiranai")
    convening.answer(Act(None, cast.NOW), row, seat.id, Coming(Attendance.DEPUTY, "副町長", 1))
    return row.id


def _council() -> tuple[int, int, int]:
    """A member from outside, a meeting at which it sits, and what it said there."""
    term = date(2026, 4, 1), date(2026, 4, 1), date(2028, 3, 31)
    wanted = Appointment("商工会議所 会頭", "chair@chamber.example", *term)
    office = costs.act_of("office")
    member = council.add_member(office, wanted)
    hours = Candidate(date(2026, 12, 21), time(14), time(15, 30))
    row = fixing.prepare_other(office, "第1回の懇談会", hours, "庁議室")
    council.seat_members(office, row)
    words = OpinionWords(None, "広域の観光案内を分かりやすくしてほしい。")
    return member.id, row.id, council.record_opinion(office, row, words).id


def _seat_token(kind: str, meeting_id: int, slug: str) -> str:
    seat = meetings.seat_of(db.session.get_one(MeetingRow, meeting_id), slug)
    return token_of(kind, seat.id)
