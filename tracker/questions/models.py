"""Questions, both sides' views, consultations, texts to settle them, and everybody's own word."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.cost_sharing.rules import Decision
from tracker.plumbing.db import PRIVATE, Example, Model, UtcDateTime, Versioned, words
from tracker.questions.rules import QuestionNumber, QuestionPlace, QuestionState, SisterWord
from tracker.struck.models import Struck


class QuestionRow(Versioned, Example, Model):
    """疑義: what is in doubt about one agreement (Article 6); what was put is not changed any more."""

    __tablename__ = "question"
    __table_args__ = (UniqueConstraint("fiscal_year", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    fiscal_year: Mapped[int]
    number: Mapped[int]
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"), index=True)
    # All three empty: the agreement as a whole.
    article: Mapped[int | None]
    paragraph: Mapped[int | None]
    measure_id: Mapped[int | None] = mapped_column(ForeignKey("measure.id"))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cost_case.id"), index=True)
    title: Mapped[str] = mapped_column(String(150), info=PRIVATE)
    doubt: Mapped[str] = mapped_column(Text, info=PRIVATE)
    state: Mapped[QuestionState] = mapped_column(words(QuestionState))
    # The side that asks.
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    person_name: Mapped[str] = mapped_column(String(200))
    answer_due_on: Mapped[date | None]
    put_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def no(self) -> QuestionNumber:
        """2026-01 in addresses, 第8-01号 on paper."""
        return QuestionNumber(self.fiscal_year, self.number)

    @property
    def named(self) -> str:
        """「疑義 第8-01号」, for the record, which must not tell what a draft is about."""
        return f"疑義 {self.no.label}"

    @property
    def place(self) -> QuestionPlace:
        """What part of the agreement it is about."""
        return QuestionPlace(self.article, self.paragraph, self.measure_id)


class QuestionView(Versioned, Model):
    """What one side thinks; only its own people write it."""

    __tablename__ = "question_view"

    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), primary_key=True)
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"), primary_key=True)
    text: Mapped[str] = mapped_column(Text, info=PRIVATE)
    written_by: Mapped[str] = mapped_column(String(200))
    written_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)


class QuestionConsultation(Struck, Model):
    """協議の記録: 甲及び乙が協議の上、定める."""

    __tablename__ = "question_consultation"

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), index=True)
    consulted_on: Mapped[date]
    place: Mapped[str] = mapped_column(String(200))
    participants: Mapped[str] = mapped_column(String(300))
    gist: Mapped[str] = mapped_column(Text, info=PRIVATE)
    recorded_by: Mapped[str] = mapped_column(String(200))
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SettlementText(Model):
    """定める内容 as put to both sides; another text is another revision, and the last one counts."""

    __tablename__ = "question_settlement"

    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(Text, info=PRIVATE)
    reply_due_on: Mapped[date]
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    person_name: Mapped[str] = mapped_column(String(200))
    drafted_at: Mapped[datetime] = mapped_column(UtcDateTime)


class QuestionOffer(Model):
    """A sister agreement to which a text shall be offered; both sides confirm that with the text."""

    __tablename__ = "question_offer"

    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"), primary_key=True)


class SettlementReply(Model):
    """One side's word on one revision of the text; the newest counts."""

    __tablename__ = "question_reply"
    __table_args__ = (Index(None, "question_id", "revision"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"))
    revision: Mapped[int]
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"))
    decision: Mapped[Decision] = mapped_column(words(Decision))
    # What its author was shown (`AgreementQuestion.shown`); empty: written before it was kept.
    mark: Mapped[str | None] = mapped_column(String(64))
    opinion: Mapped[str | None] = mapped_column(Text, info=PRIVATE)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    person_name: Mapped[str] = mapped_column(String(200))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SisterReply(Model):
    """A partner's own word on whether its agreement is treated likewise; the newest counts."""

    __tablename__ = "sister_reply"

    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("question.id"), index=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"))
    word: Mapped[SisterWord] = mapped_column(words(SisterWord))
    comment: Mapped[str | None] = mapped_column(Text, info=PRIVATE)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    person_name: Mapped[str] = mapped_column(String(200))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
