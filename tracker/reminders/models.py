"""What somebody changed on the page 送る日; the defaults stand in rules."""

from datetime import time

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from tracker.kernel.duty import Kind
from tracker.plumbing.db import Model, Versioned, words


class StepRule(Versioned, Model):
    """The schedule of one kind where it differs from the default."""

    __tablename__ = "step_rule"
    subject_kind = "schedule"

    kind: Mapped[Kind] = mapped_column(words(Kind), primary_key=True)
    is_on: Mapped[bool]
    hour: Mapped[time]
    # Offset, unit and whom: [[-14, "days"], [3, "office_days", "chief"]]; whom: owner unless said.
    steps: Mapped[list[tuple[int, str, str]]] = mapped_column(JSON)
