"""Opens a date poll, takes its answers, adds dates, asks again (product.md 5)."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import select

from tracker.accounts import queries as people
from tracker.accounts.models import Post
from tracker.duty.duty import PersonalLink
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Permission, allowed
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.mail import letters as mail
from tracker.mail import links
from tracker.meetings import letters, queries
from tracker.meetings.meeting import Meeting, Seat
from tracker.meetings.models import CandidateDate, MeetingRow, MeetingSeat, PollAnswer
from tracker.meetings.poll import rules
from tracker.meetings.rules import Answer, Candidate, check_active
from tracker.municipalities import queries as areas
from tracker.municipalities.models import Area
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db


def check_new(
    year: FiscalYear,
    candidates: Sequence[Candidate],
    reply_due_on: date,
    today: date,
    *,
    is_yearly: bool = True,
) -> list[str]:
    """Whether a poll with these dates may be opened; returns what to think over before.

    Raises Refusal, also when the year's Article 5 meeting exists already: there is one a year.
    """
    if is_yearly and queries.find_meeting(year) is not None:
        raise Refusal(_("%(year)sの会議は、すでに準備が始まっています。", year=year.label))
    if not candidates:
        raise Refusal(_("候補日を1つ以上入れてください。"), field="days")
    return _warnings(candidates, reply_due_on, today, year)


def open_poll(
    act: Act,
    year: FiscalYear,
    candidates: Sequence[Candidate],
    place: str,
    reply_due_on: date,
    *,
    required: Collection[str] = (),
    is_yearly: bool = True,
    is_example: bool = False,
) -> MeetingRow:
    """Prepares a meeting of the year and asks the secretaries for dates: letters M6.

    A municipality without a secretary's mailbox has its seat too; its answer is entered by hand.
    `required`: the municipalities (slugs) whose heads have to be there (必ず出席).
    """
    area = db.session.scalars(select(Area)).one()
    # Whoever else prepares the year's meeting waits here.
    act.lock((area, None))
    check_new(year, candidates, reply_due_on, act.today, is_yearly=is_yearly)
    row = MeetingRow(
        fiscal_year=year.year,
        is_yearly=is_yearly,
        name=f"{year.label} {area.meeting_name}",
        place=place,
        reply_due_on=reply_due_on,
        polled_at=act.at,
        is_example=is_example,
    )
    with act.change("meeting.polled", row, f"{row.name}：候補日を出しました。"):
        db.session.add(row)
        db.session.flush()
        db.session.add_all(
            MeetingSeat(
                meeting_id=row.id,
                municipality_id=town.id,
                title=town.head_title,
                is_required=town.slug in required,
            )
            for town in areas.towns()
        )
        _add(act, row, candidates)
        _ask(act, row, "poll_request", f"poll:{row.id}")
    return row


def add_dates(
    act: Act,
    row: MeetingRow,
    candidates: Sequence[Candidate],
    reply_due_on: date,
    seen: str | None = None,
) -> list[str]:
    """Offers more dates, or a later deadline, before a date is fixed; returns what is warned about.

    Those who answered keep their answers; a letter tells everybody of the new dates (M6).
    """
    seats = queries.seat_rows(row)
    act.lock((row, seen), *((seat, None) for seat in seats), first=_still_on(row))
    meeting = queries.of(row)
    check_open(meeting)
    if not candidates and reply_due_on == meeting.reply_due_on:
        raise Refusal(_("加える候補日か、新しい回答期限を入れてください。"), field="days")
    existing = tuple(meeting.dates.values())
    warnings = _warnings(candidates, reply_due_on, act.today, meeting.year, existing)
    said = "候補日を加えました。" if candidates else "回答期限を改めました。"
    with act.change("meeting.dates_added", row, f"{row.name}：{said}"):
        row.reply_due_on = reply_due_on
        added = _add(act, row, candidates)
        if added:
            _ask(act, row, "poll_added", f"poll:{row.id}:added:{added[0].id}", added=candidates)
    return warnings


def require_heads(
    act: Act, row: MeetingRow, required: Collection[str], seen: str | None = None
) -> None:
    """Says anew whose heads have to be there (municipalities by slug), until a date is fixed."""
    seats = queries.seat_rows(row)
    act.lock((row, seen), *((seat, None) for seat in seats), first=_still_on(row))
    meeting = queries.of(row)
    check_open(meeting)
    wanted = {seat.id: seat.title for seat in meeting.seats if seat.slug in required}
    said = f"{'・'.join(wanted.values())}としました" if wanted else "いないことにしました"
    with act.change("meeting.heads_required", row, f"{row.name}：必ず出席いただく方を{said}。"):
        for seat in seats:
            seat.is_required = seat.id in wanted


def _warnings(
    candidates: Sequence[Candidate],
    reply_due_on: date,
    today: date,
    year: FiscalYear,
    existing: Sequence[Candidate] = (),
) -> list[str]:
    busy, times = areas.busy(year), areas.lead_times()
    return rules.check_candidates(
        candidates, reply_due_on, today, year, existing, busy=busy, times=times
    )


def answer(
    act: Act,
    row: MeetingRow,
    slug: str,
    answers: Mapping[int, Answer],
    comment: str,
    told_by: str = "",
    seen: str | None = None,
    *,
    by_mail: bool = False,
) -> None:
    """Takes a head's answers by candidate id; dates left out stay, or become again, unanswered.

    What was answered before stays on record, and only what differs is another row; of two the
    newest counts.  A secretary's own word stands in the place of all that was entered for them.

    Nobody signed in means the secretary, behind the personal link or `by_mail`. The office may answer for another
    municipality (代理入力, saying who told it), and after the deadline, by telephone.
    """
    seat = _seat_row(row, slug)
    act.lock((row, None), (seat, seen), first=_still_on(row))
    meeting = queries.of(row)
    place = meeting.seat_of(slug)
    assert place is not None
    is_proxy = act.by is not None and act.by.municipality != slug
    check_open(meeting)
    if meeting.reply_due_on and not allowed(act.by, Permission.MANAGE_MEETING):
        revoked = act.by is None and place.is_revoked
        rules.check_answer(act.today, meeting.reply_due_on, revoked, areas.contact())
    if is_proxy and not told_by.strip():
        raise Refusal(_("だれから聞いたかを入れてください。"), field="told_by")
    given = {id_: answers[id_] for id_ in meeting.dates if id_ in answers}
    if not given:
        raise Refusal(_("候補日のどれかに、○・△・×で答えてください。"))
    who = act.by.name if act.by else _secretary(place) + ("（返信メール）" if by_mail else "")
    how = f"（代理入力、{told_by.strip()}から）" if is_proxy else ""
    is_own_word = bool(place.told_by) and not is_proxy
    said = f"{row.name}：{seat.title}のご予定に{who}が回答しました{how}。"
    with act.change("poll.answered", seat, said):
        seat.comment = comment.strip() or None
        db.session.add_all(
            PollAnswer(
                seat_id=seat.id,
                candidate_id=id_,
                answer=given.get(id_),
                answered_at=act.at,
                answered_by=who,
                answered_by_id=act.by.person_id if act.by else None,
                told_by=told_by.strip() if is_proxy else None,
            )
            for id_ in meeting.dates
            if given.get(id_) is not place.given.get(id_) or (is_own_word and id_ in given)
        )


def ask_again(act: Act, row: MeetingRow) -> list[str]:
    """もう一度お願いする: to the silent only, once a day each; returns whose letters were written.

    Raises Refusal when nobody is silent, or none of them can be reached by letter today.
    """
    act.lock((row, None), *((seat, None) for seat in queries.seat_rows(row)))
    meeting = queries.of(row)
    check_open(meeting)
    if meeting.reply_due_on is None or act.today > meeting.reply_due_on:
        raise Refusal(_("回答期限を過ぎています。先に「候補日を加える」で期限を改めてください。"))
    if not meeting.silent:
        raise Refusal(_("未回答の市町村はありません。"))
    with act.change("meeting.asked_again", row, "") as entry:
        cause = f"poll:{row.id}:again:{act.today}"
        names = _ask(act, row, "poll_again", cause, only=meeting.silent)
        if not names:
            raise Refusal(
                _(
                    "今日は、送れるお願いがありません。お電話で伺い、代わりに入力することもできます。"
                )
            )
        entry.sentence = f"{row.name}：{'・'.join(names)}へもう一度お願いしました。"
        entry.told["asked"] = names
    return names


def renew_link(act: Act, row: MeetingRow, slug: str) -> None:
    """Gives a secretary a new link by letter; every link given out before stops opening."""
    seat = _seat_row(row, slug)
    act.lock((row, None), (seat, None))
    meeting = queries.of(row)
    place = meeting.seat_of(slug)
    assert place is not None
    check_open(meeting)
    if place.town and (post := queries.secretaries().get(place.town.id)):
        people.check_address_is_known(post.post_id)
    with act.change(
        "poll.link_renewed", seat, f"{row.name}：{place.name}の回答のリンクを作り直しました。"
    ):
        seat.nonce = links.new_nonce()
        db.session.flush()
        cause = f"poll:{row.id}:link:{seat.version}"
        if not _ask(act, row, "poll_request", cause, only=[place]):
            raise Refusal(
                _(
                    "%(place)sの秘書の宛先が登録されていません。先に登録してください。",
                    place=place.name,
                )
            )


def renew_nonce(_act: Act, seat_id: int) -> None:
    """A new link in place of the ones before; within the caller's change."""
    db.session.get_one(MeetingSeat, seat_id).nonce = links.new_nonce()


