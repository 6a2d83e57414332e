"""Importing an agreement: questions, answers, and what is saved."""

import re

import pytest
from sqlalchemy import func, select

from tests import cast
from tests.agreements.makers import (
    CONTENT,
    FILE,
    REAL,
    answer_all,
    asked,
    changed,
    clear_agreements,
    make_agreement,
    make_job,
)
from tracker.agreements import queries, rules
from tracker.agreements.models import (
    Agreement,
    AgreementDuty,
    AnnexEntry,
    Article,
    ImportJob,
    Measure,
    PolicyField,
)
from tracker.agreements.review import actions
from tracker.history import history
from tracker.history.history import HistoryEntry
from tracker.kernel.refusal import Refusal
from tracker.plumbing.changes import Act, Conflict
from tracker.plumbing.db import db

pytestmark = pytest.mark.engines_by_turns

SOTOGAHAMA = ("今別町", "外ヶ浜町")


@pytest.fixture
def empty(both):
    clear_agreements()
    return both


def counts(*tables: type) -> list[int]:
    return [db.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def test_the_real_text_becomes_an_agreement(empty):
    agreement = make_agreement()
    assert counts(Article, AgreementDuty, Measure, AnnexEntry) == [6, 3, 15, 15]
    assert (agreement.head_a, agreement.head_b) == ("小野寺晃彦", "中嶋久")
    assert agreement.concluded_on.isoformat() == "2019-12-25"
    assert agreement.legal_basis.endswith("第252条の2第1項")
    assert agreement.source_text == REAL
    fields = db.session.scalars(select(PolicyField).order_by(PolicyField.position)).all()
    assert [field.number for field in fields] == ["1", "2", "3", "3(1)", "3(2)", "3(3)"]
    assert [field.parent_number for field in fields] == [None, None, None, "3", "3", "3"]
    numbers = [row.number for row in queries.measures()]
    assert numbers[3:6] == ["1-4", "2-1", "3(1)-1"] and len(numbers) == 15
    row = queries.measure("3(1)-4", cast.TODAY)
    assert row.entries[0].role_b == "甲と連携して実施する事業について、協力して取り組む。"


def test_five_things_are_asked_about_the_real_text(empty):
    job = make_job()
    assert list(asked(job)) == [
        "joined_line-43",
        "name_maybe_cut-57",
        "split_row-84",
        "stray_text-102",
        "annual_meeting-5-1",
    ]


def test_registering_is_refused_while_a_question_is_open(empty):
    job = make_job()
    actions.answer(Act(None, cast.NOW), job, "split_row-84", "accept")
    with pytest.raises(Refusal, match="確認していないところが4件"):
        actions.register(Act(None, cast.NOW), job)
    db.session.rollback()
    assert counts(Agreement, Article, Measure, PolicyField) == [0, 0, 0, 0]


def test_an_answer_keeps_who_gave_it_and_may_be_changed(empty, actor):
    job = make_job()
    actions.answer(Act(actor("office"), cast.NOW), job, "stray_text-102", "accept")
    actions.answer(Act(actor("admin"), cast.NOW), job, "stray_text-102", "keep")
    db.session.expire_all()
    given = db.session.get(ImportJob, job.id).answers["stray_text-102"]
    assert (given["choice"], given["by"]) == ("keep", "青森市 管理者")
    written = db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc())).first()
    assert written.summary.endswith("に「末尾の文として残す」と答えました。")
    assert written.payload["before"]["answers"]["stray_text-102"]["choice"] == "accept"
    assert history.verify() is None


@pytest.mark.parametrize(
    ("key", "choice", "value", "said"),
    [
        ("name_maybe_cut-57", "type", "  ", "氏名を入力してください。"),
        ("name_maybe_cut-57", "type", "あ" * 101, "100字までで入力してください（今 101字）"),
        ("split_row-84", "omit-everything", None, "答えを1つ選んでください"),
        ("split_row-84", "blank", None, "答えを1つ選んでください"),
        ("split_row-1", "accept", None, "この質問は見つかりません"),
    ],
)
def test_an_answer_the_question_does_not_offer_is_refused(empty, key, choice, value, said):
    job = make_job()
    with pytest.raises(Refusal, match=said):
        actions.answer(Act(None, cast.NOW), job, key, choice, value)
    db.session.rollback()
    assert db.session.get(ImportJob, job.id).answers == {}


@pytest.mark.parametrize("name", ["中嶋久彰", "中嶋　久彰", "中嵨久", "ﾅｶｼﾏ"])
def test_a_name_is_kept_as_the_person_typed_it(empty, name):
    assert make_agreement(name_maybe_cut=("type", name)).head_b == name


def test_a_name_may_stay_unregistered(empty):
    assert make_agreement(name_maybe_cut=("blank", "")).head_b is None


