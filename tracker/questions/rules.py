"""The steps of a question of interpretation (Article 6; product.md 7): who may do what, and when.

甲及び乙が協議の上、定める: nothing is settled before both sides have written what they think and
have consulted, nor without the word of both.  Silence is no word.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from tracker.cost_sharing.rules import CaseNumber, Decision
from tracker.kernel.labelled import Labelled
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.office_days import office_days

ANSWER_OFFICE_DAYS = 10


class QuestionNumber(CaseNumber):
    """A question's fiscal year and its running number within it: 2026-01, 第8-01号."""

    __slots__ = ()

    @property
    def path(self) -> str:
        """The address of its page."""
        return f"/questions/{self}"


class QuestionState(Labelled):
    """Where a question stands."""

    DRAFT = "draft", N_("下書き")
    RECEIVED = "received", N_("受付")
    CONSULTING = "consulting", N_("協議中")
    AWAITING = "awaiting", N_("確認待ち")
    RETURNED = "returned", N_("意見あり")
    SETTLED = "settled", N_("解決")
    WITHDRAWN = "withdrawn", N_("取下げ")


class SisterWord(Labelled):
    """Whether another agreement with the same wording is treated likewise: its partner's own word."""

    SAME = "same", N_("同じ扱いとする")
    APART = "apart", N_("同じ扱いとしない")


_S = QuestionState
NEXT: Mapping[QuestionState, tuple[QuestionState, ...]] = {
    _S.DRAFT: (_S.RECEIVED, _S.WITHDRAWN),
    _S.RECEIVED: (_S.CONSULTING, _S.WITHDRAWN),
    _S.CONSULTING: (_S.AWAITING, _S.WITHDRAWN),
    # Another text asks both sides anew; their words move it on.
    _S.AWAITING: (_S.AWAITING, _S.RETURNED, _S.SETTLED, _S.WITHDRAWN),
    _S.RETURNED: (_S.AWAITING, _S.RETURNED, _S.SETTLED, _S.WITHDRAWN),
    _S.SETTLED: (),
    _S.WITHDRAWN: (),
}
ASKED = (_S.AWAITING, _S.RETURNED)
# Both sides write what they think, and record that they consulted.
OPEN = (_S.RECEIVED, _S.CONSULTING, *ASKED)


def check_step(now: QuestionState, wanted: QuestionState) -> None:
    """Raises Refusal unless a question may go from `now` to `wanted`."""
    if wanted not in NEXT[now]:
        raise Refusal(
            _(
                "この疑義は「%(now)s」です。「%(wanted)s」にはできません。",
                now=now.label,
                wanted=wanted.label,
            )
        )


def check_edit(now: QuestionState) -> None:
    """What the other side has read stays as it was put; raises Refusal for that."""
    if now is not QuestionState.DRAFT:
        raise Refusal(_("出した疑義の内容は直せません。取り下げてから、あらためて出してください。"))


def check_open(now: QuestionState) -> None:
    """Whether views and consultations may still come; raises Refusal where not."""
    if now not in OPEN:
        raise Refusal(
            _("この疑義は「%(now)s」です。考えや協議は、協議の間に入れてください。", now=now.label)
        )


def check_offered(seeing: Collection[int], sisters: Collection[int]) -> None:
    """Sister agreements are those in force of other partners; raises Refusal for another."""
    if not set(sisters) <= set(seeing):
        raise Refusal(
            _("同じ扱いをお願いできるのは、ほかの町村との協約だけです。"), field="sisters"
        )


def state_when_open(now: QuestionState, views: int, is_consulted: bool) -> QuestionState:
    """受付 until both sides have written or have consulted; from then on 協議中."""
    if now is QuestionState.RECEIVED and (views == 2 or is_consulted):
        return QuestionState.CONSULTING
    return now


def check_settle(now: QuestionState, silent: Sequence[str], is_consulted: bool) -> None:
    """Whether a text may be put to both sides; `silent` are the sides that have not written.

    Raises Refusal for one of them, without a consultation (Article 6), and for a closed question.
    """
    if now in OPEN:
        if silent:
            raise Refusal(
                _(
                    "%(sides)sの考えが、まだ入っていません。双方の考えがそろってから、"
                    "定める内容の案を送ってください。",
                    sides="・".join(silent),
                )
            )
        if not is_consulted:
            raise Refusal(_("協議の記録を1件以上入れてください（協約第6条）。"))
    check_step(now, QuestionState.AWAITING)


