"""Materials of a meeting: numbered, sent, replaced, bound, and opened."""

import hashlib
import io
import zipfile
from dataclasses import replace as changed
from datetime import UTC, datetime, timedelta

import pytest
from flask_migrate import downgrade, upgrade
from pypdf import PdfReader, PdfWriter
from pypdf.generic import RectangleObject
from sqlalchemy import func, inspect, select
from sqlalchemy import text as sql
from sqlalchemy.exc import DatabaseError

from tests.cost_sharing.makers import act_of
from tests.decisions.makers import DUE, make_decision, make_follow_up
from tests.meetings.makers import make_fixed, make_pure
from tracker.attachments.uploads import Attachment, Sent
from tracker.decisions.decision import SaidProgress
from tracker.kernel.permissions import Actor, Role
from tracker.kernel.refusal import Refusal
from tracker.mail.letters import Letter
from tracker.materials import actions, queries, rules
from tracker.materials.actions import MaterialWords, PagedFile
from tracker.materials.material import Edition, Material, Pack, in_order
from tracker.materials.rules import MaterialKind
from tracker.materials.year.papers import YearPaper, material_decisions
from tracker.papers import binding, pdf, volume
from tracker.papers.kinds import Document, Lines
from tracker.papers.volume import Volume, VolumePart
from tracker.plumbing.db import db
from tracker.record.queries import verdict

pytestmark = pytest.mark.engines_by_turns

AT = datetime(2026, 11, 24, 1, tzinfo=UTC)


def page_of(*texts: str) -> bytes:
    return pdf.write(Document("資料", [Lines([one]) for one in texts]))


# --- rules ------------------------------------------------------------------------------------------

NUMBERS = [
    ("資料１", "資料1"),
    ("資料 2 － 1", "資料2-1"),
    ("参考3―2", "参考3-2"),
    ("カラー1", "カラー1"),
    ("次第", "次第"),
    ("", None),
    ("1", None),
    ("資料/1", None),
    ("../資料1", None),
    ("資料1.pdf", None),
    ("資料1234", None),
]


@pytest.mark.parametrize(("typed", "number"), NUMBERS)
def test_a_number_is_kept_in_one_form(typed, number):
    if number is None:
        with pytest.raises(Refusal, match="のように入力"):
            rules.as_number(typed)
    else:
        assert rules.as_number(typed) == number == rules.as_number(number)


def test_numbers_are_proposed_and_stand_once():
    propose = rules.next_number
    assert propose(MaterialKind.FILE, ["資料1", "資料2-1", "参考9", "次第"]) == "資料3"
    assert propose(MaterialKind.AGENDA, ["資料1"]) == "次第"
    assert propose(MaterialKind.AGENDA, ["次第"]) == "資料1"
    with pytest.raises(Refusal, match="ほかの資料の番号"):
        rules.check_number("資料A1", ["資料a1"])


@pytest.mark.parametrize(
    ("pages", "said"), [((), ""), ((0,), "1"), ((0, 2, 3, 4), "1、3〜5"), ((1, 0), "1〜2")]
)
def test_pages_are_told_as_people_write_them(pages, said):
    assert rules.page_ranges(pages) == said


@pytest.mark.parametrize(
    ("count", "sent_at", "held_on", "said"),
    [
        (1, AT, AT.date(), "すでに送っています"),
        (1, None, None, "開催日を決めてから"),
        (0, None, AT.date(), "送る資料がありません"),
    ],
)
def test_what_cannot_be_sent(count, sent_at, held_on, said):
    with pytest.raises(Refusal, match=said):
        rules.check_send(count, sent_at, held_on)


def edition(number, *pages):
    return Edition(number, number, "a.pdf", "pdf", 1, "0" * 64, pages, "", AT, "事務局", number > 1)


def material(**changes):
    one = Material(
        *(1, "1", "資料1", "案", MaterialKind.FILE, None, None, False, "", (edition(1, "a", "b"),))
    )
    return one._replace(**changes)