def test_a_split_row_may_become_two_measures(empty):
    make_agreement(split_row=("split", ""))
    rows = [row for row in queries.measures() if row.field_number == "3(1)"]
    assert [row.title for row in rows[3:6]] == ["教育・文化・スポーツ"] * 2 + ["地域振興"]
    assert rows[-1].number == "3(1)-8"
    upper = queries.measure("3(1)-4", cast.TODAY).entries[0]
    lower = queries.measure("3(1)-5", cast.TODAY).entries[0]
    assert upper.content.endswith("各種連") and lower.content == "携事業に取り組む。"
    assert lower.role_b == "む。"


def test_stray_text_that_is_kept_stands_after_the_closing_words(empty):
    closing = make_agreement(stray_text=("keep", "")).closing
    assert closing.endswith("保有する。\n清華大學\n圖書館\n清華大學\n圖書館\n藏書")


def test_lines_that_are_not_joined_keep_their_break(empty):
    assert "甲及び乙が記名\n押印の上" in make_agreement(joined_line=("break", "")).closing


def test_no_yearly_duty_is_made_when_nobody_wants_one(empty):
    make_agreement(annual_meeting=("omit", ""))
    kinds = db.session.scalars(select(AgreementDuty.kind)).all()
    assert sorted(kinds) == ["cost_sharing", "question"]


def test_a_blank_signing_day_is_asked_for(empty):
    text = changed(("\n令和元年12月25日\n", "\n令和　　年　　月　　日\n"))
    agreement = make_agreement(text, part_missing=("type", "R1.12.25"))
    assert agreement.concluded_on.isoformat() == "2019-12-25"


def test_a_second_agreement_shares_the_measures_and_keeps_its_own_words(empty):
    make_agreement()
    make_agreement(changed(SOTOGAHAMA, (CONTENT, "海と山の観光資源の情報発信等")))
    assert counts(Measure, AnnexEntry, PolicyField) == [15, 30, 6]
    found = queries.measure("1-4", cast.TODAY)
    assert [entry.town for entry in found.entries] == ["今別町", "外ヶ浜町"]
    assert [entry.town for entry in rules.differing(found.entries)] == ["外ヶ浜町"]
    assert not rules.differing(queries.measure("1-3", cast.TODAY).entries)


def test_a_measure_the_area_lacks_stands_last_in_its_field(empty):
    make_agreement()
    row = "消防\t消防を整える。\t甲は、整える。\t乙は、手伝う。\n"
    make_agreement(changed(SOTOGAHAMA, ("地域医療\t", f"{row}地域医療\t")))
    rows = [(row.number, row.title) for row in queries.measures()]
    place = rows.index(("3(1)-8", "消防"))
    assert rows[place - 1][0] == "3(1)-7" and rows[place + 1][0] == "3(2)-1"
    assert [entry.town for entry in queries.measure("3(1)-8", cast.TODAY).entries] == ["外ヶ浜町"]


def test_an_other_title_of_a_field_is_asked_about(empty):
    make_agreement()
    job = make_job(changed(SOTOGAHAMA, ("2 高次の都市機能", "2 高度な都市機能")))
    question = asked(job)["field_differs-2"]
    assert question.quote[1] == ("登録済み", "高次の都市機能の集積・強化")


@pytest.mark.parametrize("swapped", [False, True])
def test_a_second_agreement_of_the_same_two_is_refused(empty, swapped):
    make_agreement()
    text = REAL.translate(str.maketrans("甲乙", "乙甲")) if swapped else REAL
    job = make_job(text)
    answer_all(job)
    with pytest.raises(Refusal, match="協約（令和元年12月25日締結）は、すでに登録されています"):
        actions.register(Act(None, cast.NOW), job)
    db.session.rollback()
    assert counts(Agreement, Article, AnnexEntry) == [1, 6, 15]


def test_after_the_old_agreement_ended_a_new_one_is_registered(empty):
    make_agreement().ended_on = cast.TODAY.replace(day=1)
    db.session.commit()
    make_agreement()
    assert counts(Agreement, Measure) == [2, 15]
    assert len(queries.measure("1-1", cast.TODAY).entries) == 1


def test_an_import_is_registered_once(empty):
    job = make_job()
    answer_all(job)
    agreement = actions.register(Act(None, cast.NOW), job)
    assert job.agreement_id == agreement.id and queries.unfinished() == []
    for act in (
        lambda: actions.register(Act(None, cast.NOW), job),
        lambda: actions.answer(Act(None, cast.NOW), job, "split_row-84", "split"),
        lambda: actions.discard(Act(None, cast.NOW), job),
    ):
        with pytest.raises(Refusal, match="すでに登録が済んでいます"):
            act()


def test_a_discarded_import_is_gone_but_remembered(empty, actor):
    job = make_job()
    actions.discard(Act(actor("office"), cast.NOW), job)
    assert counts(ImportJob) == [0]
    last = db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc())).first()
    assert last.verb == "agreement.import_discarded"


