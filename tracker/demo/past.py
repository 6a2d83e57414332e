"""Years of an area's work in bulk: the same year again and again, with other figures.

Everything happens on its day of the fiscal year; what lies after the day of the load has not
happened yet.  Who does what comes from counting and is the same at every load.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from tracker.accounts.queries import every_recipient
from tracker.agreements.queries import bound, measures
from tracker.amounts.exact import Exact
from tracker.annual_duty.models import HeldView
from tracker.characters.search import search_key
from tracker.cost_sharing.models import (
    CaseDrafter,
    Confirmation,
    Consultation,
    CostCase,
    CostPart,
    Share,
)
from tracker.cost_sharing.rules import CaseKind, CaseState, Decision, Stage
from tracker.demo import meeting, reports
from tracker.demo.bulk import Book, Deed
from tracker.demo.letters import MADE_UP
from tracker.demo.moment import actor, open_day
from tracker.demo.plans import SPENT_PERMILLE
from tracker.figures import queries as bases
from tracker.figures.rules import FigureKind
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear, Half, Period
from tracker.kernel.permissions import Actor, Role
from tracker.mail.letters import Letter, LetterState, Recipient, new_row
from tracker.meetings.models import CandidateDate, MeetingRow, MeetingSeat, PollAnswer
from tracker.meetings.rules import Answer, Attendance
from tracker.municipalities import queries as areas
from tracker.municipalities.rules import Town
from tracker.plumbing import clock
from tracker.projects.models import (
    Indicator,
    IndicatorTarget,
    IndicatorValue,
    Participation,
    ProgressReport,
    Project,
    ProjectCost,
    ProjectYear,
    ReportingRound,
    ReportVersion,
    RoundPart,
)
from tracker.projects.report import Measured, frozen
from tracker.projects.reports.rules import Content, receipt
from tracker.projects.rules import CostPhase, Rating, ReportState, YearMark
from tracker.shares.rules import PartKind, RoundingMode
from tracker.shares.split import FormulaPart, Rounding, split

MATTERS = (
    *("圏域周遊観光", "農産物販路拡大", "起業・創業支援", "産学連携", "地域公共交通"),
    *("地域医療研修", "在宅医療・介護連携", "認知症見守り", "病児一時保育", "子育て世代の交流"),
    *("図書館相互利用", "文化財の公開", "スポーツ大会の共同開催", "地域のにぎわいづくり"),
    *("合同防災訓練", "自然環境の保全", "移住・定住の相談", "消費生活相談"),
    *("合同職員研修", "森林整備"),
)
MANNERS = ("推進事業", "広域連携事業", "人材育成事業", "情報発信・受入環境整備事業", "共同実施事業")
DONE = (
    "担当者の会議を2回開き、案内の掲載先を増やした。\n"
    "参加した方の声を集め、次の半年の計画に反映する。参加者数は{:,}人。"
)
TROUBLE, PLAN = "会場まで遠く、参加しにくいという声がある。", "冬の回の募集を12月から始める。"
LETTER = "{}について、御対応をお願いいたします。\n（例示の手紙で、実際には送られていません。）\n"
# In fewer municipalities everybody takes part in everything.
MANY = 8
CASES = range(1, 7)


@dataclass(frozen=True)
class Scale:
    """How much there is: projects, fiscal years up to the day's own, reminders beside the letters."""

    projects: int
    years: int
    reminders: int


@dataclass(frozen=True)
class Joint:
    """A project, who takes part in it (the hub first), and how the lead marks the present year."""

    id: int
    number: int
    name: str
    indicator: Measured
    towns: tuple[Town, ...]
    mark: YearMark | None

    def target(self, town: Town) -> int:
        """The participants hoped for in a year."""
        return 80 + (self.number * 31 + town.id * 17) % 240


def write(scale: Scale, until: datetime) -> None:
    """Writes the years into an area that has people and agreements, and nothing else yet."""
    _Past(scale, until).write()


