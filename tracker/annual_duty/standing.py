"""How the agreements stand with Article 5, in one fiscal year and in all of them; pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tracker.annual_duty.rules import FULFILLED, overall, overall_label
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.translation import _
from tracker.meetings.meeting import Meeting
from tracker.meetings.rules import Standing
from tracker.municipalities.rules import Town


class PartyView(NamedTuple):
    """How one party of an agreement regards the meeting."""

    is_held: bool
    version: int

    @property
    def seen(self) -> str:
        """What a form carries of it (`Versioned.seen`)."""
        return str(self.version)


class AgreementStanding(NamedTuple):
    """How one agreement stands with Article 5 in a year: its parties, the hub first.

    `needs_views`: a deputy or an empty seat leaves it to the parties' `views`, by slug.
    """

    agreement_id: int
    parties: tuple[Town, ...]
    standing: Standing
    views: Mapping[str, PartyView]
    needs_views: bool

    @property
    def label(self) -> str:
        """「青森市・今別町」."""
        return "・".join(party.name for party in self.parties)

    @property
    def silent(self) -> tuple[str, ...]:
        """The parties (slugs) that still owe their view."""
        if not self.needs_views:
            return ()
        return tuple(party.slug for party in self.parties if party.slug not in self.views)


class ArticleFive(NamedTuple):
    """Article 5 in one fiscal year: its meeting, prepared or not, and how the agreements stand."""

    year: FiscalYear
    meeting: Meeting | None
    agreements: tuple[AgreementStanding, ...]

    @property
    def path(self) -> str:
        """Where people see to it."""
        return self.meeting.path if self.meeting else "/meetings"

    @property
    def standing(self) -> Standing:
        """How it stands as a whole: as the agreement that has come least far."""
        return overall(one.standing for one in self.agreements)

    @property
    def label(self) -> str:
        """The same in words (`rules.overall_label`)."""
        return overall_label([one.standing for one in self.agreements])

    @property
    def first_left(self) -> Standing | None:
        """How the first agreement stands for which it is not done."""
        return next(
            (one.standing for one in self.agreements if one.standing not in FULFILLED), None
        )

    @property
    def fulfilled(self) -> int:
        """For how many agreements it is done."""
        return sum(one.standing in FULFILLED for one in self.agreements)

    @property
    def is_owed(self) -> bool:
        """Whether a meeting that was fixed is still to be recorded, or to be held for somebody."""
        if self.meeting is None or self.meeting.hours is None:
            return False
        return self.meeting.attendance_at is None or self.fulfilled < len(self.agreements)


class AgreementYear(NamedTuple):
    """How one agreement stood with Article 5 in a fiscal year, and what is to be known of it."""

    year: FiscalYear
    standing: Standing
    of: AgreementStanding
    meeting: Meeting | None
    note: str

    @property
    def attended(self) -> tuple[str, ...]:
        """Who came for each party: 「今別町 代理（副町長）」; empty before it is recorded."""
        if self.meeting is None or not self.meeting.attendance_at:
            return ()
        seats = [(one, self.meeting.seat_of(one.slug)) for one in self.of.parties]
        return tuple(f"{town.name} {seat.attended}" for town, seat in seats if seat)

    @property
    def views(self) -> tuple[str, ...]:
        """How each party regards a deputy's attendance: 「今別町 開催と見る」."""
        if not self.of.needs_views:
            return ()
        words = {True: _("開催と見る"), False: _("開催とは見ない"), None: _("未記録")}
        given = {slug: view.is_held for slug, view in self.of.views.items()}
        return tuple(f"{one.name} {words[given.get(one.slug)]}" for one in self.of.parties)


def agreement_years(
    agreement_id: int, articles: Iterable[ArticleFive], called_off: Iterable[Meeting]
) -> list[AgreementYear]:
    """The agreement in each of the years in which it asked for a meeting, the newest first.

    A year that ended without a meeting before the first one here was never kept: whether it was
    held, nobody can say from what stands here.
    """
    of_all = sorted(articles, key=lambda one: one.year)
    off = list(called_off)
    kept_from = min(
        (one.year for one in (*(a.meeting for a in of_all if a.meeting), *off)), default=None
    )
    found = []
    for article in of_all:
        for one in article.agreements:
            if one.agreement_id != agreement_id:
                continue
            is_kept = kept_from is not None and article.year >= kept_from
            is_missed = one.standing is Standing.MISSED
            standing = Standing.UNRECORDED if is_missed and not is_kept else one.standing
            gone = [each for each in off if each.year == article.year and each.is_yearly]
            note = _note(one, article, gone)
            found.append(AgreementYear(article.year, standing, one, article.meeting, note))
    return found[::-1]


def _note(one: AgreementStanding, article: ArticleFive, gone: Sequence[Meeting]) -> str:
    meeting = article.meeting
    if meeting is None:
        return _("取りやめ：%(why)s", why=gone[0].cancelled_reason) if gone else ""
    if meeting.fixed_on and meeting.fixed_on not in article.year:
        day = wareki.long(meeting.fixed_on)
        return _("開催日（%(day)s）が年度の外にあるため、数えません。", day=day)
    if meeting.source:
        return _("以前の記録から：%(source)s", source=meeting.source)
    if one.needs_views and one.standing not in FULFILLED:
        return _("代理または欠席。双方がそろって開催と見ていません。")
    if one.standing is Standing.HELD:
        return _("議事録は確定していません。")
    return ""