def test_a_party_outside_the_area_is_chosen_from_the_area(empty):
    job = make_job(changed(("今別町", "今別村")))
    question = asked(job)["party_unknown-b"]
    assert question.options[2] == "今別町"
    with pytest.raises(Refusal, match="市町村を選んでください"):
        actions.answer(Act(None, cast.NOW), job, "party_unknown-b", "type", "大阪市")
    answer_all(job, party_unknown=("type", "今別町"))
    agreement = actions.register(Act(None, cast.NOW), job)
    assert queries.find_agreement(agreement.id)[2] == "今別町"


def test_one_municipality_cannot_be_both_parties(empty):
    job = make_job(changed(("今別町", "今別村")))
    answer_all(job, party_unknown=("type", "青森市"))
    with pytest.raises(Refusal, match="甲と乙が同じ市町村"):
        actions.register(Act(None, cast.NOW), job)


def test_measures_without_a_policy_field_stand_under_the_annex(empty):
    headings = re.findall(r"\n(?:[123] |\([123]\) )(?:圏域|高次|生活|結びつき).*", REAL)
    assert len(headings) == 6
    make_agreement(changed(*((heading, "") for heading in headings)))
    assert [(row.number, row.field_title) for row in queries.measures()] == [
        (f"0-{place}", "別表") for place in range(1, 16)
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([("形成に係る連携協約", "形成に係る連携協約の一部を変更する連携協約")], "変更する協約は"),
        (
            [
                (
                    "（以下「乙」という。）は",
                    "（以下「乙」という。）及び平内町（以下「丙」という。）は",
                )
            ],
            "当事者が3者以上",
        ),
        ([("目的を達成", "目" * 300_000)], "文字の数が多すぎます（今 3"),
        (
            [("介護\t", "救急\tあ。\tい\n\tう。\tえ。\n" * 201 + "介護\t")],
            "迷うところが多すぎます（406件）",
        ),
        ([("介護\t", "介護" * 200 + "\t")], "が長すぎます（今 400字、300字まで）"),
    ],
)
def test_what_cannot_be_kept_is_refused_before_the_review(empty, changes, said):
    with pytest.raises(Refusal, match=said):
        make_job(changed(*changes))
    db.session.rollback()
    assert counts(ImportJob) == [0]


def test_importing_in_one_go_needs_no_doubt_or_acceptance(empty):
    with pytest.raises(Refusal, match="確認が必要なところが4件"):
        actions.import_text(Act(None, cast.NOW), REAL, FILE.name, accept=False)
    db.session.rollback()
    assert counts(Agreement, ImportJob) == [0, 0]
    agreement, accepted = actions.import_text(Act(None, cast.NOW), REAL, FILE.name, accept=True)
    assert (agreement.head_b, len(accepted)) == ("中嶋久", 5)


def test_a_text_without_doubts_is_registered_in_one_go(empty):
    split, end = REAL.index("教育・文化・スポーツ"), REAL.index("地域振興\t")
    clean = REAL[:split] + REAL[end:].partition("\n\n清華大學")[0]
    clean = clean.replace("記名\n\n押印", "記名押印").replace("中嶋久", "中嶋久彰")
    agreement, accepted = actions.import_text(
        Act(None, cast.NOW), clean, FILE.name, accept=False, is_example=True
    )
    assert agreement.is_example and [each.key for each in accepted] == ["annual_meeting-5-1"]
    assert len(queries.measures()) == 14


def test_the_record_tells_every_column_and_of_the_text_only_which_it_was(empty, actor):
    agreement = actions.import_text(Act(actor("office"), cast.NOW), REAL, "a.txt", accept=True)[0]
    entries = db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id)).all()
    kinds = [(one.verb, one.subject_kind) for one in entries]
    assert kinds == [
        ("agreement.import_started", "import"),
        *[("agreement.import_answered", "import")] * 5,
        ("agreement.registered", "agreement"),
    ]
    assert len(entries[1].payload["after"]["answers"]) == 1
    assert len(entries[5].payload["before"]["answers"]) == 4
    after = entries[-1].payload["after"]
    assert (after["concluded_on"], after["head_b"]) == ("2019-12-25", "中嶋久")
    assert after["source_text"]["length"] == len(REAL)
    assert after["import_job/1/agreement_id"] == agreement.id
    assert sum(key.startswith("annex_entry/") for key in after) == 15 * 5
    assert history.verify() is None


def test_nobody_answers_or_registers_over_what_another_did(empty, actor):
    job = make_job()
    seen = job.seen
    actions.answer(Act(actor("admin"), cast.NOW), job, "split_row-84", "split")
    for late in (
        lambda act: actions.answer(act, job, "split_row-84", "accept", None, seen),
        lambda act: actions.register(act, job, seen),
        lambda act: actions.discard(act, job, seen),
    ):
        with pytest.raises(Conflict, match="青森市 管理者"):
            late(Act(actor("office"), cast.NOW))
        db.session.rollback()
    assert job.answers["split_row-84"]["choice"] == "split"
