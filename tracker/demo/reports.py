"""The example's two rounds of reports a year, and how they reach the lead."""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from tracker.accounts import queries as accounts
from tracker.amounts.exact import Exact
from tracker.demo.moment import Moment, actor, open_day
from tracker.demo.projects import figures, projects
from tracker.kernel.fiscal_year import Half, Period
from tracker.kernel.permissions import Actor, Role
from tracker.municipalities import queries as areas
from tracker.plumbing.changes import Act
from tracker.projects import queries
from tracker.projects.report import Report
from tracker.projects.reports import actions as report_actions
from tracker.projects.reports.rules import Content
from tracker.projects.rounds import actions as round_actions
from tracker.projects.rules import Rating, ReportState

NOTE = "いただいた御報告は、市町村長会議の資料になります。"
QUESTION = "参加者数が5人となっていましたが、受講者名簿では7人です。御確認をお願いします。"
COUNTED_AGAIN = 7


class Pending(Enum):
    """How a report of the present 上期 lags behind the others."""

    SILENT = "not begun until the last days"
    DRAFT = "begun, then left"
    RETURNED = "submitted with a wrong number"
    WAITING = "submitted late, not yet checked"


PENDING: Mapping[tuple[str, str], Pending] = {
    ("農業研修事業", "今別町"): Pending.RETURNED,
    ("新しい働き方担い手誘致・東青地域移住促進事業", "今別町"): Pending.DRAFT,
    ("在宅医療推進のための共同セミナー開催事業", "今別町"): Pending.SILENT,
    ("むつ湾広域連携事業（環境）", "今別町"): Pending.SILENT,
    ("圏域周遊観光情報発信事業（例示）", "青森市"): Pending.SILENT,
    ("病児一時保育事業", "青森市"): Pending.SILENT,
    ("図書館相互利用事業", "青森市"): Pending.SILENT,
    ("圏域周遊観光情報発信事業（例示）", "平内町"): Pending.SILENT,
    ("圏域周遊観光情報発信事業（例示）", "外ヶ浜町"): Pending.SILENT,
    ("図書館相互利用事業", "外ヶ浜町"): Pending.SILENT,
    ("合同防災訓練事業（例示）", "外ヶ浜町"): Pending.SILENT,
    ("物産振興事業", "青森市"): Pending.WAITING,
    ("物産振興事業", "外ヶ浜町"): Pending.WAITING,
    ("大学連携推進事業", "青森市"): Pending.WAITING,
    ("病児一時保育事業", "平内町"): Pending.WAITING,
    ("認知症サポーター養成事業（例示）", "平内町"): Pending.WAITING,
    ("新しい働き方担い手誘致・東青地域移住促進事業", "蓬田村"): Pending.WAITING,
}


class Told(NamedTuple):
    """What a report says where it is not the project's usual sentence."""

    done: str
    rating: Rating | None = None
    trouble: str = ""
    for_meeting: bool = False
    plan: str = ""


TOLD: Mapping[tuple[str, str, Half], Told] = {
    ("農業研修事業", "今別町", Half.FY): Told(
        "広報いまべつ5月号で受講者を募集した。栽培講座に町民10人が参加した。",
        trouble="会場まで遠く、高齢の方が参加しにくい。",
    ),
    ("農業研修事業", "今別町", Half.H1): Told(
        "広報いまべつ5月号と防災無線で受講者を募集した。\n"
        "栽培講座（7月、8月）に町民が参加した。うち2人は新規就農を検討中。",
        trouble="会場（青森市内）まで片道1時間以上かかり、高齢の方が参加しにくい。",
        for_meeting=True,
        plan="冬季講座（1月、今別町中央公民館）の募集を12月から始める。",
    ),
    ("物産振興事業", "外ヶ浜町", Half.H1): Told(
        "出店先の変更により、上期は出店できなかった。",
        Rating.LATE,
        "代わりの出店先が見つかっていない。",
        for_meeting=True,
        plan="2月の物産展への出店を準備する。",
    ),
    ("大学連携推進事業", "青森市", Half.H1): Told(
        "募集の開始が1か月遅れ、9月末までの応募は12人だった。",
        plan="募集の期間を1か月延ばす。",
    ),
    ("病児一時保育事業", "平内町", Half.H1): Told(
        "町内の児童の利用は延べ6人だった。",
        trouble="対象とする児童の範囲を、青森市と協議中である。",
    ),
}


def ask_for_half(m: Moment) -> None:
    """The office asks for 上期."""
    _ask(m, Period(m.year.year, Half.H1), 11, 30)


def ask_for_year(m: Moment) -> None:
    """In March the office asks for the whole year, to be told when it is over."""
    _ask(m, Period(m.year.year, Half.FY), 5, 29)


def _ask(m: Moment, period: Period, month: int, day: int) -> None:
    year = m.year if period.half is Half.H1 else m.year.next
    act = Act(actor(Role.OFFICE), m.at)
    round_actions.open_round(act, period, open_day(year, month, day), NOTE)


