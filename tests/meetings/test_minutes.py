"""The minutes: written, circulated, confirmed by every municipality, locked; silence is no word."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from tests.cost_sharing.makers import act_of
from tests.duties.makers import MEMBERS
from tests.meetings.makers import TOWNS, make_meeting
from tracker.duty.kinds import Kind
from tracker.kernel.permissions import Actor, Role
from tracker.kernel.refusal import Refusal
from tracker.mail.letters import Letter
from tracker.materials import papers
from tracker.meetings import actions as meeting_actions
from tracker.meetings import queries as meetings
from tracker.meetings.agenda import actions as agenda
from tracker.meetings.agenda.rules import AgendaSource
from tracker.meetings.duties import minutes_duties
from tracker.meetings.meeting import Unminuted
from tracker.meetings.minutes import actions, queries, rules
from tracker.meetings.minutes.rules import MinutesSheet, MinutesState, MinutesWord, PartText
from tracker.meetings.models import AgendaItem, MeetingRow, MinutesPart
from tracker.meetings.rules import AgendaKind, Attendance
from tracker.plumbing.changes import Conflict
from tracker.plumbing.db import db
from tracker.record.queries import verdict
from tracker.record.reading.queries import exported
from tracker.schema import append_only

pytestmark = pytest.mark.engines_by_turns

AT, DUE = datetime(2026, 11, 24, 1, tzinfo=UTC), date(2026, 12, 4)
FIVE = tuple(sorted(TOWNS.values(), key=lambda town: town.code))
PARTS = {
    1: PartText(1, "進捗", None, 2, "述べた。", mark="a"),
    2: PartText(2, "二町の件", ("hiranai", "imabetsu"), 1, "", "続ける。", mark="b"),
}
SHEET = MinutesSheet(*(2, "1", AT, DUE, None, frozenset({9}), PARTS, (), (), FIVE))


def somebody(role: Role, slug: str, person: int = 1) -> Actor:
    town = TOWNS[slug]
    return Actor(person, "担当", role, slug, town.id, town.name, 1, town.is_hub)


def printed(row: MeetingRow, slug: str) -> str:
    """The blocks of 会議録 as a municipality gets it."""
    of = papers.minutes_subject(meetings.of(row), act_of("officer", slug).by)
    return repr(papers.meeting_minutes(of).blocks)


def word(slug: str, item: int = 1, revision: int = 2, mark: str | None = None) -> MinutesWord:
    return MinutesWord(item, revision, TOWNS[slug], True, "", "担当", AT, mark)


def slugs(towns) -> set[str]:
    return {town.slug for town in towns}


def test_a_word_counts_for_one_item_as_it_was_shown():
    said = [
        # On a text before; on what was shown; with another title since; of one item of two.
        *(word("aomori", revision=1), word("yomogita"), word("sotogahama", mark="before")),
        *(word("hiranai", mark="a"), word("imabetsu"), word("imabetsu", 2, 1, "b")),
        word("hiranai")._replace(is_confirmed=False, words="「述べた」は「説明した」。"),
    ]
    sheet = SHEET._replace(words=said)
    assert slugs(sheet.confirmed) == {"yomogita", "imabetsu"}
    assert slugs(sheet.waiting) == {"aomori", "hiranai", "sotogahama"}
    # Asked to correct what it had confirmed: the last word counts, until the next one.
    assert [part.item_id for part in sheet.left(TOWNS["hiranai"])] == [1, 2]
    assert [one.town.slug for one in sheet.open_requests] == ["hiranai"]
    again = sheet._replace(words=[*said, word("hiranai")])
    assert [part.item_id for part in again.left(TOWNS["hiranai"])] == [2]
    final = sheet._replace(final_at=AT)
    assert again.open_requests == final.open_requests == ()
    assert list(final.given(TOWNS["hiranai"])) == [1]
    # Another text of an item voids what was said of it, and nothing else.
    changed = sheet._replace(parts={**PARTS, 2: PARTS[2]._replace(revision=3)})
    assert slugs(changed.confirmed) == {"yomogita"} and len(changed.open_requests) == 1
    assert [part.item_id for part in changed.left(TOWNS["imabetsu"])] == [2]
    # Kept from all but two: the others are not asked for any word.
    kept = SHEET._replace(parts={2: PARTS[2]})
    assert slugs(kept.asked) == {"hiranai", "imabetsu"}
    assert SHEET._replace(words=said, sent_at=None).waiting == ()


def test_what_a_page_showed_is_another_with_each_item_text_and_title():
    first = rules.shown(PARTS.values())
    others = [
        *([PARTS[1]], [PARTS[2]._replace(item_id=3), PARTS[1]]),
        *([PARTS[1]._replace(mark="c"), PARTS[2]], [PARTS[1]._replace(revision=3), PARTS[2]]),
    ]
    assert first == rules.shown(dict(PARTS).values())
    assert first not in {rules.shown(one) for one in others}


def test_a_sentence_is_what_ends_with_its_sign_or_its_line():
    one = PartText(1, "件", gist="甲が述べた。乙が答えた。\n\n丙は欠席", decided="続ける。")
    assert one.sentences == ("甲が述べた。", "乙が答えた。", "丙は欠席", "続ける。")


# The state, the day, who reads them.
SHOWN = [
    (SHEET._replace(sent_at=None), DUE, {"office"}),
    (SHEET._replace(sent_at=None, parts={1: PartText(1, "件")}), DUE, {"office"}),
    (SHEET, DUE, {"office", "officer", "confirmer"}),
    (SHEET, date(2026, 12, 5), {"office", "officer", "confirmer", "reader", "lead"}),
    (SHEET._replace(final_at=AT), DUE, {"office", "officer", "confirmer", "reader", "lead"}),
]


@pytest.mark.parametrize(("sheet", "today", "readers"), SHOWN, ids=map(str, range(5)))
def test_who_reads_the_minutes(sheet, today, readers):
    people = {
        role.value: somebody(role, "aomori" if role is Role.OFFICE else "imabetsu")
        for role in (Role.OFFICE, Role.OFFICER, Role.CONFIRMER, Role.READER, Role.LEAD)
    }
    assert {n for n, one in people.items() if rules.is_shown(sheet, one, today)} == readers


REFUSED = [
    (SHEET._replace(sent_at=None), 1, "この議事録は「作成中」です。"),
    (SHEET._replace(final_at=AT), 1, "この議事録は「確定」です。"),
    (SHEET, 9, "ご自分が書いた議事録は確認できません。"),
    (SHEET._replace(words=[word("imabetsu"), word("imabetsu", 2, 1)]), 1, "すでに確認済みです。"),
    (SHEET._replace(parts={**PARTS, 3: PartText(3, "新しい件")}), 1, "「新しい件」の記録がまだ"),
    (SHEET._replace(parties=[TOWNS["aomori"]]), 1, "席のある市町村だけ"),
    (
        SHEET._replace(parts={2: PARTS[2]._replace(only=("hiranai",))}),
        *(1, "今別町が読める議題はないため"),
    ),
]


@pytest.mark.parametrize(("sheet", "person", "said"), REFUSED, ids=map(str, range(7)))
def test_who_may_not_confirm(sheet, person, said):
    with pytest.raises(Refusal, match=said):
        rules.check_word(sheet, somebody(Role.CONFIRMER, "imabetsu", person), confirms=True)


def test_each_step_has_an_owner_until_the_minutes_are_final():
    one = Unminuted("/meetings/1", "会議", date(2027, 1, 28), AT, None, None, ("imabetsu",), ())
    [duty] = minutes_duties([one], MEMBERS)
    assert (duty.kind, duty.owner.municipality, duty.is_done) == (
        *(Kind.MINUTES_UNCIRCULATED, "aomori", False),
    )
    sent = one._replace(sent_at=AT, reply_due_on=DUE, asked=("hiranai", "imabetsu"))
    told = list(minutes_duties([sent._replace(waiting=("imabetsu",))], MEMBERS))
    assert [(duty.kind, duty.owner.municipality, duty.is_done) for duty in told] == [
        (Kind.MINUTES_UNCONFIRMED, "hiranai", True),
        (Kind.MINUTES_UNCONFIRMED, "imabetsu", False),
    ]


def held(**words: Any) -> tuple[MeetingRow, AgendaItem]:
    """A meeting that took place, with one item."""
    row = make_meeting(**words)
    row.held_on, row.begins, row.ends = date(2026, 11, 20), time(14), time(15)
    row.fixed_at = AT
    db.session.commit()
    everybody = {town.slug: (Attendance.HEAD, "") for town in FIVE}
    meeting_actions.record_attendance(act_of("office"), row, everybody)
    return row, agenda.propose(act_of("office"), row, "進捗について", "")


def state(row: MeetingRow) -> MinutesState:
    return queries.sheet(meetings.of(row)).state


def test_from_the_first_word_to_the_last(both):
    row, item = held()
    office = act_of("office")
    with pytest.raises(Refusal, match="「進捗について」の記録がまだありません"):
        actions.send(office, row, DUE)
    kept = agenda.propose(office, row, "一町の件", "", only=["imabetsu"])
    for one in (item, kept):
        actions.write(office, row, one, "述べた。", "続ける。")
    assert [one.sent_at for one in queries.unminuted([meetings.of(row)])] == [None]
    written = actions.send(office, row, DUE)
    asked = select(func.count()).where(Letter.kind == "minutes_request")
    assert written == db.session.scalar(asked) > 0
    town, sheet = TOWNS["hiranai"], queries.sheet(meetings.of(row))
    imabetsu = act_of("officer", "imabetsu")
    actions.ask_correction(imabetsu, row, item.id, "続ける。", "「続ける」は「広げる」。")
    seen = rules.shown(sheet.of(town))
    actions.confirm(act_of("confirmer", "hiranai"), row, seen)
    # A changed text is another: the word given on it is void, and it goes out again.
    actions.write(office, row, item, "述べた。", "広げる。")
    assert state(row) is MinutesState.DRAFT
    actions.send(office, row, DUE)
    with pytest.raises(Conflict):
        actions.confirm(act_of("confirmer", "hiranai"), row, seen)
    db.session.rollback()
    # Another item than hiranai's own changes: hiranai is not asked again, nor written to.
    actions.confirm(act_of("confirmer", "hiranai"), row)
    actions.write(office, row, kept, "述べた。", "取りやめる。")
    before = db.session.scalar(asked)
    actions.send(office, row, DUE)
    assert slugs(queries.sheet(meetings.of(row)).confirmed) == {"hiranai"}
    to = select(Letter.municipality_id).where(Letter.kind == "minutes_request")
    last = db.session.scalars(to.order_by(Letter.id).offset(before)).all()
    assert last and town.id not in last
    for slug in ("imabetsu", "yomogita", "sotogahama", "aomori"):
        assert state(row) is MinutesState.SENT
        actions.confirm(act_of("confirmer", slug), row)
    assert state(row) is MinutesState.FINAL and row.minutes_final_at == office.at
    with pytest.raises(Refusal, match="確定しています"):
        actions.write(office, row, item, "別の文", "")
    actions.add_erratum(office, row, "「広げる」の対象は農業研修である。")
    actions.add_erratum(office, row, "一町の訂正。", kept.id)
    sheet = queries.sheet(meetings.of(row))
    assert (len(sheet.requests), len(sheet.errata), sheet.waiting) == (1, 2, ())
    # Of an item that only some may read: they alone read its correction, also on paper and in the record.
    shown = {slug: printed(row, slug) for slug in ("imabetsu", "hiranai")}
    assert {slug: "一町の訂正" in told for slug, told in shown.items()} == {
        "imabetsu": True,
        "hiranai": False,
    }
    assert all("農業研修である" in told for told in shown.values())
    assert "一町の訂正" not in "".join(exported(None))
    assert queries.unminuted([meetings.of(row)]) == [] and not verdict().problems
    # Who came stands in them: another record of it says why, below them.
    came = {town.slug: (Attendance.HEAD, "") for town in FIVE}
    with pytest.raises(Refusal, match="理由を入力してください"):
        meeting_actions.record_attendance(office, row, came)
    meeting_actions.record_attendance(office, row, came, reason="入力の誤り。")
    assert "理由：入力の誤り。" in queries.sheet(meetings.of(row)).errata[-1].words
    with pytest.raises(DatabaseError):
        db.session.get_one(MinutesPart, item.id).decided = "別の決定"
        db.session.flush()
    db.session.rollback()
    # At the release before everybody would read all corrections: what only some may read is dropped.
    downgrade(revision="0058")
    upgrade()
    left = db.session.execute(text("SELECT item_id, words FROM minutes_erratum ORDER BY id")).all()
    assert [one.item_id for one in left] == [None, None] and "農業研修" in left[0].words


def test_nobody_who_was_asked_drops_out_by_a_change_of_the_agenda(both):
    row, item = held()
    office = act_of("office")
    kept = agenda.propose(office, row, "一町の件", "", only=["imabetsu", "hiranai"])
    theirs = agenda.propose(act_of("officer", "imabetsu"), row, "冬季講座", "")
    for one in (item, kept):
        actions.write(office, row, one, "述べた。", "続ける。")
    actions.send(office, row, DUE)
    asked = queries.sheet(meetings.of(row)).asked
    source = AgendaSource(AgendaKind.PROGRESS, "進捗", "")
    presses = [
        lambda: agenda.change(office, row, item, "別の題", "", None, ["imabetsu"]),
        lambda: agenda.propose(office, row, "新しい件", ""),
        lambda: agenda.propose(act_of("officer", "imabetsu"), row, "新しい件", ""),
        lambda: agenda.take(office, row, [source]),
        lambda: agenda.accept(office, row, theirs),
        lambda: agenda.move(office, row, item, 1),
        lambda: agenda.strike(office, row, item, "誤り。"),
        lambda: agenda.put_back(office, row, item),
    ]
    for press in presses:
        with pytest.raises(Refusal, match="確認をお願いしているため、議題は変えられません"):
            press()
        db.session.rollback()
    # Taken back for another text, the agenda opens again; who was asked is still asked.
    actions.write(office, row, item, "述べた。", "広げる。")
    for one, only in ((item, ["imabetsu"]), (kept, ["imabetsu"])):
        with pytest.raises(Refusal, match="読める市町村を減らせません"):
            agenda.change(office, row, one, one.title, "", None, only)
        db.session.rollback()
    with pytest.raises(Refusal, match="読める議題がなくなる"):
        agenda.strike(office, row, item, "誤り。")
    db.session.rollback()
    agenda.change(office, row, kept, "皆の件", "", None, [])
    agenda.strike(office, row, item, "誤り。")
    actions.send(office, row, DUE)
    assert queries.sheet(meetings.of(row)).asked == asked == FIVE


def test_the_one_who_wrote_does_not_confirm(both):
    row, item = held()
    by = act_of("office")
    actions.write(by, row, item, "述べた。", "")
    actions.send(by, row, DUE)
    confirmer = act_of("confirmer", "aomori")
    same = replace(confirmer, by=replace(confirmer.person, person_id=by.person.person_id))
    with pytest.raises(Refusal, match="ご自分が書いた"):
        actions.confirm(same, row)


def test_office_and_town_on_the_pages(browse, app):
    with app.app_context():
        row, item = held()
        meeting_id, item_id = row.id, item.id
        proposed = agenda.propose(act_of("officer", "imabetsu"), row, "冬季講座", "").id
        with pytest.raises(Refusal, match="先に議題に加えて"):
            actions.write(
                act_of("office"), row, db.session.get_one(AgendaItem, proposed), "述べた。", ""
            )
        db.session.rollback()
    path = f"/meetings/{meeting_id}/minutes"
    office = browse("office")
    for way, said in (
        (f"items/{proposed}", "先に議題に加えてください。"),
        ("send", "「進捗について」の記録がまだありません。"),
        ("erratum", "議事録はまだ確定していません。"),
    ):
        closed = office.get(f"{path}/{way}").text
        assert said in closed and "<textarea" not in closed
    page = office.get(f"{path}/items/{item_id}")
    office.post(
        f"{path}/items/{item_id}", {**page.fields(), "gist": "述べた。", "decided": "続ける。"}
    )
    town = browse("confirmer", "imabetsu")
    assert "議事録はまだ公開されていません。" in town.get(path).text
    page = office.get(f"{path}/send")
    done = office.post(f"{path}/send", page.fields())
    assert "確認待ち：青森市・平内町・今別町・蓬田村・外ヶ浜町" in office.follow(done).text
    for way in ("", "/new", f"/{item_id}", f"/{item_id}/strike"):
        closed = office.get(f"/meetings/{meeting_id}/agenda{way}").text
        assert "確認をお願いしているため、議題は変えられません。" in closed
        assert 'name="title"' not in closed and 'name="reason"' not in closed
    page = town.get(f"{path}/confirm")
    assert "続ける。" in page.text and "後で文が直った議題だけ" in page.text
    told = town.follow(town.post(f"{path}/confirm", page.fields()))
    assert "議事録を確認しました。" in told.text and "確認 1/5" in told.text
    asked = browse("officer", "hiranai")
    page = asked.get(f"{path}/correction?item={item_id}")
    fields = page_fields = {**page.fields(), "sentence": f"{item_id}-1"}
    wrong = asked.post(f"{path}/correction", fields)
    assert wrong.status == 422 and "修正案を入力してください。" in wrong.text
    asked.post(f"{path}/correction", {**fields, "words": "広げる、です。"})
    told = office.get(path).text
    assert "修正のお願いが1件あります。" in told and "「続ける。」について" in told
    # Its own confirmer takes it back by confirming the text, and is told so before.
    confirmer = browse("confirmer", "hiranai")
    page = confirmer.get(f"{path}/confirm")
    assert "そのお願いは取り下げたことになります。" in page.text
    confirmer.post(f"{path}/confirm", page.fields())
    told = office.get(path).text
    assert "修正のお願いが1件" not in told and "（その後、この文で確認）" in told
    page = confirmer.get(f"{path}/confirm")
    assert "すでに確認済みです。" in page.text and "この内容で確認する" not in page.text
    # Taken back while its page stands open elsewhere: the press says that it did not count.
    late = browse("confirmer", "yomogita")
    fields, again = late.get(f"{path}/confirm").fields(), office.get(f"{path}/items/{item_id}")
    office.post(f"{path}/items/{item_id}", {**again.fields(), "decided": "広げる。"})
    told = late.follow(late.post(f"{path}/confirm", fields)).text
    assert "本文が直されているため、記録していません。" in told
    typed = {**page_fields, "words": "広げる、とする。"}
    told = asked.post(f"{path}/correction", typed)
    assert told.status == 422 and "本文が直されているため、記録していません。" in told.text
    assert told.fields()["words"] == typed["words"] and "選び直して" not in told.text
    asked.get(f"{path}/correction", status=404)
    browse("officer", "imabetsu").get(f"{path}/confirm", status=403)


def test_whoever_reads_no_item_is_told_so_and_counts_nothing(browse, app):
    with app.app_context():
        row, item = held()
        agenda.change(act_of("office"), row, item, item.title, "", None, ["hiranai"])
        actions.write(act_of("office"), row, item, "述べた。", "")
        actions.send(act_of("office"), row, DUE)
        actions.ask_correction(act_of("officer", "hiranai"), row, item.id, "", "書き足して。")
        path = f"/meetings/{row.id}/minutes"
    town = browse("confirmer", "imabetsu")
    told = town.get(path).text
    assert "お読みいただける議題はありません。" in told
    assert "先に議題を加えて" not in told and "修正のお願い" not in told
    page = town.get(f"{path}/confirm")
    assert "今別町が読める議題はないため" in page.text and "この内容で確認する" not in page.text


def test_a_word_on_the_whole_text_becomes_one_an_item_and_goes_back(both):
    row, item = held()
    office, second = act_of("office"), agenda.propose(act_of("office"), row, "二つ目", "")
    kept = agenda.propose(office, row, "一町の件", "", only=["imabetsu"])
    for one in (item, second, kept):
        actions.write(office, row, one, "述べた。", "続ける。")
    actions.send(office, row, DUE)
    actions.confirm(act_of("confirmer", "hiranai"), row)
    actions.write(office, row, kept, "述べた。", "取りやめる。")
    meeting_id, ids = row.id, [item.id, second.id]
    db.session.commit()

    downgrade(revision="0046")
    rows = "SELECT item_id, is_confirmed, revision FROM minutes_reply"
    assert [tuple(one) for one in db.session.execute(text(rows))] == [(None, True, 1)]
    # As its author could have confirmed the last text before.
    append_only.lift(db.session.connection())
    db.session.execute(text("UPDATE minutes_reply SET revision = 2"))
    db.session.commit()
    upgrade()
    found = queries.sheet(meetings.find(meeting_id))
    assert list(found.given(TOWNS["hiranai"])) == ids and not found.left(TOWNS["hiranai"])
    assert {part.revision for part in found.parts.values()} == {2}
