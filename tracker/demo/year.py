"""The example's year, deed by deed: one table, read from the top."""

from collections.abc import Callable, Iterator
from datetime import datetime, time
from typing import Any, NamedTuple

from tracker.demo import calendar, costs, meeting, payments, people, plans, questions, reports
from tracker.demo.letters import mark_sent, remind
from tracker.demo.moment import Moment, open_day
from tracker.kernel.fiscal_year import FiscalYear
from tracker.plumbing import clock


class Deed(NamedTuple):
    """Something done each fiscal year on that day, or on the open day before it."""

    month: int
    day: int
    hour: int
    do: Callable[..., None]
    args: tuple[Any, ...] = ()


SHOWN = "負担案を4町村へ提示。人口の基準は、最新の国勢調査とした。"
NO_OBJECTION = "平内町から、案のとおりで差し支えないとの回答。課長まで了承。"
YEAR: tuple[Deed, ...] = (
    Deed(4, 1, 9, plans.plan_year),
    Deed(4, 1, 13, calendar.enter),
    Deed(4, 7, 10, people.confirm),
    Deed(4, 8, 10, costs.propose, (1, 4, 24)),
    Deed(4, 20, 11, costs.confirm_all, (1,)),
    Deed(4, 27, 14, payments.plan, (1, (6, 30), (11, 30))),
    Deed(5, 12, 10, reports.submit_last_year),
    Deed(5, 22, 10, plans.enter_costs),
    Deed(5, 22, 14, costs.reconcile, (5, 29)),
    Deed(5, 27, 11, costs.confirm_reconciled),
    Deed(5, 28, 15, reports.confirm_last_year),
    Deed(6, 3, 10, payments.pay_otherwise),
    Deed(6, 5, 10, payments.notify, (1, 1, "青連第21号")),
    Deed(6, 9, 10, costs.propose, (2, 6, 26)),
    Deed(6, 19, 14, costs.confirm_all, (2,)),
    Deed(6, 26, 10, payments.pay, (1, 1)),
    Deed(6, 30, 15, payments.receive, (1, 1)),
    Deed(7, 14, 10, costs.propose, (3, 7, 31)),
    Deed(7, 17, 10, costs.change, (3, 60_000, "周知のちらしの印刷費を加えたため。")),
    Deed(7, 28, 14, costs.confirm_all, (3,)),
    Deed(8, 4, 14, payments.plan, (3, (2, 26))),
    Deed(8, 26, 10, questions.ask, (questions.FIRST,)),
    Deed(9, 8, 10, questions.answer, (questions.FIRST,)),
    Deed(9, 15, 10, questions.settle, (questions.FIRST, 9, 30)),
    Deed(9, 25, 10, questions.apply),
    Deed(10, 1, 10, meeting.follow_up, ("関係する事業者2者に、希望の時期を聞いた。",)),
    Deed(10, 7, 10, reports.ask_for_half),
    Deed(10, 21, 10, payments.claim),
    Deed(11, 4, 14, costs.draft, (4,)),
    Deed(11, 5, 9, reports.submit_half, ("蓬田村",)),
    Deed(11, 5, 15, costs.talk, (4,)),
    Deed(11, 10, 11, reports.submit_half, ("青森市",)),
    Deed(11, 11, 16, reports.confirm_half),
    Deed(11, 11, 17, payments.notify, (1, 2, "青連第38号")),
    Deed(11, 12, 11, reports.submit_half, ("平内町",)),
    Deed(11, 13, 11, reports.submit_half, ("今別町", "外ヶ浜町")),
    Deed(11, 16, 14, reports.confirm_half),
    Deed(11, 17, 10, costs.talk, (4, SHOWN, "青森市役所 本庁舎")),
    Deed(11, 17, 11, reports.submit_wrong_number),
    Deed(11, 17, 16, costs.send, (4, 12, 4)),
    Deed(11, 18, 10, meeting.ask_for_dates),
    Deed(11, 18, 15, meeting.answer, ("aomori",)),
    Deed(11, 19, 9, reports.submit_late),
    Deed(11, 19, 10, meeting.answer, ("hiranai",)),
    Deed(11, 19, 11, costs.confirm, (4, "hiranai")),
    Deed(11, 19, 13, costs.talk, (4, NO_OBJECTION, "電話")),
    Deed(11, 19, 14, reports.begin_a_draft),
    Deed(11, 20, 10, costs.confirm, (4, "yomogita")),
    Deed(11, 20, 11, meeting.answer, ("yomogita",)),
    Deed(11, 20, 15, reports.ask_about_the_number),
    Deed(11, 20, 16, plans.comment),
    Deed(11, 20, 17, payments.pay, (1, 2, "hiranai")),
    Deed(11, 25, 10, questions.ask, (questions.PRESENT,)),
    Deed(11, 26, 10, meeting.mend_address),
    Deed(11, 26, 11, meeting.answer_by_telephone, ("sotogahama", "外ヶ浜町 秘書")),
    Deed(11, 26, 14, meeting.answer, ("imabetsu",)),
    Deed(11, 27, 15, reports.submit_the_rest),
    Deed(11, 30, 10, payments.pay, (1, 2, "imabetsu", "yomogita", "sotogahama")),
    Deed(11, 30, 16, payments.receive, (1, 2)),
    Deed(12, 1, 10, meeting.fix),
    Deed(12, 3, 15, costs.confirm, (4, "imabetsu", "sotogahama")),
    Deed(12, 4, 14, reports.confirm_the_rest),
    Deed(12, 7, 11, payments.plan, (4, (2, 26))),
    Deed(12, 8, 14, questions.answer, (questions.PRESENT,)),
    Deed(12, 11, 10, reports.close_half),
    Deed(12, 15, 10, questions.settle, (questions.PRESENT, 12, 25)),
    Deed(1, 6, 10, meeting.send_notice),
    Deed(1, 6, 11, meeting.set_agenda),
    Deed(1, 8, 10, meeting.say_who_comes),
    Deed(1, 21, 10, meeting.send_materials),
    Deed(2, 1, 10, meeting.record_attendance),
    Deed(2, 4, 10, meeting.write_minutes),
    Deed(2, 4, 11, meeting.decide),
    Deed(2, 5, 14, meeting.regard_as_held),
    Deed(2, 8, 10, payments.notify, (3, 1, "青連第52号")),
    Deed(2, 8, 11, payments.notify, (4, 1, "青連第53号")),
    Deed(2, 15, 10, meeting.confirm_minutes),
    Deed(2, 22, 10, meeting.follow_up, ("時期の案を、各町村の担当へ示した。", True)),
    Deed(2, 24, 10, payments.pay, (3, 1)),
    Deed(2, 24, 11, payments.pay, (4, 1)),
    Deed(2, 26, 15, payments.receive, (3, 1)),
    Deed(2, 26, 16, payments.receive, (4, 1)),
    Deed(3, 15, 10, people.write_memos),
    Deed(3, 23, 10, reports.ask_for_year),
)


def live(first: FiscalYear, until: datetime) -> None:
    """Does the deeds of the years from `first` on, each at its own instant, up to `until`."""
    present = FiscalYear.containing(clock.day(until))
    last = clock.at(first.begins, time.min)
    year = first
    while year <= present:
        for deed, instant in _instants(year):
            at = max(instant, last)
            if at > until:
                break
            if year == present:
                remind(last, at)
            deed.do(Moment(year, at, year == first, year == present), *deed.args)
            mark_sent()
            last = at
        year = year.next
    remind(last, until)
    mark_sent()


def _instants(year: FiscalYear) -> Iterator[tuple[Deed, datetime]]:
    for deed in YEAR:
        day = max(open_day(year, deed.month, deed.day), year.begins)
        yield deed, clock.at(day, time(deed.hour))
