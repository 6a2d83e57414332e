"""Who may say what about a case that was sent, and what the answers make of it."""

from collections.abc import Collection, Iterable, Sequence

from tracker.cost_sharing.rules import ASKED, Answers, CaseState, Decision, Pair
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _


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


def shown(revision: int, struck: Iterable[int]) -> str:
    """What a page of confirmation shows: the revision of the amounts, and which of the base figures
    (ids of their series) it says are struck: 「3」, 「3-12.14」.
    """
    return "-".join(filter(None, (str(revision), ".".join(map(str, sorted(struck))))))


def read_shown(seen: str | None) -> tuple[str | None, Collection[str]]:
    """The same read again, as text, whoever sent it."""
    if seen is None:
        return None, ()
    revision, _dash, ids = seen.partition("-")
    return revision, ids.split(".")
