from datetime import date

import pytest

from tracker.amounts.exact import Exact
from tracker.kernel.refusal import Refusal
from tracker.projects.reports.rules import (
    check_report,
    check_step,
    half_year_guide,
    saved,
    soft_checks,
)
from tracker.projects.rules import LONGEST_TEXT, Rating, ReportState, YearMark, days_overdue, shown

NONE, DRAFT, SUBMITTED, RETURNED, CONFIRMED = ReportState
ON_TRACK, SLIGHTLY_LATE, LATE, DONE = Rating
DUE = date(2026, 11, 30)

ALLOWED = {
    (NONE, DRAFT),
    (NONE, SUBMITTED),
    (DRAFT, DRAFT),
    (DRAFT, SUBMITTED),
    (SUBMITTED, DRAFT),
    (SUBMITTED, RETURNED),
    (SUBMITTED, CONFIRMED),
    (RETURNED, RETURNED),
    (RETURNED, SUBMITTED),
    (CONFIRMED, RETURNED),
}


@pytest.mark.parametrize("now", ReportState)
@pytest.mark.parametrize("wanted", ReportState)
def test_a_report_takes_only_the_steps_of_the_table(now: ReportState, wanted: ReportState) -> None:
    if (now, wanted) in ALLOWED:
        check_step(now, wanted)
    else:
        with pytest.raises(Refusal, match="。$"):
            check_step(now, wanted)


@pytest.mark.parametrize(
    ("now", "wanted", "said"),
    [
        (CONFIRMED, SUBMITTED, "確認済みの報告は直せません。"),
        (CONFIRMED, CONFIRMED, "すでに確認済みです。"),
        (SUBMITTED, SUBMITTED, "すでに提出されています。"),
        (DRAFT, CONFIRMED, "まだ提出されていない報告です。"),
        (RETURNED, CONFIRMED, "もう一度提出されてから"),
        (DRAFT, NONE, "未提出には戻せません。"),
    ],
)
def test_a_refused_step_says_what_to_do(now: ReportState, wanted: ReportState, said: str) -> None:
    with pytest.raises(Refusal, match=said):
        check_step(now, wanted)


def test_saving_a_returned_report_keeps_its_question_open() -> None:
    assert saved(NONE) is DRAFT
    assert saved(DRAFT) is DRAFT
    assert saved(RETURNED) is RETURNED


def test_saving_never_takes_back_what_was_submitted() -> None:
    with pytest.raises(Refusal, match="取り戻して直す"):
        saved(SUBMITTED)
    with pytest.raises(Refusal, match="確認済みの報告は直せません"):
        saved(CONFIRMED)


@pytest.mark.parametrize(
    ("state", "today", "days"),
    [
        (NONE, date(2026, 11, 30), 0),
        (NONE, date(2026, 12, 1), 1),
        (DRAFT, date(2026, 12, 3), 3),
        (SUBMITTED, date(2026, 12, 3), 0),
        (RETURNED, date(2026, 12, 3), 0),
        (CONFIRMED, date(2026, 12, 3), 0),
    ],
)
def test_a_report_is_overdue_from_the_day_after_while_nobody_submitted_it(
    state: ReportState, today: date, days: int
) -> None:
    assert days_overdue(state, DUE, today) == days
    assert (shown(state, DUE, today).label == "期限超過") is (days > 0)


def test_every_state_and_rating_has_its_words() -> None:
    assert [state.label for state in ReportState] == [
        *("未提出", "下書きあり", "確認中", "差戻し", "確認済み")
    ]
    assert [f"{rating.label} {rating.hint}" for rating in Rating] == [
        "順調 目標に届く見込み",
        "やや遅れ 手を打てば届く",
        "遅れ 届かない見込み",
        "完了 今年度分は終わった",
    ]
    assert [mark.label for mark in YearMark] == ["未着手", "見送り"]
    assert shown(SUBMITTED, DUE, DUE) == ("report_submitted", "確認中")


def exact(value: int | None) -> Exact | None:
    return None if value is None else Exact(value)


