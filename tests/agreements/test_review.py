"""The questions of a review and what the answers make of a reading; no database."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.agreements.conservation import REAL
from tracker.agreements.reading import rules as text
from tracker.agreements.review import question as review
from tracker.agreements.review import rules
from tracker.agreements.review.question import Box, Choice, Known, Question
from tracker.agreements.text.agreement import Reading, Remark
from tracker.kernel.refusal import Refusal

KNOWN = Known(("青森市", "平内町", "今別町"), {"2": "高度な都市機能"}, "市町村長会議")
TYPED = {Box.TOWN: "平内町", Box.DAY: "R1.12.25", Box.HEAD: "中嶋久彰", Box.TITLE: "連携協約"}


def answers(asked: tuple[Question, ...], place: int) -> dict[str, dict[str, Any]]:
    """The first (0) or the last (-1) choice for every question."""
    given: dict[str, dict[str, Any]] = {}
    for each in asked:
        choice = list(each.ask.choices)[place]
        typed = each.typed or TYPED.get(each.ask.box or Box.TITLE, "")
        given[each.key] = {
            "choice": str(choice),
            "value": review.check_choice(each, choice, typed),
        }
    return given


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("dsci"), st.integers(0, 999), st.integers(0, 999)), max_size=8
    )
)
def test_every_line_without_a_place_stands_in_a_question(
    changes: list[tuple[str, int, int]],
) -> None:
    lines = REAL.split("\n")
    for name, at, to in changes:
        at, to = at % len(lines), to % len(lines)
        match name:
            case "d":
                lines[at : at + 1] = [] if len(lines) > 1 else [""]
            case "s":
                lines[at], lines[to] = lines[to], lines[at]
            case "c":
                middle = to % (len(lines[at]) + 1)
                lines[at : at + 1] = [lines[at][:middle], lines[at][middle:]]
            case "i":
                lines.insert(at, "清華大學")
    source = "\n".join(lines)
    try:
        reading = text.read(source)
        rules.check_importable(reading)
    except Refusal:
        return
    asked = review.questions(reading, KNOWN)
    assert len({each.key for each in asked}) == len(asked)
    quoted = {words for each in asked for _, words in each.quote}
    assert {each.text.strip() for each in reading.unplaced} <= quoted
    proposed = rules.settle(reading, source, asked, answers(asked, 0))
    assert [row.content for row in proposed.measures] == [
        row.content for row in reading.agreement.measures
    ]
    other = rules.settle(reading, source, asked, answers(asked, -1))
    assert len({row.number for row in other.measures}) == len(other.measures)


def test_a_kind_of_doubt_not_known_yet_can_be_answered() -> None:
    reading = text.read(REAL)
    strange = (Remark("something_new", (66,), "66行目が変です。", "1-1"),)
    reading = Reading(reading.agreement, strange, reading.unplaced, reading.placed)
    question = review.questions(reading, KNOWN)[0]
    assert question.key == "something_new-66"
    assert list(question.ask.choices.values()) == ["合っている", "この行を除く"]
    given = {each.key: {"choice": "accept"} for each in review.questions(reading, KNOWN)}
    settled = rules.settle(
        reading,
        REAL,
        review.questions(reading, KNOWN),
        {**given, question.key: {"choice": str(Choice.OMIT)}},
    )
    assert len(settled.measures) == 14
    assert settled.measures[0].number == "1-1"
    assert settled.measures[0].title.startswith("産業クラスター")


def test_an_answer_to_a_question_that_changed_counts_no_longer() -> None:
    asked = review.questions(text.read(REAL), KNOWN)
    given = {each.key: {"choice": "accept"} for each in asked}
    # A name is typed or left blank; "accept" is no answer to it.
    assert [each.key for each in review.still_open(asked, given)] == ["name_maybe_cut-57"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("R1.12.25", "令和元年12月25日"), (" 2019-12-25 ", "令和元年12月25日")],
)
def test_a_day_is_kept_as_it_is_shown(typed: str, kept: str) -> None:
    source = REAL.replace("\n令和元年12月25日\n", "\n令和　　年　　月　　日\n")
    question = review.questions(text.read(source), KNOWN)[0]
    assert question.ask.box is Box.DAY
    assert review.check_choice(question, "type", typed) == kept
    with pytest.raises(Refusal, match="日付"):
        review.check_choice(question, "type", "12月のいつか")


def test_nothing_read_is_proposed_as_blank_and_never_invented() -> None:
    source = REAL.replace("甲 青森市長\n\n小野寺晃彦\n", "甲 青森市長\n")
    question = next(
        each for each in review.questions(text.read(source), KNOWN) if each.about == "a"
    )
    assert review.proposal(question) == (Choice.BLANK, "")
    source = REAL.replace("今別町", "大間町")
    unknown = review.questions(text.read(source), KNOWN)[0]
    with pytest.raises(Refusal, match="「大間町」は、この圏域の市町村に見つかりません"):
        review.proposal(unknown)


def test_far_from_every_question_the_source_is_folded() -> None:
    reading = text.read(REAL)
    asked = review.questions(reading, KNOWN)
    found = rules.passages(REAL, reading, asked)
    assert [each.is_folded for each in found[:4]] == [True, False, True, False]
    assert found[0].lines[0].number == 5
    assert all(line.mark != "ask" for each in found if each.is_folded for line in each.lines)
    items = rules.items(reading.agreement, asked)
    assert [item.label for item in items[:4]] == ["表題", "締結日", "根拠法", "前文"]
    # Field 2 is worded otherwise in the area, so it is asked about.
    assert "政策分野 2" not in [item.label for item in items]


FORMS = Path(__file__).with_name("forms")


@pytest.mark.parametrize("path", sorted(FORMS.glob("*.txt")), ids=lambda path: path.stem[:4])
def test_a_text_of_another_area_can_be_answered_and_loses_nothing(path: Path) -> None:
    source = path.read_text("utf-8")
    reading = text.read(source)
    asked = review.questions(reading, Known(("みなと市", "やまて町"), {}, "市町村長会議"))
    assert len({each.key for each in asked}) == len(asked)
    assert {each.key.partition("-")[0] for each in asked} <= {*review.ASKS, "part_missing"}
    settled = rules.settle(reading, source, asked, answers(asked, 0))
    before = [
        (row.title, row.content, row.role_a, row.role_b) for row in reading.agreement.measures
    ]
    assert [(row.title, row.content, row.role_a, row.role_b) for row in settled.measures] == before
    assert settled.title == reading.agreement.title
    for each in asked:
        if each.key.startswith(review.ABOUT_TABLES):
            assert each.quote == review.cells(reading.agreement.measures[0])


@pytest.mark.parametrize(("place", "made"), [(0, []), (-1, [(5, 1, "annual_meeting")])])
def test_a_person_may_see_the_yearly_meeting_the_reader_did_not(
    place: int, made: list[tuple[int, int, str]]
) -> None:
    source = REAL.replace("毎年度、圏域内", "定期的に、圏域内")
    reading = text.read(source)
    asked = review.questions(reading, KNOWN)
    question = next(each for each in asked if each.key.startswith("annual_meeting_missing"))
    assert question.lines == (35, 37) and "定期的に、圏域内" in question.quote[0][1]
    settled = rules.settle(reading, source, asked, answers(asked, place))
    found = [(each.article, each.paragraph, each.kind) for each in settled.duties]
    assert [each for each in found if each[2] == "annual_meeting"] == made


def test_without_an_article_that_speaks_of_a_meeting_none_can_be_made() -> None:
    start, end = REAL.index("（定期的な協議）"), REAL.index("（疑義の解決）")
    asked = review.questions(text.read(REAL[:start] + REAL[end:]), KNOWN)
    question = next(each for each in asked if each.key.startswith("annual_meeting_missing"))
    assert list(question.ask.choices) == [Choice.ACCEPT]
