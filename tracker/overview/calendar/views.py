"""The calendar feed, behind an address that only its owner knows."""

from datetime import date, time
from urllib.parse import urlsplit

from flask import abort, current_app, request
from werkzeug.wrappers import Response

from tracker.accounts import queries as accounts
from tracker.duties import queries as duties
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Actor, Permission, allowed
from tracker.meetings import queries as meetings
from tracker.municipalities import queries as areas
from tracker.overview.blueprint import bp
from tracker.overview.calendar import queries
from tracker.overview.calendar.feed import Feed, FeedEntry, of_duty, of_meeting
from tracker.plumbing import clock
from tracker.plumbing.access import guard

# Seconds for which an answer may be used again without asking.
MAX_AGE = 600


@bp.get("/calendar/<token>.ics")
@guard(Permission.PUBLIC, link="token")
def calendar(token: str) -> Response:
    """予定表: the duties and meetings of whoever made this address (product.md 8)."""
    who = accounts.subscriber(token) or abort(404)
    today = clock.today()
    feed = Feed(
        who.name,
        areas.base_url(who.municipality),
        urlsplit(current_app.config["BASE_URL"]).hostname or "tracker.example",
        (*(of_duty(duty, today) for duty in duties.owed(who, today)), *_meetings(who, today)),
    )
    version, changed_at = queries.last_change()
    # A day that passes makes things late without anybody changing them.
    written = feed.write(max(changed_at, clock.at(today, time.min)), version)
    response = Response(written, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'inline; filename="renkei.ics"'
    response.headers["Cache-Control"] = f"private, max-age={MAX_AGE}"
    # Weak: what others changed moves the stamps, and not what this calendar says.
    response.set_etag(feed.mark, weak=True)
    response.make_conditional(request)
    return response


def _meetings(who: Actor, today: date) -> list[FeedEntry]:
    """The days on which the heads meet, this fiscal year's and those fixed early."""
    if not allowed(who, Permission.READ_AREA):
        return []
    return [
        of_meeting(one.path, one.name, one.place, one.hours)
        for one in reversed(meetings.meetings(FiscalYear.containing(today)))
        if one.hours and not one.cancelled_at
    ]
