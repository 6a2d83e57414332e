"""Claims for the special grant, and the year's ceilings."""

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.plumbing.db import Model, Versioned, Yen


class GrantClaim(Versioned, Model):
    """What a municipality claims of a project's year for the special grant (特別交付税), and why.

    What it bears in all is read where it stands: its own spending and its shares of agreed cases.
    """

    __tablename__ = "grant_claim"

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True)
    fiscal_year: Mapped[int] = mapped_column(primary_key=True)
    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipality.id"), primary_key=True)
    national_yen: Mapped[int] = mapped_column(Yen)
    prefectural_yen: Mapped[int] = mapped_column(Yen)
    other_yen: Mapped[int] = mapped_column(Yen)
    claimed_yen: Mapped[int] = mapped_column(Yen)
    # Other items under which the same cost is claimed.
    claimed_under: Mapped[list[str]] = mapped_column(JSON)
    is_eligible: Mapped[bool]
    why: Mapped[str] = mapped_column(Text)
    # What the papers are called and where they lie.
    proof: Mapped[str] = mapped_column(String(300))


class GrantCap(Versioned, Model):
    """A year's ceilings of the claims for the special grant, in yen by 団体コード."""

    __tablename__ = "grant_cap"

    fiscal_year: Mapped[int] = mapped_column(primary_key=True)
    caps_yen: Mapped[dict[str, int]] = mapped_column(JSON)
