"""Agreements of other areas, as their offices write, print and copy them.

`forms` holds small texts, each with its right reading; the tables below vary the plain one.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.agreements.conservation import assert_accounted
from tracker.agreements.json import as_json
from tracker.agreements.reading.rules import read

FORMS = Path(__file__).with_name("forms")
PLAIN = (FORMS / "AG00-plain-pass.txt").read_text("utf-8")
HEADER = "連携施策\t取組内容\t甲の役割\t乙の役割"
ROWS = [
    ["1-1", "観光", "周遊を広める。", "計画を作る。", "甲に協力する。"],
    ["1-2", "農業", "販路を広げる。", "販路を開く。", "甲に協力する。"],
]
DUTIES = [[4, 1, "cost_sharing"], [5, 1, "annual_meeting"], [6, 1, "question"]]


def changed(*changes: tuple[str, str]) -> dict[str, Any]:
    """The plain text with some words exchanged, each of which must be there, as JSON."""
    text = PLAIN
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return as_json(assert_accounted(text))


def rows(found: dict[str, Any]) -> list[list[str]]:
    return [
        [row[key] for key in ("number", "title", "content", "role_a", "role_b")]
        for row in found["measures"]
    ]


def seen(found: dict[str, Any]) -> dict[str, Any]:
    """What the right readings speak of."""
    measures, parties = rows(found), list(found["parties"].values())
    return {
        "measures": measures,
        "measures_count": len(measures),
        "titles": [row[1] for row in measures],
        "fields": [field["title"] for field in found["policy_fields"]],
        "measures_in_different_fields": len({row["field"] for row in found["measures"]}) > 1,
        "duties": [list(each.values()) for each in found["duties"]],
        "parties": [party["name"] for party in parties],
        "parties_count": len(parties),
        "heads": [party["head"] for party in parties],
        "title": found["title"],
        "amends": found["amends"],
        "articles": len(found["articles"]),
        "article3_paragraphs": len(found["articles"][2]["paragraphs"]),
    }


def kinds(found: dict[str, Any]) -> set[str]:
    return {remark["kind"] for remark in found["remarks"]}


@pytest.mark.parametrize("name", sorted(path.stem for path in FORMS.glob("*.txt")))
def test_a_text_of_another_area_is_read_as_printed(name: str) -> None:
    expected = json.loads((FORMS / f"{name}.expected.json").read_text("utf-8"))
    found = as_json(read((FORMS / f"{name}.txt").read_text("utf-8")))
    first = found["measures"][0] if found["measures"] else {}
    special: Mapping[str, Callable[[Any], bool]] = {
        "first_content_has": lambda words: all(word in first["content"] for word in words),
        "first_role_b_has": lambda words: all(word in first["role_b"] for word in words),
        "no_duty_in_article": lambda number: all(d["article"] != number for d in found["duties"]),
        "remark_about": lambda word: any(word in kind for kind in kinds(found)),
    }
    told = seen(found)
    compared = 0
    for key, value in expected.items():
        if key in special:
            assert special[key](value), (key, value)
        elif key in told:
            assert told[key] == value, key
        compared += key in special or key in told
    assert compared == len(expected.keys() - {"why", "or", "remark_kind_hint"})


@pytest.mark.parametrize(
    "header",
    [
        "連携施策\t取組内容\tみなと市の役割\tやまて町の役割",
        "取組\t内容\tみなと市の役割分担及び費用分担\tやまて町の役割分担及び費用分担",
        "取組\t取組の内容\tみなと市\tやまて町",
        "施策名\t事業概要\t甲\t乙",
        "事業名\t事業内容\t甲（みなと市）の役割\t乙（やまて町）の役割",
        "連携事項\t連携の内容\tみなと市（甲）の役割\tやまて町（乙）の役割",
        "区分\t取組の概要\t甲の役割\t乙の役割",
        "項目\t具体的な取組内容\t甲の主な役割\t乙の主な役割",
        "連携施策\t取組\t甲の役割\t乙の役割",
        "施策の名称\t内容\t甲の役割\t乙の役割",
        "連携施策\t取組内容\t役割分担\t\n\t\t甲\t乙",
        "連携施策\t取組内容\t役割分担\n甲の役割\t乙の役割",
    ],
)
def test_a_header_is_known_by_its_words(header: str) -> None:
    found = changed((HEADER, header))
    assert rows(found) == ROWS
    assert kinds(found) <= {"not_read"}


def test_the_column_of_a_party_is_where_its_name_stands() -> None:
    found = changed((HEADER, "連携施策\t取組内容\tやまて町の役割\tみなと市の役割"))
    assert rows(found)[0][3:] == ["甲に協力する。", "計画を作る。"]


def test_roles_of_nobody_in_particular_are_asked_about() -> None:
    found = changed((HEADER, "連携施策\t取組内容\t連携中枢都市の役割\t連携市町村の役割"))
    assert rows(found) == ROWS
    assert kinds(found) == {"roles_not_told_apart"}


def test_columns_of_no_use_are_listed() -> None:
    found = changed(
        (HEADER, f"番号\t{HEADER}\t備考"),
        ("観光\t", "1\t観光\t"),
        ("農業\t", "2\t農業\t"),
        ("協力する。\n2\t", "協力する。\t継続\n2\t"),
    )
    assert rows(found) == ROWS
    cells = [each["text"] for each in found["unplaced"]]
    assert cells == ["番号", "備考", "1", "継続", "2"]


def test_a_column_of_fields_names_the_fields() -> None:
    found = changed(
        ("1 経済成長のけん引\n", ""),
        (HEADER, f"分野\t{HEADER}"),
        ("観光\t", "経済成長\t観光\t"),
        ("農業\t", "暮らし\t農業\t"),
    )
    assert [field["title"] for field in found["policy_fields"]] == ["経済成長", "暮らし"]
    assert [row[0] for row in rows(found)] == ["1-1", "2-1"]
    assert "field_without_number" in kinds(found)


@pytest.mark.parametrize(
    "heading",
    [
        "別表第1（第3条関係）\n経済成長のけん引に係る政策分野",
        "別表第１（第３条関係）　経済成長のけん引に係る政策分野",
        "別表第一　経済成長のけん引に係る政策分野（第3条関係）",
        "別表第1（経済成長のけん引に係る政策分野）",
        "別表第1（第3条関係）\n【経済成長のけん引に係る政策分野】",
        "別表第1（第3条関係）\n1 経済成長のけん引に係る政策分野",
        "別表第1（第3条関係）\nⅠ　経済成長のけん引に係る政策分野",
        "別表第1（第3条関係）\n第1　経済成長のけん引に係る政策分野",
        "別表（第3条関係）\n経済成長のけん引に係る政策分野",
    ],
)
def test_a_field_is_named_by_a_number_its_annex_or_the_words_above_its_table(heading: str) -> None:
    second = "別表第2（第3条関係）\n生活機能の強化に係る政策分野"
    found = changed(
        ("別表(第3条関係)\n1 経済成長のけん引", heading),
        ("農業\t", f"{second}\n{HEADER}\n農業\t"),
    )
    assert [(each["number"], each["title"]) for each in found["policy_fields"]] == [
        ("1", "経済成長のけん引に係る政策分野"),
        ("2", "生活機能の強化に係る政策分野"),
    ]
    assert [row[:2] for row in rows(found)] == [["1-1", "観光"], ["2-1", "農業"]]
    assert not found["unplaced"]


def test_an_article_names_the_fields_of_its_annexes() -> None:
    found = changed(
        ("別表に掲げる", "次の分野ごとに、別表に掲げる"),
        ("とおりとする。\n(費用)", "とおりとする。\n(1) 経済成長のけん引(別表第1)\n(費用)"),
        ("別表(第3条関係)\n1 経済成長のけん引", "別表第1(第3条関係)"),
    )
    assert [each["title"] for each in found["policy_fields"]] == ["経済成長のけん引"]
    assert rows(found) == ROWS


def test_a_stamp_between_tables_is_no_field() -> None:
    found = changed(("農業\t", f"清華大學\n{HEADER}\n農業\t"))
    assert rows(found) == ROWS
    assert [each["text"] for each in found["unplaced"]] == ["清華大學"]


def one_a_line(text: str) -> str:
    head, _annex, table = text.partition("別表(第3条関係)\n")
    return f"{head}別表(第3条関係)\n\n" + table.replace("\t", "\n\n").replace("\n", "\n\n")


def test_cells_one_a_line_of_several_tables_are_rows() -> None:
    text = PLAIN.replace("農業\t", f"2 暮らし\n(1) 医療の充実\n{HEADER}\n農業\t")
    found = as_json(read(one_a_line(text)))
    assert [row[:2] for row in rows(found)] == [["1-1", "観光"], ["2(1)-1", "農業"]]
    assert rows(found)[1][2:] == ROWS[1][2:]
    assert kinds(found) == {"table_without_columns"}
    assert not found["unplaced"]


def test_cells_one_a_line_may_be_lists() -> None:
    text = PLAIN.replace("周遊を広める。", "(1) 周遊を広める。\n(2) 案内を整える。")
    found = as_json(read(one_a_line(text)))
    assert rows(found)[0][2:] == ["(1) 周遊を広める。\n(2) 案内を整える。", *ROWS[0][3:]]
    assert rows(found)[1] == ROWS[1]


def test_cells_one_a_line_without_sentences_are_counted() -> None:
    text = (
        PLAIN.replace("を広める。", "の拡大")
        .replace("を広げる。", "の拡大")
        .replace("計画を作る。", "計画")
    )
    text = text.replace("販路を開く。", "開拓").replace("甲に協力する。", "協力")
    assert rows(as_json(read(one_a_line(text)))) == [
        ["1-1", "観光", "周遊の拡大", "計画", "協力"],
        ["1-2", "農業", "販路の拡大", "開拓", "協力"],
    ]


def test_cells_one_a_line_that_fit_no_row_are_never_dropped_by_proposal() -> None:
    text = one_a_line(PLAIN.replace("計画を作る。", "計画を作る。\n体制を作る。"))
    found = as_json(read(text))
    assert [row[1:] for row in rows(found)] == [ROWS[1][1:]]
    assert [each["text"] for each in found["unplaced"]] == [
        "観光", "周遊を広める。", "計画を作る。", "体制を作る。", "甲に協力する。",
    ]  # fmt: skip
    assert "stray_text" not in kinds(found)


@pytest.mark.parametrize(
    ("old", "new", "cells"),
    [
        (
            "周遊を広める。\t",
            "周遊を広める。\n案内を整える。\t",
            {2: "周遊を広める。\n案内を整える。"},
        ),
        ("周遊を広める。\t", "周遊を\n広める。\t", {2: "周遊を広める。"}),
        ("計画を作る。\t", "・計画の策定\n・体制の整備\t", {3: "・計画の策定\n・体制の整備"}),
        (
            "甲に協力する。\n農",
            "(1) 協力する。\n(2) 知らせる。\n農",
            {4: "(1) 協力する。\n(2) 知らせる。"},
        ),
        ("甲に協力する。\n農", "甲に協\n力する。\n農", {4: "甲に協力する。"}),
        ("周遊を広める。\t", '"周遊を広める。\n\n案内"\t', {2: "周遊を広める。\n案内"}),
        ("観光\t周遊", "観光と\n観光\t周遊", {}),
    ],
)
def test_a_line_break_in_a_cell_is_kept_and_asked_about_once(
    old: str, new: str, cells: dict[int, str]
) -> None:
    found = changed((old, new))
    expected = [cells.get(place, cell) for place, cell in enumerate(ROWS[0])]
    expected[1] = "観光と観光" if not cells else "観光"
    assert rows(found) == [expected, ROWS[1]]
    assert "lines_in_cells" in kinds(found)


BY_NAME = (("甲及び乙", "みなと市及びやまて町"), ("甲 みなと", "みなと"), ("乙 やまて", "やまて"))


@pytest.mark.parametrize(
    "preamble",
    [
        "みなと市及びやまて町は、",
        "みなと市とやまて町は、",
        "みなと市とやまて町とは、",
        "みなと県みなと市及びみなと県やまて郡やまて町は、",
        None,
    ],
)
def test_parties_may_go_by_their_names_alone(preamble: str | None) -> None:
    declared = PLAIN.splitlines()[1]
    text = "" if preamble is None else preamble + declared.partition("は、")[2]
    found = changed((f"{declared}\n", text and f"{text}\n"), *BY_NAME)
    assert [(each["name"], each["head"]) for each in found["parties"].values()] == [
        ("みなと市", "総務 太郎"),
        ("やまて町", "総務 花子"),
    ]
    assert rows(found) == ROWS
    assert seen(found)["duties"] == DUTIES


@pytest.mark.parametrize(
    "name", ["四日市市", "市川市", "十日町市", "町田市", "大和郡山市", "上郡町"]
)
def test_a_name_may_hold_the_words_that_end_names(name: str) -> None:
    found = changed(
        ("みなと市(以下「甲」という。)及び", f"{name}及び"),
        ("やまて町(以下「乙」という。)", "やまて町"),
    )
    assert seen(found)["parties"] == [name, "やまて町"]


@pytest.mark.parametrize(
    "clause",
    [
        "取組に要する費用及びその分担については、甲及び乙が協議して定める。",
        "前条に規定する事務を処理するために要する経費については、甲及び乙が協議して別に定める。",
        "必要な費用が生じるときは、相互の受益の程度を勘案し、当該費用を負担するものとする。",
        "経費の負担は、その都度、甲乙協議の上、決定する。",
    ],
)
def test_a_cost_clause_is_known_by_what_it_asks_for(clause: str) -> None:
    found = changed(("取組に要する費用の負担については、甲及び乙が協議して別に定める。", clause))
    assert seen(found)["duties"] == DUTIES


def test_a_meeting_about_costs_is_no_cost_clause() -> None:
    found = changed(("毎年度、会議を", "経費について協議するため、毎年度、会議を"))
    assert seen(found)["duties"] == DUTIES


@pytest.mark.parametrize(
    "clause",
    [
        "1年に1回以上、連絡会議を開くものとする。",
        "年１回以上、みなと圏域連携協議会を開催するものとする。",
        "少なくとも毎年一回、会議を開く。",
        "年度ごとに、首長懇談会を開催する。",
        "年に少なくとも1回、協議の場を設ける。",
        "1年につき1回、会合を行うものとする。",
        "半年に1回、連絡会議を招集する。",
    ],
)
def test_a_yearly_meeting_is_known_by_what_it_asks_for(clause: str) -> None:
    assert seen(changed(("毎年度、会議を開催するものとする。", clause)))["duties"] == DUTIES


@pytest.mark.parametrize(
    ("clause", "lines"),
    [
        ("定期的に会議を開催するものとする。", [11, 12]),
        ("必要に応じ、会議を開く。", [11, 12]),
        ("互いに助け合う。", []),
    ],
)
def test_a_meeting_without_a_year_is_asked_about(clause: str, lines: list[int]) -> None:
    found = changed(("毎年度、会議を開催するものとする。", clause))
    assert seen(found)["duties"] == [DUTIES[0], DUTIES[2]]
    remark = next(each for each in found["remarks"] if each["kind"] == "annual_meeting_missing")
    assert remark["lines"] == lines


SIGNED = "甲 みなと市長 総務 太郎\n乙 やまて町長 総務 花子\n"


@pytest.mark.parametrize(
    "signed",
    [
        "甲 住所 みなと県みなと市中央一丁目1番1号\n氏名 みなと市長 総務 太郎\n"
        "乙 やまて町大字山手1番地\nやまて町長 総務 花子\n",
        "みなと県みなと市中央二番町七番地\nみなと市\nみなと市長 総務 太郎\n"
        "みなと県やまて町字山手1\nやまて町\nやまて町長 総務 花子\n",
        "甲 みなと市\n代表者 みなと市長 総務 太郎\n乙 やまて町\n代表者 やまて町長 総務 花子\n",
        "（甲）みなと市長　総務 太郎　印\n（乙）やまて町長　総務 花子　[公印]\n",
        "甲 みなと市 みなと市長 総務 太郎（公印省略）\n乙 やまて町 やまて町長 総務 花子\n",
        "甲：みなと市\n　　みなと市長\n　　総務 太郎\n乙：やまて町\n　　やまて町長\n　　総務 花子\n",
        f"{SIGNED}立会人\nみなと県知事 県庁 一\n",
        f"立会人 みなと県知事 県庁 一\n{SIGNED}",
        "甲 みなと市長 総務 太郎　　　乙 やまて町長 総務 花子\n",
        "甲　みなと市代表者　みなと市長　総務 太郎\n乙　やまて町代表者　やまて町長　総務 花子\n",
        "甲 〒012-3456 みなと県みなと市中央\n市長 総務 太郎\n乙 やまて町\n町長 総務 花子\n",
        "甲 (住所) みなと市中央1-1\n(氏名) みなと市長 総務 太郎\n乙 やまて町長 総務 花子\n",
        "甲 みなと市中央一丁目1番1号 みなと市長 総務 太郎\n乙 やまて町長 総務 花子\n",
    ],
)
def test_heads_sign_beside_addresses_seals_and_witnesses(signed: str) -> None:
    assert seen(changed((SIGNED, signed)))["heads"] == ["総務 太郎", "総務 花子"]


def test_whoever_acts_for_a_head_is_named_with_the_office() -> None:
    found = changed(("みなと市長 総務", "みなと市長職務代理者 みなと市副市長 総務"))
    assert found["parties"]["a"] == {
        "name": "みなと市",
        "title": "みなと市長職務代理者 みなと市副市長",
        "head": "総務 太郎",
    }
    assert not kinds(found)


def test_a_head_not_printed_is_not_made_of_what_stands_below() -> None:
    found = changed(("やまて町長 総務 花子", "やまて町長\n立会人\n県庁 一"))
    assert seen(found)["heads"] == ["総務 太郎", None]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(以下「甲」という。)", "( 以下「甲」という。 )"),
        ("(以下「甲」という。)", "（ 以下 「 甲 」 と いう。）"),
        ("(以下「甲」という。)", "(以下『甲』という。)"),
        ("(以下「甲」という。)", "(以下「甲」と称する。)"),
        ("(以下「甲」という。)", "(以下甲という。)"),
        ("(費用)", "( 費用 )"),
        ("第4条 ", "第 4 条　"),
        ("乙", "⼄"),
        ("長", "⻑"),
        ("方", "⽅"),
        ("年", "\uf98e"),
    ],
)
def test_blanks_brackets_and_stand_ins_change_nothing(old: str, new: str) -> None:
    plain = as_json(read(PLAIN))
    found = as_json(read(PLAIN.replace(old, new)))
    assert rows(found) == ROWS
    for key in ("parties", "concluded_on", "duties", "policy_fields"):
        assert found[key] == plain[key], key


def test_stand_ins_are_asked_about_once_and_plain_in_what_is_kept() -> None:
    found = as_json(read(PLAIN.replace("乙", "⼄").replace("方", "⽅")))
    (remark,) = found["remarks"]
    assert remark["kind"] == "stand_in_characters" and "「⼄」" in remark["text"]
    assert "⼄" not in found["preamble"]


def test_a_variant_in_a_name_stays_as_printed() -> None:
    assert seen(changed(("総務 太郎", "\ufa19﨑 太郎")))["heads"][0] == "\ufa19﨑 太郎"


LISTED = """(1) 生活機能の強化に係る政策分野
ア 医療
(ア) 救急医療の確保
a 取組の内容
救急を整える。
b 甲の役割
(a) 体制を作る。
(b) 経費を負担する。
c 乙の役割
(a) 協議に応ずる。
(イ) 看護師の育成
a 取組の内容
看護師を育てる。
b 甲の役割
場を設ける。
c 乙の役割
人を送る。
イ 福祉
(ア) 子育ての支援
a 取組の内容
子育てを支える。
b 甲の役割
施設を開く。
c 乙の役割
費用を負担する。
(2) 結びつきの強化に係る政策分野
ア 交通
(ア) バスの維持
a 取組の内容
バスを保つ。
b 甲の役割
計画を作る。
c 乙の役割
甲に協力する。"""
FLAT = """(1) 圏域全体の経済成長のけん引
a 経済戦略の策定、体制の整備
(a) 取組内容
戦略を作る。
(b) 役割分担
i 甲の役割
協議会を営む。
ii 乙の役割
協議会に加わる。
b 観光の推進
(a) 取組内容
観光を進める。
(b) 役割分担
i みなと市の役割
案内を作る。
ii やまて町の役割
案内を配る。"""


def listed(items: str) -> dict[str, Any]:
    return changed(
        ("別表に掲げるとおりとする。", f"次に掲げるとおりとする。\n{items}"),
        (PLAIN[PLAIN.index("別表(") :], ""),
    )


def test_an_article_may_list_measures_in_three_steps() -> None:
    found = listed(LISTED)
    assert rows(found) == [
        [
            "1(1)-1",
            "救急医療の確保",
            "救急を整える。",
            "(a) 体制を作る。\n(b) 経費を負担する。",
            "(a) 協議に応ずる。",
        ],
        ["1(1)-2", "看護師の育成", "看護師を育てる。", "場を設ける。", "人を送る。"],
        ["1(2)-1", "子育ての支援", "子育てを支える。", "施設を開く。", "費用を負担する。"],
        ["2(1)-1", "バスの維持", "バスを保つ。", "計画を作る。", "甲に協力する。"],
    ]
    assert [(each["number"], each["title"]) for each in found["policy_fields"]] == [
        ("1", "生活機能の強化に係る政策分野"),
        ("1(1)", "医療"),
        ("1(2)", "福祉"),
        ("2", "結びつきの強化に係る政策分野"),
        ("2(1)", "交通"),
    ]
    assert seen(found)["duties"] == DUTIES and seen(found)["article3_paragraphs"] == 1
    assert LISTED in found["articles"][2]["paragraphs"][0]


def test_an_article_may_list_measures_in_two_steps() -> None:
    found = listed(FLAT)
    assert rows(found) == [
        ["1-1", "経済戦略の策定、体制の整備", "戦略を作る。", "協議会を営む。", "協議会に加わる。"],
        ["1-2", "観光の推進", "観光を進める。", "案内を作る。", "案内を配る。"],
    ]
    assert not found["unplaced"] and not kinds(found)


TITLE = PLAIN.splitlines()[0]


@pytest.mark.parametrize(
    ("printed", "title"),
    [
        ("連携協約書(令和6年3月28日締結)", "連携協約書(令和6年3月28日締結)"),
        (f"{TITLE}（案）", f"{TITLE}（案）"),
        (f"○{TITLE}\n令和6年3月28日\n連携協約", TITLE),
        (TITLE.replace("中枢都市圏の", "中枢都市圏の\n"), TITLE),
        (TITLE.replace("形成に係る", "形成に係る\n"), TITLE),
        (f"{TITLE}\n(令和6年3月28日締結)", TITLE),
        (f"{TITLE}　令和6年3月28日", f"{TITLE}　令和6年3月28日"),
    ],
)
def test_a_title_is_read_with_what_stands_around_it(printed: str, title: str) -> None:
    assert changed((f"{TITLE}\n", f"{printed}\n"))["title"] == title


def test_a_day_in_the_title_is_the_day_where_no_other_stands() -> None:
    found = changed((f"{TITLE}\n", "連携協約書(令和6年3月27日締結)\n"), ("令和6年3月28日\n", ""))
    assert found["concluded_on"] == "2024-03-27"


@pytest.mark.parametrize(
    ("words", "amends"),
    [
        (
            "平成30年3月1日に締結した連携協約(以下「原協約」という。)を変更する連携協約を次のとおり締結する。",
            True,
        ),
        ("連携協約の一部を次のように改正する。", True),
        (
            "平成30年3月1日締結の連携協約について、その一部を変更することとし、この協約を締結する。",
            True,
        ),
        ("次のとおり連携協約を締結する。", False),
    ],
)
def test_a_change_may_be_said_in_the_preamble_alone(words: str, amends: bool) -> None:
    found = changed(("次のとおり連携協約を締結する。", words))
    assert found["amends"] is amends
    assert bool(found["duties"]) is not amends


def test_an_article_on_changes_changes_nothing() -> None:
    found = changed(
        ("第6条 疑義", "第6条 この連携協約を変更しようとするときは、協議する。\n2 疑義")
    )
    assert found["amends"] is False


def test_an_agreement_that_takes_the_place_of_another_is_asked_about() -> None:
    found = changed(("次のとおり", "平成30年3月1日に締結した連携協約を廃止し、次のとおり"))
    assert (found["amends"], kinds(found)) == (False, {"replaces_earlier"})


SECOND = "第2条 甲及び乙は、相互に連携を図るものとする。"


@pytest.mark.parametrize(
    ("text", "paragraphs"),
    [
        (f"{SECOND}\n② 前項の取組は、計画的に行う。", 2),
        (f"{SECOND}\n２　前項の取組は、計画的に行う。\n３　前項は、別に定める。", 3),
        ("第2条 次に掲げる方針による。\n一 連携すること。\n二 計画的に行うこと。", 1),
        ("第2条 次に掲げる方針による。\n⑴　連携すること。\n⑵　計画的に行うこと。", 1),
        ("第2条 次に掲げる方針による。\n① 連携すること。\n② 計画的に行うこと。", 1),
        ("第2条 甲及び乙は、次の\n2 つの役割について、\n第3条の取組を図る。", 1),
        ("第2条 甲及び乙は、\n- 3 -\n連携を図る。\n4/12", 1),
    ],
)
def test_paragraphs_begin_where_their_numbers_stand(text: str, paragraphs: int) -> None:
    assert len(changed((SECOND, text))["articles"][1]["paragraphs"]) == paragraphs


def test_page_numbers_are_asked_about_once() -> None:
    found = changed((SECOND, f"{SECOND}\n- 1 -"), ("農業\t", f"2\n{HEADER}\n農業\t"))
    assert rows(found) == ROWS and kinds(found) == {"page_number"}
    assert [each["text"] for each in found["unplaced"]] == ["- 1 -", "2"]


def test_blanks_may_stand_for_tabs() -> None:
    found = as_json(assert_accounted(PLAIN.replace("\t", "　　")))
    assert rows(found) == ROWS and kinds(found) == {"table_without_columns"}


@pytest.mark.parametrize("often", ["2年に1回", "令和6年に1回", "12年に一度だけ2回"])
def test_what_is_not_yearly_is_no_yearly_meeting(often: str) -> None:
    found = changed(("毎年度、会議を", f"{often}、会議を"))
    assert "annual_meeting_missing" in kinds(found)