def _still_on(row: MeetingRow) -> Callable[[], None]:
    return lambda: check_active(row.cancelled_at is not None)


def check_open(meeting: Meeting) -> None:
    """Dates and answers are taken until a date is fixed, or the meeting called off; raises Refusal."""
    check_active(meeting.cancelled_at is not None)
    rules.check_polling(meeting.fixed_on)


def _add(act: Act, row: MeetingRow, candidates: Sequence[Candidate]) -> list[CandidateDate]:
    added = [
        CandidateDate(meeting_id=row.id, added_at=act.at, **one._asdict())
        for one in sorted(candidates)
    ]
    db.session.add_all(added)
    db.session.flush()
    return added


def _ask(
    act: Act,
    row: MeetingRow,
    kind: str,
    cause: str,
    *,
    only: Iterable[Seat] | None = None,
    added: Sequence[Candidate] = (),
) -> list[str]:
    """One letter to the secretary of each seat; the names of those whose letter was written."""
    meeting, posts = queries.of(row), queries.secretaries()
    rows = {seat.id: seat for seat in queries.seat_rows(row)}
    written = []
    for seat in meeting.seats if only is None else only:
        post = posts.get(seat.town.id) if seat.town else None
        if post is None:
            continue
        rows[seat.id].post_id = post.post_id
        if mail.put(
            kind,
            post.recipient,
            letters.request(
                meeting.year,
                meeting.place,
                seat.title,
                meeting.dates.values(),
                meeting.reply_due_on,
                act.today,
                added,
                mail.subject_code(cause, post.recipient),
            ),
            cause=cause,
            at=act.at,
            link=PersonalLink(queries.POLL, seat.id),
            path=meeting.path,
        ):
            written.append(seat.name)
    return written


def _seat_row(row: MeetingRow, slug: str) -> MeetingSeat:
    town = areas.find_town(slug)
    found = [one for one in queries.seat_rows(row) if town and one.municipality_id == town.id]
    if not found:
        raise Refusal(_("この会議の市町村ではありません。市町村を選び直してください。"))
    return found[0]


def _secretary(seat: Seat) -> str:
    post = db.session.get(Post, seat.post_id) if seat.post_id else None
    return f"{seat.name} {post.name if post else '秘書'}"
