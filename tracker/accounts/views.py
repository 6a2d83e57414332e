"""The pages of the feature, gathered from its inner rooms."""

from tracker.accounts.blueprint import bp
from tracker.accounts.handover import views as handover
from tracker.accounts.people import views as people
from tracker.accounts.settings import views as settings

__all__ = ["bp", "handover", "people", "settings"]