def check_strike(now: QuestionState, left: int) -> None:
    """A consultation recorded by mistake goes, but never the last one that a text rests on.

    `left` counts the others.  Raises Refusal for that, and for a closed question.
    """
    check_open(now)
    if now in ASKED and not left:
        raise Refusal(
            _(
                "定める内容の案は、この協議をもとにしています（協約第6条）。"
                "正しい協議の記録を加えてから、取り消してください。"
            )
        )


def state(parties: Collection[int], replies: Mapping[int, Decision]) -> QuestionState:
    """What the words of both sides (ids) make of a text put to them; silence is no word."""
    given = {replies.get(side) for side in parties}
    if Decision.RETURNED in given:
        return QuestionState.RETURNED
    return QuestionState.SETTLED if given == {Decision.CONFIRMED} else QuestionState.AWAITING


def check_confirm(
    now: QuestionState,
    parties: Collection[int],
    replies: Mapping[int, Decision],
    municipality: int,
    *,
    is_drafter: bool,
) -> None:
    """Raises Refusal for a question not waiting, a drafter, an outsider (id), a second time."""
    _check_reply(now, parties, municipality, is_drafter)
    if replies.get(municipality) is Decision.CONFIRMED:
        raise Refusal(_("すでに確認済みです。もう一度確認していただく必要はありません。"))


def check_return(
    now: QuestionState,
    parties: Collection[int],
    municipality: int,
    opinion: str,
    *,
    is_drafter: bool,
) -> None:
    """The same for an opinion; also raises Refusal for one without words."""
    _check_reply(now, parties, municipality, is_drafter)
    if not opinion.strip():
        raise Refusal(
            _("意見を入力してください。直してほしい所を書いてください。"), field="opinion"
        )


def _check_reply(
    now: QuestionState, parties: Collection[int], municipality: int, is_drafter: bool
) -> None:
    if now not in ASKED:
        raise Refusal(
            _(
                "この疑義は「%(now)s」です。確認や意見は「確認待ち」の間に入れてください。",
                now=now.label,
            )
        )
    if municipality not in parties:
        raise Refusal(_("この協約の当事者ではありません。確認は協約の双方が行います。"))
    if is_drafter:
        raise Refusal(
            _("ご自分が作った案は確認できません。同じ市町村のほかの確認者にお願いしてください。")
        )


def check_sister(now: QuestionState, is_offered: bool, said: SisterWord | None) -> None:
    """Whether a partner may say how its own agreement is treated.

    Raises Refusal before the question is settled, for a partner that was not asked, and once it has
    said 同じ扱いとする: from then on both rest on that.
    """
    if now is not QuestionState.SETTLED or not is_offered:
        raise Refusal(_("この疑義について、同じ扱いをお願いされていません。"))
    if said is SisterWord.SAME:
        raise Refusal(
            _("すでに「同じ扱いとする」と答えています。変えるときは、新しい疑義を出してください。")
        )


def answer_due(today: date) -> date:
    """The day proposed for answers: ten office days from today."""
    return office_days.add(today, ANSWER_OFFICE_DAYS)


class QuestionPlace(NamedTuple):
    """What part of an agreement a question is about: 条, 項, or a measure of its annex (id)."""

    article: int | None = None
    paragraph: int | None = None
    measure_id: int | None = None

    @property
    def value(self) -> str:
        """As a choice of a form: "4-2", "m12", "" for the whole agreement."""
        if self.measure_id:
            return f"m{self.measure_id}"
        return "-".join(str(one) for one in (self.article, self.paragraph) if one)

    def label(self, measure: str = "") -> str:
        """第4条第2項, 別表「地域医療」, 協約全体; `measure` is the title of the measure."""
        if self.measure_id:
            return _("別表「%(measure)s」", measure=measure)
        if not self.article:
            return _("協約全体")
        if not self.paragraph:
            return _("第%(article)s条", article=self.article)
        return _("第%(article)s条第%(paragraph)s項", article=self.article, paragraph=self.paragraph)
