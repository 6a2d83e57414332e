"""The pages of the feature, gathered from its inner rooms."""

from tracker.overview.blueprint import bp
from tracker.overview.calendar import views as calendar
from tracker.overview.home import views as home
from tracker.overview.measures import views as measures
from tracker.overview.record.reading import views as record

__all__ = ["bp", "calendar", "home", "measures", "record"]