def submit(
    *,
    opened: bool = True,
    closed: bool = False,
    participates: bool = True,
    value: int | None = 7,
    rating: Rating | None = SLIGHTLY_LATE,
    done: str = "栽培講座に町民7人が参加した。",
    trouble: str = "",
) -> None:
    check_report(
        opened=opened,
        closed=closed,
        participates=participates,
        municipality="今別町",
        values={"参加者数": exact(value)},
        rating=rating,
        done=done,
        trouble=trouble,
    )


def test_a_whole_report_is_taken() -> None:
    submit()
    submit(value=0, trouble="あ" * LONGEST_TEXT)


def test_a_report_before_the_round_or_after_it_or_from_outside_is_refused() -> None:
    with pytest.raises(Refusal, match="この期間はまだ始まっていません。"):
        submit(opened=False)
    with pytest.raises(Refusal, match="この期間の報告は締め切りました。"):
        submit(closed=True)
    with pytest.raises(Refusal, match="今別町はこの事業に参加していない"):
        submit(participates=False)


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        (
            {"value": None},
            "values",
            "今別町の参加者数を入力してください。いなかったときは「0」を入れてください。",
        ),
        ({"rating": None}, "rating", "事業の状況を1つ選んでください。"),
        (
            {"done": " 　"},
            "done",
            "この半年に行ったことを入力してください。行っていないときは、その理由を入れてください。",
        ),
        ({"done": "あ" * 432}, "done", "400字までで入力してください（今 432字）。"),
        ({"trouble": "あ" * 401}, "trouble", "400字までで入力してください（今 401字）。"),
    ],
)
def test_what_is_missing_is_asked_for_at_its_field(
    changes: dict[str, str | None], field: str, said: str
) -> None:
    with pytest.raises(Refusal) as refusal:
        submit(**changes)  # type: ignore[arg-type]  # each case changes one argument by name
    assert (refusal.value.field, refusal.value.message) == (field, said)


def test_the_guide_of_the_first_half_is_half_of_the_target() -> None:
    halves = [half_year_guide(Exact(target)) for target in (20, 21, 1, 0)]
    assert halves == [Exact(10), Exact(11), Exact(1), Exact(0)]
    assert str(half_year_guide(Exact(855, 10, 1))) == "42.8"


SHORT = "上期の目安10人に対し7人です。"


@pytest.mark.parametrize(
    ("value", "last_year", "guide", "rating", "target", "said"),
    [
        (7, 6, 10, SLIGHTLY_LATE, 20, (SHORT,)),
        (7, 6, 10, ON_TRACK, 20, ("目標に届いていませんが『順調』が選ばれています。", SHORT)),
        (10, 6, 10, ON_TRACK, 20, ()),
        (10, 6, 10, DONE, 20, ("目標に届いていませんが『完了』が選ばれています。",)),
        (20, 10, 20, DONE, 20, ()),
        (12, 12, 20, LATE, 20, ("年間の目標20人に対し12人です。",)),
        (16, 5, 10, ON_TRACK, 20, ("前年同期の3.2倍です。桁を確かめてください。",)),
        (15, 5, None, ON_TRACK, None, ("前年同期の3倍です。桁を確かめてください。",)),
        (14, 5, None, ON_TRACK, None, ()),
        (5_000, 5, None, DONE, None, ("前年同期の1,000倍です。桁を確かめてください。",)),
        (2, 5, None, LATE, None, ()),
        (2, 7, None, LATE, None, ("前年同期の約3割です。桁を確かめてください。",)),
        (2, 30, None, LATE, None, ("前年同期の1割に届きません。桁を確かめてください。",)),
        (0, 6, None, LATE, None, ("前年同期は6人でした。「0」でよいか確かめてください。",)),
        (0, 0, 0, DONE, 0, ()),
        (9, 0, None, ON_TRACK, None, ()),
        (9, None, None, None, None, ()),
        (None, 6, 10, ON_TRACK, 20, ()),
    ],
)
def test_what_looks_odd_is_said_and_nothing_else(
    value: int | None,
    last_year: int | None,
    guide: int | None,
    rating: Rating | None,
    target: int | None,
    said: tuple[str, ...],
) -> None:
    told = [exact(one) for one in (value, last_year, guide, target)]
    assert soft_checks(*told[:3], rating, told[3], unit="人") == said
