"""Reads second factors."""

from sqlalchemy import func, select

from tracker.accounts.models import SecondFactor
from tracker.plumbing.db import db
from tracker.sign_in.models import RecoveryCode


def second_factor(person_id: int) -> SecondFactor | None:
    """Somebody's second factor, where the password is not enough."""
    return db.session.get(SecondFactor, person_id)


def recovery_codes_left(person_id: int) -> int:
    """How many recovery codes somebody has not used yet."""
    own = select(func.count()).where(RecoveryCode.person_id == person_id)
    return db.session.scalar(own.where(RecoveryCode.used_at.is_(None))) or 0
