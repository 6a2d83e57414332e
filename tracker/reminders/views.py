"""The pages of the feature, gathered from its inner rooms."""

from tracker.reminders.blueprint import bp
from tracker.reminders.notices import views as notices
from tracker.reminders.schedule import views as schedule

__all__ = ["bp", "notices", "schedule"]
