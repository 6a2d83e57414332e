"""The steps of a case: what may be done when and by whom, and by which day (Article 4(2))."""

from collections.abc import Sequence
from datetime import date, datetime

from tracker.amounts.yen import yen
from tracker.cost_sharing.rules import ASKED, STATES, CaseState
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.office_days import office_days

REPLY_OFFICE_DAYS = 10
NO_CONSULTATION = N_("協議の記録を1件以上入れてください（協約第4条第2項）。")


def check_step(now: CaseState, wanted: CaseState) -> None:
    """Raises Refusal unless a case may go from `now` to `wanted`."""
    allowed = STATES[now].next
    if wanted in allowed:
        return
    if (now, wanted) == (CaseState.DRAFT, CaseState.AWAITING):
        raise Refusal(_(NO_CONSULTATION))
    here = _("この案件は「%(now)s」です。", now=now.label)
    if not allowed:
        raise Refusal(
            _("%(here)sここからは変えられません。新しい案件を作ってください。", here=here)
        )
    ways = "".join(f"「{step.label}」" for step in allowed)
    raise Refusal(
        _(
            "%(here)s「%(wanted)s」にはできません。次に進めるのは%(ways)sです。",
            here=here,
            wanted=wanted.label,
            ways=ways,
        )
    )


def check_send(
    now: CaseState,
    is_consulted: bool,
    shares_yen: int | None,
    amount_yen: int,
    struck: Sequence[str] = (),
) -> None:
    """Article 4(2): nothing is sent before a consultation is recorded and the yen add up.

    `shares_yen` is what all bear together, None before the shares are set; `struck` names series of
    base figures that the formula took and that were taken out.  Raises Refusal with
    the sentence of ux/spec.md 8, and for a case that was sent already or is closed.
    """
    if now in ASKED:
        raise Refusal(_("この案件は、すでに送られています。"))
    if shares_yen is None:
        raise Refusal(_("まだ負担の内容が決まっていません。先に算式と負担額を決めてください。"))
    if not is_consulted:
        raise Refusal(_(NO_CONSULTATION))
    check_step(now, CaseState.AWAITING)
    if struck:
        raise Refusal(
            _(
                "算式に使った基礎数値「%(names)s」は取り消されています。"
                "算式を直してから送ってください。",
                names="・".join(struck),
            )
        )
    missing = amount_yen - shares_yen
    if missing:
        differs = (
            _("%(missing)s少なく", missing=yen(missing))
            if missing > 0
            else _("%(missing)s多く", missing=yen(-missing))
        )
        raise Refusal(
            _(
                "負担額の合計（%(shares_yen)s）が対象額より%(differs)sなっています。"
                "端数の負担者を選んでください。",
                shares_yen=yen(shares_yen),
                differs=differs,
            )
        )


def check_change(now: CaseState) -> bool:
    """Whether changing the amounts voids all confirmations; the screen says so before saving.

    Raises Refusal for an agreed case, which is only ever replaced, and for a closed one.
    """
    voids = STATES[now].voids
    if voids is None:
        raise Refusal(
            _(
                "「%(now)s」の案件は直せません。変えるときは、新しい案を作ってください。",
                now=now.label,
            )
        )
    return voids


def check_attach(now: CaseState) -> None:
    """Papers come and go while a case may be changed; to an agreed one they still come.

    The sealed document is signed after the agreement.  Raises Refusal for a closed case.
    """
    if now is not CaseState.AGREED:
        check_change(now)


def check_put_back(now: CaseState, agreed_at: datetime | None, struck_at: datetime | None) -> None:
    """The same for a paper that was struck: what an agreement stood without stays out of it."""
    check_attach(now)
    if agreed_at and struck_at and struck_at <= agreed_at:
        raise Refusal(
            _("合意の前に取り消した書類は戻せません。必要なときは、もう一度添付してください。")
        )


def check_sealed_on(sealed_on: date | None, is_sealed: bool, today: date) -> None:
    """A sealed document, and it alone, has the day that stands on it.

    Raises Refusal without one, for a day to come, and for the day of another paper.
    """
    if sealed_on and not is_sealed:
        raise Refusal(
            _("文書の日付は、押印済みの文書だけに入れます。ほかの資料のときは空けてください。"),
            field="sealed_on",
        )
    if is_sealed and sealed_on is None:
        raise Refusal(_("押印した文書の日付を入力してください。"), field="sealed_on")
    if is_sealed and sealed_on and sealed_on > today:
        raise Refusal(
            _("文書の日付がまだ来ていません。文書に書かれた日を入れてください。"),
            field="sealed_on",
        )


def reply_due(today: date) -> date:
    """The day proposed for answers: ten office days from today."""
    return office_days.add(today, REPLY_OFFICE_DAYS)