class _Past:
    """Puts down what happened, subject by subject."""

    def __init__(self, scale: Scale, until: datetime) -> None:
        self.scale, self.until, self.book = scale, until, Book(until)
        self.this = FiscalYear.containing(clock.day(until))
        self.first = FiscalYear(self.this.year - scale.years + 1)
        self.towns, self.hub = areas.towns(), areas.hub()
        self.office, self.lead = (actor(role, self.hub.slug) for role in (Role.OFFICE, Role.LEAD))
        self.confirmers = {one.id: actor(Role.CONFIRMER, one.slug) for one in self.towns}
        self.writers = {
            one.id: self.lead if one.is_hub else actor(Role.OFFICER, one.slug) for one in self.towns
        }
        self.bound = {town.id: agreement for town, agreement in bound(clock.day(until)).items()}
        self.to = list(every_recipient().values())
        self.census = bases.series(FigureKind.POPULATION)[0]

    def write(self) -> None:
        projects = [self._project(number) for number in range(self.scale.projects)]
        for year in map(FiscalYear, range(self.first.year, self.this.year + 1)):
            asked = [one for one in projects if self._year(one, year) is not YearMark.SKIPPED]
            for half in Half:
                self._round(Period(year.year, half), asked)
            for number in CASES:
                self._case(year, number, projects[number * 7 % len(projects)])
            self._meeting(year)
        begins = clock.at(self.first.begins, time(9))
        for number in range(self.scale.reminders):
            at = begins + (self.until - begins) * number / self.scale.reminders
            self._letter("reminder", self.to[number % len(self.to)], "進捗の御報告", "/", at)
        self.book.write()

    def has_come(self, at: datetime) -> bool:
        return at <= self.until

    def on(self, year: FiscalYear, month: int, day: int, hour: int = 10) -> datetime:
        """An open day of the fiscal year, never before its first."""
        return clock.at(max(open_day(year, month, day), year.begins), time(hour))

    def _project(self, number: int) -> Joint:
        lead = self.towns[number % len(self.towns) if number % 5 == 4 else 0]
        is_posted = lead.is_hub and number % 3 == 0
        section = self.lead.name.partition(" ")[2] if is_posted else "企画担当課"
        measure = (kinds := measures())[number % len(kinds)]
        many, matter = divmod(number, len(MATTERS))
        name = MATTERS[matter] + MANNERS[many % len(MANNERS)]
        project_id = self.book.add(
            Project,
            name=name,
            search_key=search_key(name),
            summary="圏域の市町村が共同で進めます。（例示）",
            measure_id=measure.id,
            lead_municipality_id=lead.id,
            lead_post_id=self.lead.post_id if is_posted else None,
            lead_section=section,
            since_year=self.first.year,
            is_example=True,
        )
        definition = "その期間の実人数。同じ人が2回参加しても1人と数えます。"
        texts = {"name": "参加者数", "unit": "人", "definition": definition}
        indicator_id = self.book.add(Indicator, project_id=project_id, **texts)
        towns = tuple(one for one in self.towns if one == lead or self._joins(number, one))
        mark = {5: YearMark.NOT_STARTED, 11: YearMark.SKIPPED}.get(number % 23)
        said = f"連携事業「{name}」を登録しました。"
        at = self.on(self.first, 4, 1)
        self.book.tell("project", project_id, [(at, self.office, "project.created", said)])
        indicator = Measured(indicator_id, 1, "参加者数", "人", 0)
        return Joint(project_id, number, name, indicator, towns, mark)

    def _joins(self, number: int, town: Town) -> bool:
        """Of many, all take part in one project of four, and in the others a third."""
        everybody = len(self.towns) < MANY or number % 4 == 0
        return everybody or town.is_hub or (number * 7 + town.id * 3) % 10 < 3

    def _year(self, one: Joint, year: FiscalYear) -> YearMark | None:
        """The project's year, and how the lead marked it."""
        is_past, commented = year < self.this, self.on(year, 11, 20)
        mark = None if is_past else one.mark
        says = (is_past or one.number % 3 == 0) and self.has_come(commented)
        year_id = self.book.add(
            ProjectYear,
            project_id=one.id,
            fiscal_year=year.year,
            mark=mark,
            comment="おおむね予定どおり進んでいます。" if says else None,
            commented_at=commented if says else None,
        )
        for town in one.towns:
            yen = 100_000 + one.number * 37_000 % 900_000 + town.id * 11_000
            self.book.add(Participation, project_year_id=year_id, municipality_id=town.id)
            self._cost(one, year, CostPhase.BUDGET, yen, town)
            if is_past:
                spent = yen * SPENT_PERMILLE // 1000
                self._cost(one, year, CostPhase.SETTLED, spent, town)
            self.book.add(
                IndicatorTarget,
                indicator_id=one.indicator.id,
                municipality_id=town.id,
                fiscal_year=year.year,
                numerator=one.target(town),
                denominator=1,
                decimals=0,
            )
        if year != self.first:
            said = f"連携事業「{one.name}」の{year.label}の内容を直しました。"
            deed = (self.on(year, 4, 1), self.office, "project.changed", said)
            self.book.tell("project", one.id, [deed])
        return mark

    def _cost(
        self,
        one: Joint,
        year: FiscalYear,
        phase: CostPhase,
        total_yen: int,
        town: Town | None = None,
        subsidy_yen: int | None = None,
    ) -> int:
        return self.book.add(
            ProjectCost,
            project_id=one.id,
            fiscal_year=year.year,
            municipality_id=town.id if town else None,
            phase=phase,
            total_yen=total_yen,
            subsidy_yen=subsidy_yen,
        )

    def _round(self, period: Period, asked: Sequence[Joint]) -> None:
        year, is_half = period.fiscal_year, period.half is Half.H1
        opened = self.on(year, 10, 7) if is_half else self.on(year, 3, 23)
        closed = self.on(year, 12, 11) if is_half else self.on(year.next, 5, 28, 15)
        if not self.has_come(opened):
            return
        due_on = open_day(year, 11, 30) if is_half else open_day(year.next, 5, 29)
        round_id = self.book.add(
            ReportingRound,
            fiscal_year=year.year,
            half=period.half,
            due_on=due_on,
            covering_note=reports.NOTE,
            opened_at=opened,
            closed_at=closed if self.has_come(closed) else None,
        )
        words = f"{period.label}の進捗報告"
        said = f"{words}をお願いしました（期限 {wareki.long(due_on)}）。"
        deeds = [
            (opened, self.office, "round.opened", said),
            (closed, self.office, "round.closed", f"{words}を締め切りました。"),
        ]
        self.book.tell("round", round_id, deeds)
        for one in asked:
            for town in one.towns:
                part = {"project_id": one.id, "municipality_id": town.id}
                self.book.add(RoundPart, round_id=round_id, **part)
                self._report(round_id, period, closed, one, town)
        for to in self.to:
            self._letter("report_request", to, words, f"/reports/{period}", opened)

    def _report(
        self, round_id: int, period: Period, closed: datetime, one: Joint, town: Town
    ) -> None:
        """One report as far as it has come; while the round is open, some stay behind."""
        number = one.number * 13 + town.id * 5
        sent = closed - timedelta(days=8 + number % 30, hours=4)
        begun, asked, checked = (sent + timedelta(days=days) for days in (-1, 1, 3))
        is_open = not self.has_come(closed)
        if not self.has_come(begun) or (is_open and number % 13 == 0):
            return
        writer, content = self.writers[town.id], self._content(period, one, town, number)
        is_sent = self.has_come(sent) and not (is_open and number % 17 == 0)
        is_asked = is_sent and is_open and number % 19 == 0 and self.has_come(asked)
        is_checked = is_sent and not is_asked and self.has_come(checked)
        # Nobody checks what he wrote: the office looks at the hub's own.
        checker = self.office if town.is_hub else self.lead
        state = ReportState.SUBMITTED if is_sent else ReportState.DRAFT
        state = ReportState.RETURNED if is_asked else state
        report_id = self.book.add(
            ProgressReport,
            round_id=round_id,
            project_id=one.id,
            municipality_id=town.id,
            state=ReportState.CONFIRMED if is_checked else state,
            rating=content.rating,
            done=content.done,
            trouble=content.trouble,
            for_meeting=content.for_meeting,
            plan=content.plan,
            receipt=receipt(period, town.name, one.id) if is_sent else None,
            submitted_at=sent if is_sent else None,
            question=reports.QUESTION if is_asked else None,
            **_signed("written", writer, min(sent, self.until)),
            **_signed("asked", checker, asked if is_asked else None),
            **_signed("confirmed", checker, checked if is_checked else None),
        )
        self.book.add(
            IndicatorValue,
            report_id=report_id,
            indicator_id=one.indicator.id,
            **content.values[1]._asdict(),
        )
        if is_sent:
            self.book.add(
                ReportVersion,
                report_id=report_id,
                number=1,
                content=frozen([one.indicator], content),
                **_signed("submitted", writer, sent),
            )
        named = f"{town.name}の{period.label}「{one.name}」の報告"
        deeds = [(begun, writer, "report.begun", f"{named}を書き始めました。")]
        if is_sent:
            deeds.append((sent, writer, "report.submitted", f"{named}を提出しました。"))
        if is_asked:
            deeds.append((asked, checker, "report.returned", f"{named}を質問して戻しました。"))
        if is_checked:
            deeds.append((checked, checker, "report.confirmed", f"{named}を確認済みにしました。"))
        self.book.tell("report", report_id, deeds)

    def _content(self, period: Period, one: Joint, town: Town, number: int) -> Content:
        is_half, is_behind = period.half is Half.H1, number % 11 == 0
        value = one.target(town) * (45 + number % 20) // (100 if is_half else 50)
        rating = Rating.ON_TRACK if is_half or number % 7 else Rating.DONE
        if is_behind:
            rating = Rating.LATE if number % 4 == 0 else Rating.SLIGHTLY_LATE
        trouble, plan = TROUBLE if is_behind else "", PLAN if number % 2 else ""
        return Content({1: Exact(value)}, rating, DONE.format(value), trouble, is_behind, plan)

    def _case(self, year: FiscalYear, number: int, one: Joint) -> None:
        """Drafted, talked over, sent and agreed within a month; the year's last two are in hand."""
        started, sent = self.on(year, 4 + number, 8), self.on(year, 4 + number, 17)
        agreed, is_sent = self.on(year, 5 + number, 10), self.has_come(sent)
        if not self.has_come(started):
            return
        is_agreed = self.has_come(agreed) and not (year == self.this and number >= CASES[-2])
        state = CaseState.AGREED if is_agreed else CaseState.AWAITING
        no, title = f"{year.year}-{number:02}", f"{one.name}の費用負担"
        total_yen, subsidy_yen = 3_620_000 + number * 410_000, 1_120_000
        case_id = self.book.add(
            CostCase,
            fiscal_year=year.year,
            number=number,
            project_id=one.id,
            kind=CaseKind.MONEY,
            stage=Stage.FIXED,
            title=title,
            cost_id=self._cost(one, year, Stage.FIXED.phase, total_yen, subsidy_yen=subsidy_yen),
            rounding_unit=1000,
            rounding_mode=RoundingMode.DOWN,
            remainder_id=self.hub.id,
            state=state if is_sent else CaseState.CONSULTING,
            reply_due_on=open_day(year, 5 + number, 12) if is_sent else None,
            sent_on=clock.day(sent) if is_sent else None,
            agreed_at=agreed if is_agreed else None,
            is_example=True,
        )
        self.book.add(
            CaseDrafter,
            case_id=case_id,
            person_id=self.office.person_id,
            person_name=self.office.name,
            at=started,
        )
        self.book.add(
            Consultation,
            case_id=case_id,
            consulted_on=clock.day(started),
            place="担当者打合せ（オンライン）",
            participants="関係する市町村の担当者",
            gist="均等割を20％とすることで意見が一致。",
            **_signed("recorded", self.office, started),
        )
        takers = [town for town in one.towns if town.is_hub or town.id in self.bound]
        self._shares(case_id, takers, total_yen - subsidy_yen)
        named = f"費用負担「{title}」"
        deeds: list[Deed] = [
            (started, self.office, "cost.drafted", f"{named}の内容を決めました。"),
            (sent, self.office, "cost.sent", f"{named}の案を送り、確認をお願いしました。"),
        ]
        for town in takers:
            at, by = sent + timedelta(days=town.id % 15), self.confirmers[town.id]
            if is_sent and self.has_come(at) and (is_agreed or town.id % 2):
                self._confirm(case_id, takers[1:] if town.is_hub else [town], town, at)
                deeds.append((at, by, "cost.confirmed", f"{by.name}が{named}を確認しました。"))
        if is_agreed:
            said = f"{named}は、すべての双方の確認がそろいました。"
            deeds.append((agreed, None, "cost.agreed", said))
        self.book.tell("cost_case", case_id, deeds)
        for to in self.to:
            self._letter("cost_request", to, f"{title}（案）の御確認", f"/costs/{no}", sent)

    def _shares(self, case_id: int, takers: Sequence[Town], amount_yen: int) -> None:
        people = {town.name: self.census.values[town.name] for town in takers}
        equal = FormulaPart(PartKind.EQUAL, percent=20)
        parts = (equal, FormulaPart(PartKind.POPULATION, percent=80, basis=people))
        for position, part in enumerate(parts):
            self.book.add(
                CostPart,
                case_id=case_id,
                position=position,
                kind=part.kind,
                percent=str(part.percent),
                values=part.basis,
                series_id=self.census.id if part.basis else None,
                unit=self.census.unit if part.basis else "",
                source=self.census.name if part.basis else "",
            )
        rounding = Rounding(1000, RoundingMode.DOWN)
        done = split(amount_yen, list(people), parts, rounding, self.hub.name)
        for town, line in zip(takers, done.lines, strict=True):
            self.book.add(
                Share,
                case_id=case_id,
                municipality_id=town.id,
                **line.steps,
                rounded_yen=line.rounded,
                share_yen=line.share,
            )

    def _confirm(self, case_id: int, partners: Sequence[Town], town: Town, at: datetime) -> None:
        by = self.confirmers[town.id]
        for partner in partners:
            self.book.add(
                Confirmation,
                case_id=case_id,
                agreement_id=self.bound[partner.id],
                municipality_id=town.id,
                revision=1,
                decision=Decision.CONFIRMED,
                person_id=by.person_id,
                person_name=by.name,
                decided_at=at,
            )

    def _meeting(self, year: FiscalYear) -> None:
        """The heads are asked in November and meet in January; a few send a deputy."""
        polled, fixed = self.on(year, 11, 18), self.on(year, 12, 1)
        noticed, attended = self.on(year, 1, 6), self.on(year, 2, 1)
        if not self.has_come(polled):
            return
        dates, name = meeting.candidates(year), f"{year.label} {areas.get_area().meeting_name}"
        chosen = dates[meeting.CHOSEN] if self.has_come(fixed) else None
        is_attended, notice = self.has_come(attended), {}
        if self.has_come(noticed):
            words = {"notice_number": "連第8号", "notice_text": meeting.NOTICE}
            notice = {**words, "noticed_at": noticed}
        meeting_id = self.book.add(
            MeetingRow,
            fiscal_year=year.year,
            name=name,
            place=areas.get_area().meeting_place,
            reply_due_on=open_day(year, 11, 27),
            polled_at=polled,
            held_on=chosen and chosen.on,
            begins=chosen and chosen.begins,
            ends=chosen and chosen.ends,
            fixed_at=fixed if chosen else None,
            **notice,
            attendance_at=attended if is_attended else None,
            is_example=True,
        )
        deeds = [
            (polled, self.office, "meeting.polled", f"{name}：候補日を出しました。"),
            (fixed, self.office, "meeting.fixed", f"{name}：日程を決めました。"),
            (noticed, self.office, "meeting.noticed", f"{name}：開催案内を送りました。"),
            (attended, self.office, "meeting.attended", f"{name}：出席を記録しました。"),
        ]
        self.book.tell("meeting", meeting_id, deeds)
        offered = [
            self.book.add(CandidateDate, meeting_id=meeting_id, added_at=polled, **one._asdict())
            for one in dates
        ]
        for town in self.towns:
            is_in = chosen is not None or town.id % 6 > 0
            at = polled + timedelta(days=1 + town.id % 8)
            is_deputy = is_attended and town.id % 11 == 4
            came = Attendance.DEPUTY if is_deputy else Attendance.HEAD
            seat_id = self.book.add(
                MeetingSeat,
                meeting_id=meeting_id,
                municipality_id=town.id,
                title=town.head_title,
                nonce=f"{meeting_id:08}{town.id:08}",
                comment="午後は公務があります。" if is_in and town.id % 9 == 0 else None,
                attendance=came if is_attended else None,
                deputy="副町長" if is_deputy else None,
            )
            if is_in and self.has_come(at):
                self._answer(seat_id, offered, town, at)
            if is_deputy:
                self._regard_as_held(meeting_id, town, attended)
        for to in self.to:
            if to.key.startswith("post"):
                self._letter("poll_request", to, name, f"/meetings/{meeting_id}", polled)

    def _answer(self, seat_id: int, offered: Sequence[int], town: Town, at: datetime) -> None:
        by_telephone, secretary = town.id % 7 == 0, f"{town.name} 秘書"
        kinds = (Answer.YES, Answer.YES, Answer.MAYBE, Answer.YES, Answer.NO)
        for place, candidate_id in enumerate(offered):
            answer = kinds[(town.id * 3 + place) % len(kinds)]
            self.book.add(
                PollAnswer,
                seat_id=seat_id,
                candidate_id=candidate_id,
                answer=Answer.YES if place == meeting.CHOSEN else answer,
                answered_at=at,
                answered_by=self.office.name if by_telephone else secretary,
                answered_by_id=self.office.person_id if by_telephone else None,
                told_by=secretary if by_telephone else None,
            )
        by = self.office if by_telephone else None
        said = f"{town.head_title}のご予定に{secretary}が回答しました。"
        self.book.tell("seat", seat_id, [(at, by, "poll.answered", said)])

    def _regard_as_held(self, meeting_id: int, town: Town, at: datetime) -> None:
        for by in (self.office, self.confirmers[town.id]):
            place = {
                "meeting_id": meeting_id,
                "agreement_id": self.bound[town.id],
                "municipality_id": by.municipality_id,
            }
            self.book.add(
                HeldView,
                **place,
                is_held=True,
                person_name=by.name,
                person_id=by.person_id,
                recorded_at=at,
            )
            said = f"{by.municipality_name}が「第5条の会議が開かれたと見る」と記録しました。"
            key = "-".join(map(str, place.values()))
            self.book.tell("held_view", key, [(at, by, "meeting.viewed", said)])

    def _letter(self, kind: str, to: Recipient, matter: str, path: str, at: datetime) -> None:
        """A letter that counts as sent: nothing of an example is ever mailed."""
        if self.has_come(at):
            key, body = f"{kind}:{path}:{at.isoformat()}:{to.key}", LETTER.format(matter)
            new = new_row(kind, to, f"【御依頼】{matter}", body, key=key, at=at, path=path)
            sent = {"state": LetterState.SENT, "sent_at": at, "attempts": 1, "note": MADE_UP}
            self.book.add(Letter, **{**new.row, **sent})


def _signed(verb: str, by: Actor, at: datetime | None) -> dict[str, object]:
    """Who did something when, as tables keep it; nobody when it was not done."""
    row = {f"{verb}_by": by.name, f"{verb}_by_id": by.person_id, f"{verb}_at": at}
    return row if at else dict.fromkeys(row)
