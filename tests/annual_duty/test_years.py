"""Every year of one agreement as Article 5 asks it, and meetings taken over from paper."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from tests import cast
from tests.cost_sharing.makers import act_of
from tests.meetings.makers import ALL_HEADS, DEPUTY, TOWNS, make_meeting, make_pure
from tracker.annual_duty.actions import take_over, view_as_held
from tracker.annual_duty.queries import agreement_standings, years_of
from tracker.annual_duty.rules import standing
from tracker.annual_duty.standing import (
    AgreementStanding,
    ArticleFive,
    PartyView,
    agreement_years,
)
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.refusal import Refusal
from tracker.meetings import queries
from tracker.meetings.meeting import Meeting, Seat
from tracker.meetings.rules import Attendance, Candidate, Standing

AT = datetime(2025, 2, 1, 1, tzinfo=UTC)
TODAY = date(2026, 11, 24)
PARTIES = (TOWNS["aomori"], TOWNS["imabetsu"])
HEAD, AWAY = Attendance.HEAD, Attendance.DEPUTY
Views = dict[str, bool]


def held(number: int, town: Attendance = HEAD, **changes: object) -> Meeting:
    """A meeting of that year on 28 January, attended so."""
    seats = tuple(
        Seat(n, 1, one, one.head_title, attendance=came, deputy="副町長" if came is AWAY else None)
        for n, (one, came) in enumerate(zip(PARTIES, (HEAD, town), strict=True))
    )
    hours = Candidate(date(number + 1, 1, 28), time(14), time(15))
    return replace(
        make_pure(year=FiscalYear(number), hours=hours, attendance_at=AT, seats=seats), **changes
    )


def year_of(number: int, meeting: Meeting | None, views: Views | None = None) -> ArticleFive:
    """Article 5 of that year for one agreement, judged as the queries judge it."""
    year, given = FiscalYear(number), views or {}
    attendance = meeting.attendance if meeting else {}
    is_in_person = all(attendance.get(one.slug) is HEAD for one in PARTIES)
    state = standing(
        year,
        polling=meeting is not None,
        fixed_on=meeting.fixed_on if meeting else None,
        noticed=False,
        held_on=meeting.fixed_on if meeting else None,
        attendance=attendance,
        parties=[one.slug for one in PARTIES],
        views=given,
        minutes_final=bool(meeting and meeting.minutes_final_at),
        today=TODAY,
    )
    said = {slug: PartyView(is_held, 1) for slug, is_held in given.items()}
    one = AgreementStanding(7, PARTIES, state, said, bool(attendance) and not is_in_person)
    return ArticleFive(year, meeting, (one,))


BOTH = {"aomori": True, "imabetsu": True}
NEXT_YEAR = Candidate(date(2025, 4, 10), time(14), time(15))


@pytest.mark.parametrize(
    ("article", "state", "note"),
    [
        (year_of(2024, held(2024)), Standing.HELD, "議事録は確定していません。"),
        (year_of(2024, held(2024, minutes_final_at=AT)), Standing.MINUTED, ""),
        (
            year_of(2024, held(2024, hours=NEXT_YEAR)),
            Standing.MISSED,
            "開催日（令和7年4月10日）が年度の外にあるため、数えません。",
        ),
        (
            year_of(2024, held(2024, AWAY)),
            Standing.MISSED,
            "代理または欠席。双方がそろって開催と見ていません。",
        ),
        (
            year_of(2024, held(2024, AWAY), {"aomori": True, "imabetsu": False}),
            Standing.MISSED,
            "代理または欠席。双方がそろって開催と見ていません。",
        ),
        (year_of(2024, held(2024, AWAY), BOTH), Standing.HELD, "議事録は確定していません。"),
        (year_of(2024, None), Standing.MISSED, ""),
        (
            year_of(2024, held(2024, fixed_reason="令和6年度の会議録")),
            Standing.HELD,
            "以前の記録から：令和6年度の会議録",
        ),
        (year_of(2026, None), Standing.NONE, ""),
    ],
)
def test_how_an_agreement_stood_in_a_year(article: ArticleFive, state: Standing, note: str) -> None:
    first = year_of(2023, held(2023))
    newest, _before = agreement_years(7, [first, article], [])
    assert (newest.standing, newest.note) == (state, note)


def test_a_year_called_off_says_why_and_one_before_all_that_is_kept_that_nobody_knows() -> None:
    off = make_pure(year=FiscalYear(2024), cancelled_at=AT, cancelled_reason="大雪のため")
    years = [year_of(number, None) for number in (2023, 2024, 2025)]
    found = agreement_years(7, years, [off])
    assert [(one.year.year, one.standing, one.note) for one in found] == [
        (2025, Standing.MISSED, ""),
        (2024, Standing.MISSED, "取りやめ：大雪のため"),
        (2023, Standing.UNRECORDED, ""),
    ]
    # Another meeting of a year stands in the place of the one called off.
    [again] = agreement_years(7, [year_of(2024, held(2024, minutes_final_at=AT))], [off])
    assert (again.standing, again.note) == (Standing.MINUTED, "")
    assert agreement_years(8, years, [off]) == []


def test_a_deputy_s_attendance_and_both_words_on_it_are_told() -> None:
    [one] = agreement_years(7, [year_of(2024, held(2024, AWAY), {"imabetsu": False})], [])
    assert one.attended == ("青森市 本人", "今別町 代理（副町長）")
    assert one.views == ("青森市 未記録", "今別町 開催とは見ない")


OLD = Candidate(date(2022, 1, 28), time(14), time(15, 30))
R3 = FiscalYear(2021)


def test_a_meeting_from_paper_counts_as_any_other(both) -> None:
    office = act_of("office")
    row = take_over(office, R3, OLD, "庁議室", "令和3年度の会議録", {**ALL_HEADS, **DEPUTY})
    found = queries.of(row)
    assert (found.stage, found.source, found.dates) == (Standing.HELD, "令和3年度の会議録", {})
    stood = {one.parties[1].slug: one.standing for one in agreement_standings(R3, cast.TODAY)}
    assert stood["hiranai"] is Standing.HELD and stood["imabetsu"] is Standing.MISSED
    [agreement] = [
        one.agreement_id
        for one in agreement_standings(R3, cast.TODAY)
        if one.parties[1].slug == "imabetsu"
    ]
    for role, slug in (("office", "aomori"), ("officer", "imabetsu")):
        view_as_held(act_of(role, slug), row, agreement, True)
    years = years_of(agreement, date(2019, 12, 25), cast.TODAY)
    assert {one.year.year: one.standing for one in years} == {
        2026: Standing.NONE,
        **dict.fromkeys(range(2022, 2026), Standing.MISSED),
        2021: Standing.HELD,
        **dict.fromkeys((2019, 2020), Standing.UNRECORDED),
    }
    for year, hours, said in (
        (R3, OLD, "すでに記録があります"),
        (FiscalYear(2020), OLD, "令和2年度のうち、今日までの日"),
        (FiscalYear(2020), OLD._replace(on=date(2021, 1, 4), ends=time(13)), "終わりの時刻"),
    ):
        with pytest.raises(Refusal, match=said):
            take_over(act_of("office"), year, hours, "", "紙", ALL_HEADS)


def test_the_office_records_a_year_before_from_the_agreement_s_page(browse, app) -> None:
    with app.app_context():
        make_meeting()
    office = browse("office")
    page = office.get("/agreements/1")
    table = page.one("#article-5-years").text
    assert "令和元年度" in table and "記録なし" in table
    # It is begun already.
    assert "最後の日" not in table
    filled = {
        "held_on": "1/28",
        **{"begins": "14時", "ends": "15:30", "source": "令和3年度の会議録"},
        **{f"attendance_{slug}": "head" for slug in TOWNS},
        **{"attendance_imabetsu": "deputy"},
    }
    wrong = office.fill("/meetings/past/2021", filled)
    assert wrong.status == 422 and "代理の方" in wrong.text
    done = office.fill("/meetings/past/2021", {**filled, "deputy_imabetsu": "副町長"})
    assert "以前の記録から登録した会議です（令和3年度の会議録）" in office.follow(done).text
    assert "代理（副町長）" in "".join(
        one.text for one in [office.get(f"/agreements/{n}") for n in (1, 2, 3, 4)]
    )
    office.get("/meetings/past/2021", status=302)
    office.get("/meetings/past/2030", status=404)
    browse("officer", "imabetsu").get("/meetings/past/2020", status=403)
    assert "記録する" not in browse("reader").get("/agreements/1").one("#article-5-years").text