@pytest.mark.parametrize(
    ("before", "after", "pages", "fewer"),
    [
        (("a", "b"), ("a", "b"), (), 0),
        (("a", "b"), ("a", "c"), (1,), 0),
        (("a", "b"), ("x", "a", "b"), (0,), 0),
        (("a", "b"), ("b", "a"), (), 0),
        (("a", "b"), ("a",), (), 1),
        (("", "b"), ("", "b"), (0,), 0),
        ((), ("a",), (), 0),
    ],
)
def test_the_changed_pages_are_found(before, after, pages, fewer):
    one = material(editions=(edition(1, *before), edition(2, *after)))
    assert (one.changed, one.removed) == (pages, fewer)


@pytest.mark.parametrize(
    ("changes", "fixed_at", "is_behind"),
    [
        ({"kind": MaterialKind.AGENDA}, AT + timedelta(1), True),
        ({"kind": MaterialKind.AGENDA}, AT - timedelta(1), False),
        ({"kind": MaterialKind.AGENDA}, None, False),
        ({"kind": MaterialKind.AGENDA, "is_struck": True}, AT + timedelta(1), False),
        ({"kind": MaterialKind.AGENDA, "editions": ()}, AT + timedelta(1), False),
        ({}, AT + timedelta(1), False),
    ],
)
def test_what_was_sent_with_the_day_before_is_found(changes, fixed_at, is_behind):
    one = material(**changes)
    assert Pack("1", AT, "", [one]).behind(fixed_at) == (one,) * is_behind


# The material, whether it was sent, who reads it.
READERS = [
    ({}, False, {"office"}),
    ({}, True, {"office", "lead", "imabetsu", "hiranai", "reader"}),
    ({"only": ("imabetsu",)}, True, {"office", "imabetsu"}),
    ({"item_id": 7}, True, {"office", "lead", "imabetsu", "hiranai", "reader"}),
    ({"item_id": 8}, True, {"office"}),
    ({"editions": ()}, True, {"office"}),
]


@pytest.mark.parametrize(("changes", "is_sent", "readers"), READERS, ids=map(str, range(6)))
def test_who_reads_a_material(changes, is_sent, readers):
    people = {
        name: Actor(1, name, role, slug, 1, slug, 1, slug == "aomori")
        for name, role, slug in (
            ("office", Role.OFFICE, "aomori"),
            ("lead", Role.LEAD, "aomori"),
            ("imabetsu", Role.OFFICER, "imabetsu"),
            ("reader", Role.READER, "imabetsu"),
            ("hiranai", Role.OFFICER, "hiranai"),
        )
    }
    pack = Pack("1", AT if is_sent else None, "", [material(**changes)])
    assert {name for name, one in people.items() if pack.shown(one, {7})} == readers


def test_what_only_some_may_read_is_bound_last():
    there = [material(id=1, only=("imabetsu",)), material(id=2), material(id=3)]
    assert [one.id for one in in_order(there)] == [2, 3, 1]


