"""疑義の記録: one question on one A4, from what is in doubt to what was settled (ux/spec.md 7.11)."""

from collections.abc import Sequence
from typing import NamedTuple

from tracker.agreements import queries as agreements
from tracker.cost_sharing.rules import Decision
from tracker.kernel import wareki
from tracker.municipalities.rules import Town
from tracker.papers.kinds import (
    NOT_A_SEAL,
    PDF,
    WORD,
    Block,
    Cell,
    Document,
    Grid,
    Lines,
    Pairs,
    PaperKind,
    Title,
)
from tracker.plumbing import clock
from tracker.questions import queries
from tracker.questions.models import QuestionConsultation
from tracker.questions.question import AgreementQuestion
from tracker.questions.rules import QuestionNumber, QuestionState


class QuestionPaper(NamedTuple):
    """A question with the title of its agreement and the consultations that count, oldest first."""

    question: AgreementQuestion
    agreement: str
    consultations: Sequence[QuestionConsultation]


def subject(question: AgreementQuestion) -> QuestionPaper:
    """What the paper of a question is about."""
    found = agreements.find_agreement(question.agreement_id)
    talked = [one for one in queries.consultations(question) if not one.is_struck]
    return QuestionPaper(question, found[0].title if found else "", talked[::-1])


def find(address: str) -> QuestionPaper | None:
    """By the last part of its address: 「2026-01」; none of a draft."""
    number = QuestionNumber.parse(address)
    question = queries.find(number) if number else None
    return subject(question) if question and question.put_at else None


def question_record(of: QuestionPaper) -> Document:
    """疑義の記録: what is in doubt, both views, the consultations, what was settled, and where else."""
    question = of.question
    settled = question.state is QuestionState.SETTLED
    blocks: list[Block] = [
        Pairs(_facts(of)),
        Title("1　疑義の内容"),
        Lines([question.doubt]),
        Title("2　双方の考え"),
        Pairs([[(side.name, _view(question, side))] for side in question.parties]),
        Title("3　協議の経過"),
        *_talks(of.consultations),
        Title("4　定めた内容" if settled else "4　定める内容の案"),
        Lines([question.text or "（まだありません）"]),
    ]
    if question.text:
        blocks += [_words(question), Lines([NOT_A_SEAL])]
    if question.sisters:
        blocks += [Title("5　他の協約への影響"), _sisters(question)]
    return Document(
        title="疑義の記録",
        left="連携協約第6条",
        right=question.label,
        mark="" if settled else f"案（{question.state.label}）",
        blocks=blocks,
    )


def _facts(of: QuestionPaper) -> list[list[tuple[str, Cell]]]:
    question = of.question
    put = wareki.long(question.put_on) if question.put_on else ""
    day = question.settled_at and wareki.long(clock.day(question.settled_at))
    about = "、".join(
        one for one in (question.project, question.case and question.case.label) if one
    )
    facts: list[list[tuple[str, Cell]]] = [
        [("件名", question.title)],
        [("協約", of.agreement)],
        [("条項", question.place_label), ("出した市町村", question.asked_by.name)],
        [("受付日", put), ("状況", question.state.label + (f"（{day}）" if day else ""))],
    ]
    return [*facts, [("関係する\n事業など", about)]] if about else facts


def _view(question: AgreementQuestion, side: Town) -> str:
    view = question.views.get(side)
    return view.text if view else "（まだありません）"


def _talks(consultations: Sequence[QuestionConsultation]) -> list[Block]:
    if not consultations:
        return [Lines(["（まだありません）"])]
    rows = [
        (f"{wareki.long(one.consulted_on)}\n{one.place}", one.participants, one.gist)
        for one in consultations
    ]
    return [Grid(("日・方法", "参加者", "内容"), rows, (1.4, 1.4, 3))]


def _words(question: AgreementQuestion) -> Grid:
    rows = []
    for side in question.parties:
        word = question.words.get(side)
        if word is None:
            rows.append((side.name, "確認待ち", ""))
            continue
        is_yes = word.decision is Decision.CONFIRMED
        said = f"{'確認' if is_yes else '意見あり'}（{wareki.long(clock.day(word.at))}　{word.person}）"
        rows.append((side.name, said, word.opinion or ""))
    return Grid(("市町村", "確認", "連絡事項・意見"), rows, (1, 3, 2))


def _sisters(question: AgreementQuestion) -> Grid:
    rows = [
        (
            f"{question.hub.name}・{one.town.name}",
            one.word.label if one.word else "回答待ち",
            f"{wareki.long(clock.day(one.at))}　{one.person}" if one.at else "",
            one.comment or "",
        )
        for one in question.sisters
    ]
    return Grid(("連携協約", "扱い", "回答", "連絡事項"), rows, (1.3, 1.3, 2.6, 1.8))


PAPERS = (PaperKind("question", "疑義の記録票", (PDF, WORD), question_record, find),)
