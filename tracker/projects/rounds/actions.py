"""Opens a reporting round, moves its due day, closes it and opens it again."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, exists, select

from tracker.kernel import wareki
from tracker.kernel.fiscal_year import Period
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.municipalities import queries as areas
from tracker.plumbing.changes import Act
from tracker.plumbing.db import Model, db
from tracker.projects import queries
from tracker.projects.models import (
    Participation,
    Project,
    ProjectYear,
    ReportingRound,
    RoundPart,
)
from tracker.projects.rounds import letters
from tracker.projects.rounds.rules import Telling, check_round, check_round_due
from tracker.projects.rules import YearMark
from tracker.struck.models import not_struck


def open_round(act: Act, period: Period, due_on: date, covering_note: str) -> ReportingRound:
    """Asks for the reports of a period by a day, with letter M1 to everybody who writes them."""
    check_round(
        period,
        due_on,
        today=act.today,
        closures=_closures(due_on),
        is_open_already=find_round(period) is not None,
        asked=sum(
            one.mark is not YearMark.SKIPPED for one in queries.of_year(period.fiscal_year, None)
        ),
    )
    opened = ReportingRound(
        fiscal_year=period.year,
        half=period.half,
        due_on=due_on,
        covering_note=covering_note.strip(),
        opened_at=act.at,
    )
    with act.change("round.opened", opened, "") as entry:
        db.session.add(opened)
        db.session.flush()
        ask(opened)
        asked = queries.asked_of(period)
        sent = letters.put_requests(opened, asked, at=act.at)
        entry.sentence = (
            f"{period.label}の進捗報告を{sent}件の宛先にお願いしました"
            f"（期限 {wareki.long(due_on)}）。"
        )
        entry.told["reports"] = len(asked)
    return opened


def _closures(day: date) -> frozenset[date]:
    return areas.closures(day, day)[areas.hub().slug]


def ask(opened: ReportingRound) -> None:
    """Puts down what a round asks: the parts of its year as they are now, but for years called off.

    What it asks already, or no longer, is left alone.
    """
    _add_parts(opened, _unasked(opened))


def take_in(act: Act, period: Period, project: Project, seen: str | None = None) -> int:
    """The round asks a project's municipalities it did not ask before, by letter M1d.

    Returns how many letters. Raises Refusal for a closed round and where all are asked already,
    Conflict where the project was changed since `seen`.
    """
    found = _locked(act, period, None, (project, seen), is_closed=False)
    missing = _unasked(found, ProjectYear.project_id == project.id)
    ids = [town_id for _project, town_id in missing]
    names = "・".join(town.name for town in areas.towns() if town.id in ids)
    if not ids:
        raise Refusal(_("「%(project)s」は、すでにこの回に入っています。", project=project.name))
    said = f"{period.label}の進捗報告に、「{project.name}」（{names}）を加えました。"
    with act.change("round.asked_more", found, said) as entry:
        _add_parts(found, missing)
        asked = [one for one in queries.asked_of(period) if one.project_id == project.id]
        sent = letters.put_added(found, [one for one in asked if one.town.id in ids], at=act.at)
        entry.told["letters"] = sent
    return sent


def _unasked(opened: ReportingRound, *where: ColumnElement[bool]) -> Sequence[tuple[int, int]]:
    there = exists().where(
        RoundPart.round_id == opened.id,
        RoundPart.project_id == ProjectYear.project_id,
        RoundPart.municipality_id == Participation.municipality_id,
    )
    missing = db.session.execute(
        select(ProjectYear.project_id, Participation.municipality_id)
        .join(Project, Project.id == ProjectYear.project_id)
        .join(Participation, Participation.project_year_id == ProjectYear.id)
        .where(
            not_struck(Project),
            ProjectYear.fiscal_year == opened.fiscal_year,
            ProjectYear.mark.is_distinct_from(YearMark.SKIPPED),
            ~there,
            *where,
        )
    )
    return [(project_id, town_id) for project_id, town_id in missing]


def _add_parts(opened: ReportingRound, parts: Sequence[tuple[int, int]]) -> None:
    db.session.add_all(
        RoundPart(round_id=opened.id, project_id=project_id, municipality_id=town_id)
        for project_id, town_id in parts
    )
    db.session.flush()


def find_round(period: Period) -> ReportingRound | None:
    """The round of a period, or None."""
    return db.session.scalar(
        select(ReportingRound).where(
            ReportingRound.fiscal_year == period.year, ReportingRound.half == period.half
        )
    )


def close_round(act: Act, period: Period, seen: str | None = None) -> ReportingRound:
    """Closes a round and locks its reports; what is submitted may still be confirmed."""
    found = _locked(act, period, seen, is_closed=False)
    with act.change("round.closed", found, f"{period.label}の進捗報告を締め切りました。"):
        found.closed_at = act.at
    return found


def move_due_day(
    act: Act, period: Period, due_on: date, telling: Telling, seen: str | None = None
) -> int:
    """Another due day for an open round, with letter M1b where wanted; returns how many letters.

    Duties and reminders follow: a step already reminded of comes again for the new day.
    """
    found = _locked(act, period, seen, is_closed=False)
    was = found.due_on
    check_round_due(period, due_on, today=act.today, closures=_closures(due_on), was=was)
    days = f"{wareki.long(was)}から{wareki.long(due_on)}"
    said = f"{period.label}の進捗報告の期限を、{days}に変えました。"
    with act.change("round.due_moved", found, said) as entry:
        found.due_on = due_on
        asked = queries.asked_of(period) if telling.is_wanted(was, due_on) else ()
        sent = letters.put_due_day(found, asked, was, at=act.at)
        entry.told["letters"] = sent
    return sent


def reopen_round(
    act: Act, period: Period, due_on: date, reason: str, *, telling: bool, seen: str | None = None
) -> int:
    """Takes reports again until another day, with letter M1c where wanted; returns how many letters.

    What was submitted or confirmed stays so. Those who left meanwhile are asked no longer.
    """
    found = _locked(act, period, seen, is_closed=True)
    check_round_due(period, due_on, today=act.today, closures=_closures(due_on))
    said = f"{period.label}の進捗報告を、{wareki.long(due_on)}までもう一度受け付けます。"
    with act.change("round.reopened", found, said) as entry:
        found.closed_at, found.due_on, found.reopen_reason = None, due_on, reason
        found.reopened_at, found.reopened_by = act.at, act.person.name
        found.reopened_by_id = act.person.person_id
        for part, ended in queries.round_parts(RoundPart.round_id == found.id):
            part.settle(ended, act.today)
        db.session.flush()
        left = [one for one in queries.asked_of(period) if not one.is_reported]
        sent = letters.put_reopened(found, left, at=act.at) if telling else 0
        entry.told["letters"] = sent
    return sent


def ask_again(act: Act, period: Period, seen: str | None = None) -> list[str]:
    """もう一度お願いする: letter M1e to those who have not handed in, once a day each; their names.

    Raises Refusal for a closed round, where all has come, and where all were asked today.
    """
    found = _locked(act, period, seen, is_closed=False)
    left = [one for one in queries.asked_of(period) if not one.is_reported]
    if not left:
        raise Refusal(_("%(period)sの報告は、すべて提出されています。", period=period.label))
    with act.change("round.asked_again", found, "") as entry:
        names = letters.put_again(found, left, on=act.today, at=act.at)
        if not names:
            raise Refusal(
                _("今日は、すでにお願いしています。お急ぎのときは、お電話で伺ってください。")
            )
        entry.sentence = f"{period.label}の進捗報告を{'・'.join(names)}へもう一度お願いしました。"
        entry.told["asked"] = names
    return names


def _locked(
    act: Act,
    period: Period,
    seen: str | None,
    *beside: tuple[Model, str | None],
    is_closed: bool,
) -> ReportingRound:
    found = find_round(period)
    if found is None:
        raise Refusal(_("この期間の報告のお願いは、まだ出していません。"))
    act.lock((found, seen), *beside)
    if is_closed and found.closed_at is None:
        raise Refusal(_("%(period)sの報告は、まだ受け付けています。", period=period.label))
    if not is_closed and found.closed_at is not None:
        raise Refusal(_("%(period)sの報告は、すでに締め切っています。", period=period.label))
    return found
