"""The pages of the feature, gathered from its inner rooms."""

from tracker.record.blueprint import bp
from tracker.record.reading import views as reading

__all__ = ["bp", "reading"]
