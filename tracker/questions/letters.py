"""The letters of a question: asked (M18), a text to confirm, returned, settled (M19), offered."""

from collections.abc import Iterable
from datetime import date, datetime

from tracker.accounts import queries as accounts
from tracker.accounts.models import PostKind
from tracker.cost_sharing.cases.letters import confirmers
from tracker.kernel import tokyo, wareki
from tracker.mail import letters
from tracker.mail.letters import Recipient
from tracker.municipalities.rules import Town
from tracker.questions.question import AgreementQuestion
from tracker.questions.rules import answer_due


def _contacts(towns: Iterable[Town]) -> list[Recipient]:
    """Whoever looks after the agreement: a town's officer, the hub's office."""
    found = []
    for town in towns:
        kind = PostKind.OFFICE if town.is_hub else PostKind.OFFICER
        found += accounts.recipients(kind, municipality_ids=[town.id]).get(town.id, [])
    return found


def put_question(question: AgreementQuestion, *, at: datetime) -> None:
    """M18 to the side that is asked."""
    values = {**_subject(question), **_due(question.answer_due_on), "内容": question.doubt}
    for to in _contacts([question.other]):
        cause = f"question_request:{question.id}"
        letters.put(
            "question_request", to, values, cause=cause, at=at, link=f"{question.no.path}/view"
        )


def put_text(question: AgreementQuestion, *, at: datetime) -> None:
    """M19b to whoever confirms for the two sides; Refusal where nobody does."""
    values = {
        **_subject(question),
        **_due(question.reply_due_on),
        "内容": question.text,
        "町村": question.drafted_by.name if question.drafted_by else "",
    }
    for to in confirmers(question.parties):
        cause = f"question_text:{question.id}:{question.revision}"
        letters.put(
            "question_text", to, values, cause=cause, at=at, link=f"{question.no.path}/confirm"
        )


def put_returned(
    question: AgreementQuestion, town: str, opinion: str, *, cause: str, at: datetime
) -> None:
    """M19c to whoever drafted the text last, or to its side where they have left."""
    drafters = accounts.recipients_of_person(question.drafter_ids[-1])
    values = {**_subject(question), "町村": town, "意見": opinion}
    for to in drafters or _contacts([question.drafted_by or question.hub]):
        letters.put("question_returned", to, values, cause=cause, at=at, link=question.no.path)


def put_settled(question: AgreementQuestion, *, at: datetime) -> None:
    """M19 to both sides; M19d to the partners of the sister agreements, who say their own word."""
    values = {**_subject(question), "内容": question.text}
    both = [*_contacts(question.parties), *confirmers(question.parties)]
    for to in both:
        cause = f"question_settled:{question.id}"
        letters.put("question_settled", to, values, cause=cause, at=at, link=question.no.path)
    towns = [one.town for one in question.sisters]
    due = _due(answer_due(tokyo.day(at)))
    sides = {"当事者": "・".join(town.name for town in question.parties)}
    for to in confirmers(towns) if towns else ():
        cause = f"question_offered:{question.id}"
        offer = {**values, **due, **sides}
        letters.put(
            "question_offered", to, offer, cause=cause, at=at, link=f"{question.no.path}/apply"
        )


def _subject(question: AgreementQuestion) -> dict[str, str]:
    return {
        "番号": question.no.label,
        "条項": question.place_label,
        "件名": question.title,
    }


def _due(day: date | None) -> dict[str, str]:
    return {
        "期限": wareki.full(day) if day else "",
        "期限の月日": wareki.month_day(day) if day else "",
    }
