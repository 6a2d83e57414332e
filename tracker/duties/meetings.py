"""What Article 5 asks: the duties of the yearly meeting, stage by stage."""

from collections.abc import Iterable
from datetime import date, timedelta

from tracker.duties.duty import CHECK_WITHIN_OFFICE_DAYS, Duty, Facts, Kind
from tracker.kernel import office_days, wareki
from tracker.kernel.asked import some
from tracker.kernel.permissions import Role
from tracker.meetings.rules import FULFILLED, MeetingFact, Standing

NOTICE_BEFORE = timedelta(days=14)


def polls(facts: Facts) -> Iterable[Duty]:
    """Art. 5: each head's office says when the head can come."""
    for fact in facts.invitations:
        head = f"{fact.municipality}長"
        n = len(fact.candidates)
        yield Duty(
            key=f"poll_unanswered:{fact.meeting_path}:{fact.municipality_slug}",
            kind=Kind.POLL_UNANSWERED,
            municipality=fact.municipality_slug,
            agreement=facts.partners.get(fact.municipality_slug),
            to_role="secretary",
            to_post_id=fact.post_id,
            shown_to=frozenset({Role.OFFICER, Role.OFFICE}),
            due_on=fact.due_on,
            is_done=fact.answered,
            url=f"{fact.meeting_path}/answers/{fact.municipality_slug}",
            letter_url=fact.answer_path or fact.meeting_path,
            remaining=0 if fact.answered else n,
            title=f"{head}のご予定を回答する",
            text=(
                f"市町村長会議（協約第5条）の候補日{n}つに、○・△・× で答えます。"
                "秘書にも案内済みです。"
            ),
            action="回答する",
            subject="市町村長会議の日程の御回答",
            listed=tuple(one.label for one in fact.candidates),
            known_since=fact.asked_at,
        )


def stages(facts: Facts, today: date) -> Iterable[Duty]:
    """The office's next step with each year's meeting, and the duty itself."""
    for fact in facts.meetings:
        yield _unheld(facts, fact)
        answered = [one for one in facts.invitations if one.meeting_path == fact.path]
        count = sum(one.answered for one in answered)
        name = f"{fact.fiscal_year.label}の市町村長会議"
        if fact.poll_reply_due_on and not fact.fixed_on:
            yield _office_duty(
                facts,
                Kind.MEETING_UNDATED,
                fact,
                fact.poll_reply_due_on,
                "市町村長会議の日程を決める",
                f"{len(answered)}市町村のうち{count}市町村が回答済みです。",
                "日程調整を開く",
            )
        if fact.fixed_on and not (fact.noticed or fact.attendance_recorded):
            yield _office_duty(
                facts,
                Kind.NOTICE_UNSENT,
                fact,
                office_days.on_or_before(fact.fixed_on - NOTICE_BEFORE),
                "市町村長会議の開催案内を送る",
                f"{name}は{wareki.short(fact.fixed_on)}に決まりました。",
                "案内を作る",
            )
        if fact.fixed_on and fact.fixed_on <= today and not fact.attendance_recorded:
            yield _office_duty(
                facts,
                Kind.ATTENDANCE_UNRECORDED,
                fact,
                office_days.add(fact.fixed_on, CHECK_WITHIN_OFFICE_DAYS),
                "市町村長会議の出席を記録する",
                f"{wareki.short(fact.fixed_on)}の出席（本人・代理・欠席）を記録します。",
                "記録する",
            )


def views(facts: Facts) -> Iterable[Duty]:
    """Art. 5: a deputy completes nothing by itself; both parties say how they regard it."""
    for fact in facts.meetings:
        for slug in (facts.hub, *facts.partners):
            asked = [one.agreement for one in fact.agreements if slug in one.silent]
            if not asked or fact.fixed_on is None:
                continue
            by_hub = slug == facts.hub
            roles = {Role.OFFICE} if by_hub else {Role.OFFICER}
            yield Duty(
                key=f"view_unrecorded:{fact.path}:{slug}",
                kind=Kind.VIEW_UNRECORDED,
                municipality=slug,
                agreement=facts.partners.get(slug),
                to_role="office" if by_hub else "officer",
                shown_to=frozenset({*roles, Role.CONFIRMER}),
                due_on=office_days.add(fact.fixed_on, 2 * CHECK_WITHIN_OFFICE_DAYS),
                is_done=False,
                url=fact.path,
                remaining=len(asked),
                title="市町村長会議をどう扱うかを記録する",
                text=f"代理出席などがあったため、{some(asked)}について、双方の見方を記録します。",
                action="記録する",
                subject="市町村長会議の扱いの記録",
                known_since=fact.attendance_at,
            )


def _unheld(facts: Facts, fact: MeetingFact) -> Duty:
    """Art. 5: every fiscal year the heads meet; due 31 March, per agreement."""
    open_ones = [one for one in fact.agreements if one.standing not in FULFILLED]
    planned = any(one.standing is not Standing.NONE for one in fact.agreements)
    stage = open_ones[0].standing.label if open_ones else ""
    return Duty(
        key=f"meeting_unheld:{fact.fiscal_year.year}",
        kind=Kind.MEETING_UNHELD if planned else Kind.MEETING_UNPLANNED,
        municipality=facts.hub,
        to_role="office",
        # Once it is being prepared, the next step stands on the home page instead.
        shown_to=frozenset() if planned else frozenset({Role.OFFICE}),
        due_on=fact.fiscal_year.ends,
        is_done=not open_ones,
        url=fact.path if planned else f"/meetings/new?fy={fact.fiscal_year.year}",
        remaining=len(open_ones),
        total=len(fact.agreements),
        title=f"{fact.fiscal_year.label}の市町村長会議を準備する",
        text=(
            f"協約第5条の会議です。{len(fact.agreements)}本の協約のうち、"
            f"{len(open_ones)}本が{stage}です。"
        ),
        action="準備する",
        subject=f"{fact.fiscal_year.label}の市町村長会議",
    )


def _office_duty(
    facts: Facts, kind: Kind, fact: MeetingFact, due_on: date, title: str, text: str, action: str
) -> Duty:
    return Duty(
        key=f"{kind}:{fact.path}",
        kind=kind,
        municipality=facts.hub,
        to_role="office",
        shown_to=frozenset({Role.OFFICE}),
        due_on=due_on,
        is_done=False,
        url=fact.path,
        remaining=1,
        title=title,
        text=text,
        action=action,
        subject=title,
        known_since=fact.fixed_at or fact.polled_at,
    )
