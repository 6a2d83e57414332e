"""What Article 6 asks: to answer a question, to put a text to both, to confirm it, to say how a sister
agreement is treated.
"""

from collections.abc import Iterable
from datetime import date, datetime

from tracker.cost_sharing.rules import Decision
from tracker.duty.duty import CHECK_WITHIN_OFFICE_DAYS, Duty
from tracker.duty.kinds import Kind
from tracker.kernel import tokyo
from tracker.kernel.translation import _
from tracker.municipalities.rules import Members, Town
from tracker.office_days import office_days
from tracker.questions.question import AgreementQuestion
from tracker.questions.rules import ASKED, OPEN, QuestionState, answer_due


def duties(questions: Iterable[AgreementQuestion], members: Members, today: date) -> Iterable[Duty]:
    """The next step of each question, and each side's own word; a draft and what is closed ask nothing."""
    for question in questions:
        if question.state in OPEN:
            yield from _to_answer(question, members, today)
        if question.state in (QuestionState.CONSULTING, QuestionState.RETURNED):
            yield from _to_settle(question, members, today)
        if question.state in ASKED:
            yield from _to_confirm(question, members, today)
        if question.state is QuestionState.SETTLED:
            yield from _to_apply(question, members)


def _duty(
    kind: Kind,
    question: AgreementQuestion,
    town: Town,
    members: Members,
    due_on: date,
    url: str,
    name: str,
    text: str,
    *,
    known_since: datetime | None,
    remaining: int = 1,
) -> Duty:
    return Duty(
        kind,
        members.party(town.slug, question.partner.slug),
        key=f"{kind}:{question.no.path}:{question.revision}:{town.slug}",
        due_on=due_on,
        url=url,
        name=name,
        text=f"{question.place_label}　{question.title}　{text}",
        remaining=remaining,
        known_since=known_since,
    )


def _to_answer(question: AgreementQuestion, members: Members, today: date) -> Iterable[Duty]:
    """Each side writes what it thinks, by the day that the question named."""
    for side in question.silent:
        yield _duty(
            Kind.QUESTION_OPEN,
            question,
            side,
            members,
            question.answer_due_on or today,
            f"{question.no.path}/view",
            question.label,
            _("%(side)sの考えを書きます（協約第6条）。", side=side.name),
            known_since=question.put_at,
        )


def _to_settle(question: AgreementQuestion, members: Members, today: date) -> Iterable[Duty]:
    """The hub's office drafts the text; one that came back is its drafters' to mend."""
    if question.silent:
        return
    at = question.returned_at
    due_on = (
        office_days.add(tokyo.day(at), CHECK_WITHIN_OFFICE_DAYS)
        if at
        else answer_due(question.answer_due_on or today)
    )
    yield _duty(
        Kind.QUESTION_UNSETTLED,
        question,
        (question.drafted_by if at else None) or question.hub,
        members,
        due_on,
        question.no.path,
        _("%(question)sについて定める内容", question=question.label),
        _("意見が届いています。協議して、案を直します（協約第6条）。")
        if at
        else _("協議して、定める内容の案を双方に送ります（協約第6条）。"),
        known_since=at or max((view.at for view in question.views.values()), default=None),
    )


def _to_confirm(question: AgreementQuestion, members: Members, today: date) -> Iterable[Duty]:
    """Each side confirms the text; one that has returned it has answered."""
    for side in question.parties:
        word = question.words.get(side)
        if word is None or word.decision is Decision.CONFIRMED:
            yield _duty(
                Kind.QUESTION_UNCONFIRMED,
                question,
                side,
                members,
                question.reply_due_on or today,
                f"{question.no.path}/confirm",
                _("%(question)sについて定める内容", question=question.label),
                _("双方の確認がそろうと定まります（協約第6条）。"),
                remaining=int(word is None),
                known_since=question.drafted_at,
            )


def _to_apply(question: AgreementQuestion, members: Members) -> Iterable[Duty]:
    """Each partner it is offered to says its own word."""
    if question.settled_at is None:
        return
    for one in question.sisters:
        yield _duty(
            Kind.QUESTION_UNCONFIRMED,
            question,
            one.town,
            members,
            answer_due(tokyo.day(question.settled_at)),
            f"{question.no.path}/apply",
            _("%(question)sと同じ扱いにするか", question=question.label),
            _("自分の協約でも同じ扱いとするかを答えます（協約第6条）。"),
            remaining=int(one.word is None),
            known_since=question.settled_at,
        )
