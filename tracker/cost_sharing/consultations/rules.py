"""When a consultation may be recorded and struck (Article 4(2))."""

from collections.abc import Collection
from datetime import date

from tracker.cost_sharing.cases.rules import check_change
from tracker.cost_sharing.rules import ASKED, CaseState
from tracker.kernel import wareki
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _


def after_strike(now: CaseState, left: Collection[date], sent_on: date | None) -> CaseState:
    """Where a case stands once a consultation is struck; `left` are the days of its others.

    Article 4(2) has the parties consult first: what they confirm rests on a consultation held by
    the day the case was sent.  Without one left, a case that waits for words goes back to 協議中
    and the words given count no more; one never sent is a draft again.
    Raises Refusal for an agreed case, of which both sides' words are given, and for a closed one.
    """
    if now in (CaseState.AGREED, CaseState.REPLACED):
        raise Refusal(
            _(
                "「%(now)s」の案件の協議の記録は取り消せません。双方の確認は、この協議をもとに"
                "しています（協約第4条第2項）。変えるときは、差し替える案を作ってください。",
                now=now.label,
            )
        )
    check_change(now)
    if now in ASKED:
        return now if any(sent_on and day <= sent_on for day in left) else CaseState.CONSULTING
    return now if left or sent_on else CaseState.DRAFT


def check_consulted_on(consulted_on: date, today: date, first: date | None) -> None:
    """Refuses a consultation that has not happened yet, or was before there was an agreement.

    `first` is the day on which the first agreement of the area was concluded (None: none was).
    """
    if first is not None and consulted_on < first:
        raise Refusal(
            _(
                "%(day)sは、連携協約を結んだ日（%(first)s）より前です。年を確かめてください。",
                day=wareki.long(consulted_on),
                first=wareki.long(first),
            ),
            field="consulted_on",
        )
    if consulted_on > today:
        raise Refusal(
            _("協議の日がまだ来ていません。協議した日を入れてください。"), field="consulted_on"
        )
