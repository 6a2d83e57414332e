"""The pages of the feature, gathered from its inner rooms."""

from tracker.overview.blueprint import bp
from tracker.overview.calendar import views as calendar
from tracker.overview.home import views as home
from tracker.overview.measures import views as measures

__all__ = ["bp", "calendar", "home", "measures"]
