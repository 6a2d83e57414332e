"""One instalment as pages, papers and duties read it; pure."""

from dataclasses import dataclass
from datetime import date, datetime

from tracker.cost_sharing.rules import CaseNumber
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.translation import _
from tracker.municipalities.rules import Town
from tracker.payments.rules import PaymentState, moved_words, year_words


@dataclass(frozen=True)
class Instalment:
    """What one municipality pays the lead by a day, or (`is_refund`) gets back from it.

    town: the municipality beside the lead.  count: how many instalments its plan has.  received_yen:
    of `yen`, what the payee has recorded so far, on `received_on` the last of it.  stated_on: the day
    on which the payer says it paid.  is_replaced: another case took the place of this one's.
    lead_post_id: the section that leads the project.  agreed_at: the case, by all.
    """

    id: int
    seen: str
    no: CaseNumber
    title: str
    project: str
    lead: Town
    town: Town
    number: int
    count: int
    is_refund: bool
    yen: int
    wanted_on: date
    due_on: date
    notice_no: str
    noticed_on: date | None
    bill_no: str
    billed_on: date | None
    stated_on: date | None
    stated_by: str
    received_yen: int
    received_on: date | None
    is_replaced: bool
    lead_post_id: int | None
    agreed_at: datetime | None

    @property
    def year(self) -> FiscalYear:
        """The fiscal year it is paid for, whatever day it is paid."""
        return self.no.year

    @property
    def payer(self) -> Town:
        """Who pays."""
        return self.lead if self.is_refund else self.town

    @property
    def payee(self) -> Town:
        """Who is paid."""
        return self.town if self.is_refund else self.lead

    @property
    def left_yen(self) -> int:
        """What is still to be received."""
        return self.yen - self.received_yen

    @property
    def is_open(self) -> bool:
        """Whether it is still waited for."""
        return self.left_yen > 0 and not self.is_replaced

    @property
    def is_marked(self) -> bool:
        """Whether anybody was told of it, or it was paid."""
        return bool(self.noticed_on or self.billed_on or self.stated_on or self.received_yen)

    @property
    def part_words(self) -> str:
        """「第2回」, 「全額」 where it is the only one, 「還付」."""
        if self.is_refund:
            return _("還付")
        return _("第%(number)s回", number=self.number) if self.count > 1 else _("全額")

    @property
    def moved_words(self) -> str:
        """Why its day is not the one wanted; nothing where it is."""
        return moved_words(self.wanted_on, self.due_on)

    @property
    def year_words(self) -> str:
        """「令和8年度分（納期限 令和9年4月1日）」."""
        return year_words(self.year, self.due_on)

    @property
    def path(self) -> str:
        """The address of its record."""
        return f"{self.no.path}/payments/{self.number}/{self.town.slug}"

    def state(self, today: date) -> PaymentState:
        """Where it stands on that day."""
        if not self.left_yen:
            return PaymentState.RECEIVED
        if self.is_replaced:
            return PaymentState.REPLACED
        if self.stated_on:
            return PaymentState.STATED
        if self.due_on < today:
            return PaymentState.LATE
        return PaymentState.NOTICED if self.noticed_on or self.billed_on else PaymentState.PLANNED
