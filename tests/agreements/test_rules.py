import re

import pytest

from tracker.agreements.rules import (
    AnnexRow,
    KnownMeasure,
    area_numbers,
    common,
    differences,
    differing,
    field_order,
    read_upload,
    uncovered,
)
from tracker.kernel.refusal import Refusal


def test_a_municipality_without_the_measure_may_not_take_part() -> None:
    assert uncovered(["aomori", "hiranai", "imabetsu"], ["aomori", "imabetsu"], "aomori") == [
        "hiranai"
    ]


def test_the_hub_is_covered_as_soon_as_anybody_is() -> None:
    assert uncovered(["aomori", "imabetsu"], ["imabetsu"], "aomori") == []
    assert uncovered(["aomori", "imabetsu"], [], "aomori") == ["aomori", "imabetsu"]


def entry(town: str, content: str = "取り組む。", role_b: str = "協力する。") -> AnnexRow:
    return AnnexRow(1, town, "青森市", town, content, "担う。", role_b)


def test_the_wording_of_most_agreements_is_the_common_one() -> None:
    entries = [entry("平内町", "調べる。"), entry("今別町"), entry("蓬田村"), entry("外ヶ浜町")]
    assert common(entries).town == "今別町"
    assert [each.town for each in differing(entries)] == ["平内町"]


def test_without_a_majority_the_first_agreement_is_the_common_one() -> None:
    entries = [entry("平内町"), entry("今別町", role_b="手伝う。")]
    assert common(entries).town == "平内町"
    assert [each.town for each in differing(entries)] == ["今別町"]


def test_the_same_wording_everywhere_differs_nowhere() -> None:
    assert differing([entry("平内町"), entry("今別町")]) == []
    assert differing([]) == []


def test_measures_only_one_agreement_has_are_named() -> None:
    assert differences(["医療", "介護", "介護"], ["介護", "環境"]) == (["医療", "介護"], ["環境"])


def test_policy_fields_are_ordered_as_printed() -> None:
    numbers = ["3(10)", "10", "3(2)", "2", "3", "3(1)", "0"]
    assert sorted(numbers, key=field_order) == ["0", "2", "3", "3(1)", "3(2)", "3(10)", "10"]


KNOWN = [KnownMeasure("1-1", "1", "観光"), KnownMeasure("3(1)-1", "3(1)", "医療")]


@pytest.mark.parametrize(
    ("rows", "numbers"),
    [
        ([("1-1", "1", "観光")], ["1-1"]),
        # The same title in another field is another measure.
        ([("2-1", "2", "観光")], ["2-1"]),
        # Printed elsewhere, but the area knows it.
        ([("1-1", "1", "港湾"), ("1-2", "1", "観光")], ["1-2", "1-1"]),
        # The printed number is taken, and so is the next one in the end.
        ([("1-1", "1", "港湾"), ("1-2", "1", "鉄道")], ["1-2", "1-3"]),
        # Twice the same title: two measures.
        ([("1-1", "1", "観光"), ("1-2", "1", "観光")], ["1-1", "1-2"]),
    ],
)
def test_a_row_finds_its_measure_by_field_and_title(
    rows: list[tuple[str, str, str]], numbers: list[str]
) -> None:
    assert area_numbers(KNOWN, [KnownMeasure(*row) for row in rows]) == numbers


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932"])
def test_a_text_file_is_read_in_the_encodings_of_windows(encoding: str) -> None:
    assert read_upload("第1条　髙い".encode(encoding), "a.txt") == "第1条　髙い"


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        (b"PK\x03\x04...", "a.txt", "今は、テキスト形式（.txt）だけを読み取れます。"),
        (b"text", "a.DOCX", "協約の文字をコピーして貼り付けてください。"),
        (b"\x89PNG\r\n", "a.txt", "このファイルは取り込めません。"),
        (b"\x81\xff", "a.txt", "文字コードをUTF-8にして"),
    ],
)
def test_a_file_that_is_no_text_is_refused(data: bytes, name: str, said: str) -> None:
    with pytest.raises(Refusal, match=re.escape(said)):
        read_upload(data, name)
