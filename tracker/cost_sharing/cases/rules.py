"""The steps of a case: what may be done when and by whom, and by which day (Article 4(2))."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from tracker.cost_sharing.rules import (
    ASKED,
    STATES,
    Answers,
    CaseState,
    Decision,
    Pair,
    Stage,
)
from tracker.kernel import office_days, wareki
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.kernel.yen import yen
from tracker.municipalities.rules import Town

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


def next_stages(stage: Stage) -> tuple[Stage, ...]:
    """What may follow an agreed stage: 確定 and 精算 after 概算, 精算 after 確定."""
    return tuple(Stage)[list(Stage).index(stage) + 1 :]


def check_next(now: CaseState, stage: Stage, wanted: Stage, there: str | None) -> None:
    """Raises Refusal unless `wanted` may be started after a case that is agreed.

    there: the number of a case of that stage, of the same project and year, that was not withdrawn.
    """
    if now is not CaseState.AGREED or wanted not in next_stages(stage):
        raise Refusal(_("次の段階は、合意済みの「概算」か「確定」の案件から始めます。"))
    if there:
        raise Refusal(
            _("%(stage)sの案件（%(no)s）が、すでにあります。", stage=wanted.label, no=there),
            field="stage",
        )


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


def state(pairs: Sequence[Pair], answers: Answers) -> CaseState:
    """What the answers make of a case that was sent: 確認待ち, 意見あり or 合意済み.

    Agreed needs both sides of every pair.
    """
    given = {answers.get((pair.agreement, side)) for pair in pairs for side in pair.parties}
    if Decision.RETURNED in given:
        return CaseState.RETURNED
    return CaseState.AGREED if given == {Decision.CONFIRMED} else CaseState.AWAITING


def check_confirm(
    now: CaseState,
    pairs: Sequence[Pair],
    answers: Answers,
    municipality: int,
    *,
    is_drafter: bool,
) -> tuple[Pair, ...]:
    """The pairs this municipality (id) confirms by this act: the hub all it has left, a town its own.

    Raises Refusal for a case not waiting, the drafter's own draft, an outsider, a second time.
    """
    own = _own_pairs(now, pairs, municipality, is_drafter)
    yes = Decision.CONFIRMED
    left = tuple(pair for pair in own if answers.get((pair.agreement, municipality)) is not yes)
    if not left:
        raise Refusal(_("すでに確認済みです。もう一度確認していただく必要はありません。"))
    return left


def check_return(
    now: CaseState, pairs: Sequence[Pair], municipality: int, opinion: str, *, is_drafter: bool
) -> tuple[Pair, ...]:
    """The pairs this municipality (id) returns with its opinion; an earlier confirmation yields.

    Raises Refusal as `check_confirm` does, and for an opinion without words.
    """
    own = _own_pairs(now, pairs, municipality, is_drafter)
    if not opinion.strip():
        raise Refusal(
            _("意見を入力してください。直してほしい所を書いてください。"), field="opinion"
        )
    return own


def _own_pairs(
    now: CaseState, pairs: Sequence[Pair], municipality: int, is_drafter: bool
) -> tuple[Pair, ...]:
    if now not in ASKED:
        raise Refusal(
            _(
                "この案件は「%(now)s」です。確認や意見は「確認待ち」の間に入れてください。",
                now=now.label,
            )
        )
    own = tuple(pair for pair in pairs if municipality in pair.parties)
    if not own:
        raise Refusal(_("この案件の協約の当事者ではありません。確認は協約の双方が行います。"))
    if is_drafter:
        raise Refusal(
            _("ご自分が作った案は確認できません。同じ市町村のほかの確認者にお願いしてください。")
        )
    return own


def reply_due(today: date) -> date:
    """The day proposed for answers: ten office days from today."""
    return office_days.add(today, REPLY_OFFICE_DAYS)


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


class StageRow(NamedTuple):
    """A municipality's yen per stage (None: it took no part then), and the difference to pay."""

    name: str
    amounts: tuple[int | None, ...]
    difference: int


class StageTable(NamedTuple):
    """概算・確定・精算 side by side; positive differences are paid, negative ones given back."""

    heads: tuple[str, ...]
    rows: tuple[StageRow, ...]


def stage_table(
    settled: Mapping[Stage, Mapping[Town, int]],
    now: Mapping[Town, int],
    stage: Stage = Stage.RECONCILIATION,
) -> StageTable:
    """A stage beside what was settled before it: yen by municipality, for each stage."""
    earlier = [stage for stage in Stage if stage in settled]
    last = settled[earlier[-1]]
    return StageTable(
        (*(stage.label for stage in earlier), stage.label),
        tuple(
            StageRow(
                town.name,
                (*(settled[stage].get(town) for stage in earlier), now.get(town)),
                now.get(town, 0) - last.get(town, 0),
            )
            for town in dict.fromkeys((*last, *now))
        ),
    )