def test_what_was_decided_is_told_with_what_each_does_of_it():
    its = make_follow_up("imabetsu", notes=(SaidProgress("1か所を挙げた。", False, "今別町", AT),))
    late, out = make_follow_up("hiranai"), make_follow_up("aomori", is_struck=True)
    done = make_follow_up("yomogita", closed_at=AT)
    of = YearPaper(make_pure(), DUE + timedelta(days=1), (), minuted=[("議題", "続ける。")])
    found = material_decisions(
        of._replace(decided=[make_decision(its, late, done, out), make_decision(title="二つ目")])
    )
    [_meeting, recorded, _minutes, minuted] = found.blocks
    assert [row[1:] for row in recorded.rows] == [
        ("今別町", "候補地を2か所挙げる。", DUE, "期限超過\n1か所を挙げた。"),
        ("平内町", "候補地を2か所挙げる。", DUE, "期限超過"),
        ("蓬田村", "候補地を2か所挙げる。", DUE, "済み"),
        ("", "（ありません）", "", ""),
    ]
    assert [row[0].split("\n")[0] for row in recorded.rows] == [
        *["案内板の共同設置"] * 3,
        "二つ目",
    ]
    assert list(minuted.rows) == [("議題", "続ける。")]
    # Long words take several rows, each with whose they are: none is broken between two pages.
    long = make_follow_up("imabetsu", notes=(SaidProgress("続" * 250, False, "今別町", AT),))
    decided = [make_decision(long, text="決" * 500)]
    [_meeting, told] = material_decisions(of._replace(decided=decided, minuted=())).blocks
    assert [[len(str(cell)) for cell in row] for row in told.rows] == [
        [249, 3, 11, 10, 245],
        [249, 3, 4, 0, 10],
        [29, 0, 0, 0, 0],
    ]
    assert "".join(row[0].removeprefix("案内板の共同設置\n") for row in told.rows) == "決" * 500
    [nothing] = material_decisions(of._replace(minuted=())).blocks
    assert nothing.texts == ["（ありません）"]


# --- acts -------------------------------------------------------------------------------------------


def paged(content: bytes, name: str = "案.pdf") -> PagedFile:
    return PagedFile(Sent(name, name.rpartition(".")[2], content), [])


def test_from_numbers_to_a_replacement(both):
    row, office = make_fixed(), act_of("office")
    made = actions.make(office, row, MaterialKind.ROSTER, MaterialWords("名簿", "出席者名簿"))
    actions.upload(office, row, MaterialWords("資料１", "案"), paged(b"one"))
    [_made, file] = queries.rows(row.id)
    actions.move(office, row, file, -1)
    actions.replace(office, row, file, paged(b"two"), "")
    assert [one.label for one in queries.pack(row.id).materials] == [
        "資料1　案",
        "名簿　出席者名簿",
    ]
    assert len(queries.pack(row.id).materials[0].editions) == 1
    with pytest.raises(Refusal, match="ほかの資料の番号"):
        actions.upload(office, row, MaterialWords("資料1", "別の案"), paged(b"three"))
    seen = actions.seen_of(queries.pack(row.id).seen, queries.rows(row.id))
    actions.change(office, row, file, MaterialWords("資料2", "案"))
    with pytest.raises(Refusal, match="先に直しました"):
        actions.send(office, row, {made.id: paged(b"made")}, seen)
    before = db.session.scalar(select(func.count(Letter.id))) or 0
    count = actions.send(office, row, {made.id: paged(b"made")})
    assert (db.session.scalar(select(func.count(Letter.id))) or 0) - before == count > 4
    with pytest.raises(Refusal, match="番号・件名・順番は変えられません"):
        actions.change(office, row, file, MaterialWords("資料3", "案"))
    with pytest.raises(Refusal, match="すでに送っています"):
        actions.send(office, row, {})
    late = changed(office, at=datetime(2026, 12, 3, 1, tzinfo=UTC))
    with pytest.raises(Refusal, match="差し替える理由"):
        actions.replace(late, row, file, paged(b"four"), " ")
    actions.replace(late, row, file, paged(b"four"), "金額の誤り")
    actions.replace(late, row, made, paged(b"made again"), "出席の変更")
    now = queries.pack(row.id).materials[0]
    assert [one.is_late for one in now.editions] == [False, True]
    assert now.current and now.current.reason == "金額の誤り"
    # What was replaced by mistake comes back; what counts now does not come twice.
    actions.replace(late, row, file, paged(b"two"), "元の案に戻す")
    with pytest.raises(Refusal, match="すでに添付されています"):
        actions.replace(late, row, file, paged(b"two"), "もう一度")
    db.session.rollback()
    actions.replace(late, row, file, paged(b"four"), "やはり直した案")
    now = queries.pack(row.id).materials[0]
    digests = [one.sha256 for one in now.editions]
    assert len(digests) == 4 and digests[:2] == digests[2:]
    with pytest.raises(DatabaseError, match="append-only"):
        db.session.delete(db.session.get_one(Attachment, now.editions[0].id))
        db.session.flush()
    db.session.rollback()
    assert not verdict().problems