def submit_half(m: Moment, *towns: str) -> None:
    """These municipalities send what they have ready."""
    _submit(m, [one for one in _half(m) if one.town.name in towns and not _pending(m, one)])


def submit_wrong_number(m: Moment) -> None:
    """One report comes with a number that is not the one on the list of participants."""
    _submit(m, _pending_as(m, Pending.RETURNED))


def submit_late(m: Moment) -> None:
    """Some reports come when the others have been checked already."""
    _submit(m, _pending_as(m, Pending.WAITING))


def begin_a_draft(m: Moment) -> None:
    """A report is begun, and left before the number was known."""
    writers = _writers()
    for fact in _pending_as(m, Pending.DRAFT):
        content = Content(done=projects()[fact.project].told)
        report_actions.save_draft(Act(writers[fact.town.slug], m.at), fact, content)


def ask_about_the_number(m: Moment) -> None:
    """The lead returns the report with a question."""
    for fact in _pending_as(m, Pending.RETURNED):
        report_actions.return_report(Act(_checker(fact), m.at), fact, QUESTION)


def submit_the_rest(m: Moment) -> None:
    """Everything that was still owed comes in."""
    _submit(m, [one for one in _half(m) if not one.is_reported])


def confirm_half(m: Moment) -> None:
    """The lead confirms what has come in, but for the number that cannot be right."""
    _confirm(m, [one for one in _half(m) if _pending(m, one) is not Pending.RETURNED])


def confirm_the_rest(m: Moment) -> None:
    """The lead confirms everything."""
    _confirm(m, _half(m))


def close_half(m: Moment) -> None:
    """The office closes 上期."""
    round_actions.close_round(Act(actor(Role.OFFICE), m.at), Period(m.year.year, Half.H1))


def submit_last_year(m: Moment) -> None:
    """All reports on the year that is over."""
    if not m.is_first:
        _submit(m, _of(Period(m.year.year - 1, Half.FY)))


def confirm_last_year(m: Moment) -> None:
    """The lead confirms them, and the office closes the round."""
    if not m.is_first:
        period = Period(m.year.year - 1, Half.FY)
        _confirm(m, _of(period))
        round_actions.close_round(Act(actor(Role.OFFICE), m.at), period)


def _of(period: Period) -> Sequence[Report]:
    return queries.asked_of(period, figures=True)


def _half(m: Moment) -> Sequence[Report]:
    return _of(Period(m.year.year, Half.H1))


def _pending(m: Moment, fact: Report) -> Pending | None:
    return PENDING.get((fact.project, fact.town.name)) if m.is_present else None


def _pending_as(m: Moment, how: Pending) -> list[Report]:
    return [fact for fact in _half(m) if _pending(m, fact) is how]


def _writers() -> Mapping[str, Actor]:
    """Who writes in each municipality: a section of the hub, elsewhere the officer."""
    return {
        town.slug: actor(Role.LEAD if town.is_hub else Role.OFFICER, town.slug)
        for town in areas.towns()
    }


def _submit(m: Moment, owed: Iterable[Report]) -> None:
    writers = _writers()
    for fact in owed:
        act = Act(writers[fact.town.slug], m.at)
        report_actions.save_draft(act, fact, _content(m, fact))
        report_actions.submit(act, fact)


def _confirm(m: Moment, reported: Iterable[Report]) -> None:
    waiting = [one for one in reported if one.state is ReportState.SUBMITTED]
    by_checker: dict[Actor, list[Report]] = {}
    for one in waiting:
        by_checker.setdefault(_checker(one), []).append(one)
    for checker, own in by_checker.items():
        report_actions.confirm_all(Act(checker, m.at), [(one, None) for one in own])


def _checker(report: Report) -> Actor:
    """The first of those who check a report: never the section that wrote it."""
    first = report.checked_by(accounts.staff())[0]
    return actor(first.role, first.municipality)


def _content(m: Moment, fact: Report) -> Content:
    """The project's usual sentence with the number; on track from nine tenths of the guide."""
    row, half = figures()[fact.project][fact.town.name], fact.period.half
    is_present_half = m.is_present and half is Half.H1
    value = {Half.H1: row.half if is_present_half else row.last_half, Half.FY: row.last_year}[half]
    if fact.state is ReportState.RETURNED:
        value = COUNTED_AGAIN
    goal = fact.measured[0].guide(fact.period)
    is_near = goal is None or value * 10 >= goal.fraction * 9
    rating = Rating.ON_TRACK if is_near else Rating.SLIGHTLY_LATE
    example = projects()[fact.project]
    usual = Told(f"{example.told}{example.indicator.name}は{value:,}{example.indicator.unit}。")
    special = TOLD.get((fact.project, fact.town.name, half)) if m.is_present else None
    told = special or usual
    return Content(
        {1: Exact(value)},
        told.rating or rating,
        told.done,
        told.trouble,
        told.for_meeting,
        told.plan,
    )
