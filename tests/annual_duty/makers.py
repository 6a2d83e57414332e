"""Article 5 for the tests, without a database."""

from tests.meetings.makers import TOWNS, YEAR
from tracker.annual_duty.standing import AgreementStanding, ArticleFive
from tracker.meetings.meeting import Meeting
from tracker.meetings.rules import Standing


def make_article(*standings: Standing, meeting: Meeting | None = None) -> ArticleFive:
    """Article 5 of FY2026, with the partners' agreements standing so, in order."""
    partners = ("hiranai", "imabetsu", "yomogita", "sotogahama")
    return ArticleFive(
        YEAR,
        meeting,
        tuple(
            AgreementStanding(n, (TOWNS["aomori"], TOWNS[slug]), standing, {}, False)
            for n, (slug, standing) in enumerate(zip(partners, standings, strict=False), 1)
        ),
    )