def test_openings_are_kept_once_and_not_of_the_office(both):
    row, office = make_fixed(), act_of("office")
    actions.upload(office, row, MaterialWords("資料1", "案"), paged(b"one"))
    actions.upload(office, row, MaterialWords("資料2", "案", only=["hiranai"]), paged(b"two"))
    actions.send(office, row, {})
    pack, officer = queries.pack(row.id), act_of("officer", "imabetsu").person
    one = pack.materials[0].editions[0].id
    db.session.commit()
    for _twice in range(2):
        queries.note_opened(officer, [one], AT)
    queries.note_opened(office.person, [one], AT)
    assert queries.opened_by(officer, pack.materials) == {one}
    told = {one.town.slug: one for one in queries.readings(pack.materials, {})}
    assert [(told[s].wanted, told[s].opened) for s in ("aomori", "hiranai", "imabetsu")] == [
        *((1, 0), (2, 0), (1, 1))
    ]
    first = told["imabetsu"].first
    assert first and first.person.startswith("今別町 ") and first.at == AT


def test_materials_are_gone_with_their_tables_and_with_them_their_files(both):
    row, office = make_fixed(), act_of("office")
    actions.upload(office, row, MaterialWords("資料1", "案", only=["hiranai"]), paged(b"one"))
    actions.send(office, row, {})
    db.session.commit()
    file = queries.pack(row.id).materials[0].editions[0]
    queries.note_opened(act_of("officer", "hiranai").person, [file.id], AT)
    # A file of another subject with the number of the material stays.
    db.session.add(
        Attachment(
            **{"subject_kind": "question", "subject_id": 1, "name": "別.pdf", "size": 1},
            **{"sha256": "0" * 64, "added_at": AT, "added_by": "事務局", "type": "pdf"},
            added_by_id=office.by.person_id,
        )
    )
    db.session.commit()
    there = {"material", "material_pack", "material_file", "material_opening"}
    downgrade(revision="0050")
    assert not there & set(inspect(db.engine).get_table_names())
    with db.engine.connect() as raw:
        assert raw.execute(sql("SELECT subject_kind FROM attachment")).all() == [("question",)]
    upgrade()
    assert there <= set(inspect(db.engine).get_table_names())
    assert queries.pack(row.id).materials == [] and queries.pack(row.id).sent_at is None


# --- the book ---------------------------------------------------------------------------------------


def part(number, content, ending="pdf", pages=1, **more):
    return VolumePart(number, f"{number}の件名", ending, content, pages, **more)


def turned(content: bytes, degrees: int) -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(content))
    writer.pages[0].rotate(degrees)
    writer.pages[0].cropbox = RectangleObject((20, 30, 400, 500))
    kept = io.BytesIO()
    writer.write(kept)
    return kept.getvalue()


def test_a_book_has_contents_bookmarks_and_running_numbers(app):
    two = page_of("一枚目", *["行"] * 60)
    pages = binding.fingerprints(two)
    assert len(pages) == len(PdfReader(io.BytesIO(two)).pages) >= 2 and all(pages)
    parts = [
        part("資料1", two, pages=len(pages)),
        part("資料2", turned(page_of("横向き"), 90)),
        part("参考1", b"x", "xlsx", 0),
        part("参考2", None),
    ]
    of = Volume("会議　資料", ["青森市役所"], parts, AT)
    with app.app_context():
        made = volume.bind(of)
    found = PdfReader(io.BytesIO(made))
    texts = ["".join(one.extract_text().split()) for one in found.pages]
    assert len(texts) == 2 + len(pages) + 1
    assert "資料1資料1の件名3" in texts[1] and "参考1参考1の件名別添" in texts[1]
    assert f"資料2資料2の件名{3 + len(pages)}" in texts[1]
    told = ["表紙・目次", *(f"{one.number}　{one.title}" for one in parts[:2])]
    assert [one.title for one in found.outline] == told
    for at, text in enumerate(texts[1:], 2):
        assert str(at) in text
    assert "資料1" in texts[2] and "横向き" in texts[-1]
    assert found.trailer["/Root"]["/Lang"] == "ja"
    assert volume.begins(of, "資料2") == 3 + len(pages)


@pytest.mark.slow
def test_a_book_is_kept_and_made_anew_the_same(app):
    of = Volume("差替え", (), [part("資料1", page_of("一枚目"), label="差替え")], AT, ["4"])
    with app.app_context():
        assert volume.bind(of) == volume.bind(of) == volume._bound(of)


def test_a_zip_has_the_names_that_paperless_systems_take(app):
    parts = [
        part("資料1", b"%PDF-1", pages=1),
        VolumePart("資料2", "../../秘密\\a:b?\u202e", "docx", b"PK", 0),
    ]
    of = Volume("会議　資料", (), parts, AT)
    made = volume.pack(of)
    assert made == volume.pack(of)
    with zipfile.ZipFile(io.BytesIO(made)) as found:
        names = [one.filename for one in found.infolist()]
        assert all(one.flag_bits & 0x800 for one in found.infolist())
    assert names == ["資料1_資料1の件名.pdf", "資料2_..＿..＿秘密＿a＿b＿＿.docx", "00_一覧.csv"]


def locked(user: str = "x") -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(page_of("秘密")))
    writer.encrypt(user, "owner", algorithm="RC4-128")
    kept = io.BytesIO()
    writer.write(kept)
    return kept.getvalue()


def sealed(told: bytes) -> bytes:
    """A page under a handler or cipher that pypdf alone does not read."""
    kept = io.BytesIO()
    PdfWriter(clone_from=io.BytesIO(page_of("秘密"))).write(kept)
    return kept.getvalue().replace(b"trailer\n<<", b"trailer\n<< /Encrypt << %b >>" % told)


AES256 = (
    b"/Filter /Standard /V 5 /R %d /Length 256 /P -1 /O <%b> /U <%b> /OE <%b> /UE <%b> /Perms <%b> "
)
AES256 += b"/CF << /StdCF << /CFM /AESV3 /Length 32 >> >> /StmF /StdCF /StrF /StdCF"
# Opens without a password: U is the digest of none and eight zeros, then two salts of zeros.
NONE = hashlib.sha256(bytes(8)).hexdigest().encode() + b"00" * 16
SIZES = (b"00" * 48, NONE, b"00" * 32, b"00" * 32, b"00" * 16)


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"%PDF-1.7\nnothing\n%%EOF", "broken", "壊れているようです"),
        (page_of("半分")[:2000] + b"%%EOF", "broken", "壊れているようです"),
        (locked(), "locked", "パスワードか、編集・印刷の制限が付いています"),
        (locked(""), "locked", "開くときには聞かれないものもあります"),
        (sealed(AES256 % (6, *SIZES)), "locked", "編集・印刷の制限が付いています"),
        (sealed(AES256 % (5, *SIZES)), "locked", "編集・印刷の制限が付いています"),
        (sealed(b"/Filter /Adobe.PubSec /V 4"), "locked", "編集・印刷の制限が付いています"),
    ],
    ids=["nothing", "half", "locked", "limited", "R6", "R5", "for keys"],
)
def test_a_pdf_that_cannot_be_bound_is_refused(content, code, said):
    with pytest.raises(binding.CannotBind, match=f"^{code}$"):
        binding.read(content)
    assert said in volume.REFUSALS[code]
