"""Papers of a case: who has them in which state, and that no decision breaks when one comes later."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text, update

from tests import cast
from tests.cost_sharing.makers import (
    CASE,
    PARTNERS,
    act_of,
    confirm_by,
    make_agreed,
    make_draft,
    make_ready,
    make_sent,
    sentences,
    somebody,
)
from tests.hostile import GOOD, HOSTILE
from tests.pages import PageClient
from tracker.attachments import uploads
from tracker.attachments.uploads import Attachment, Sent
from tracker.cost_sharing.answers import actions as answers
from tracker.cost_sharing.answers.queries import decided
from tracker.cost_sharing.cases import actions
from tracker.cost_sharing.consultations import actions as consultations
from tracker.cost_sharing.models import CostCase
from tracker.cost_sharing.rules import CaseState
from tracker.history.history import HistoryEntry
from tracker.kernel.permissions import Role
from tracker.kernel.refusal import Refusal
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.record import queries as record
from tracker.schema import append_only

Browse = Callable[..., PageClient]
SEALED = date(2026, 11, 20)
LATER = cast.NOW + timedelta(days=3)


def attach(row: CostCase, content: bytes = b"1,2\n", sealed_on: date | None = None, at=cast.NOW):
    sent = [Sent("覚書.csv", "csv", content)]
    act = Act(somebody("office"), at)
    actions.attach(act, row, sent, sealed_on, is_sealed=sealed_on is not None)
    return papers(row)[-1]


def papers(row: CostCase) -> list[Attachment]:
    return sorted(uploads.of("cost_case", row.id), key=lambda one: one.id)


def withdrawn(make: Callable[[], CostCase]) -> CostCase:
    row = make()
    attach(row)
    actions.withdraw(act_of("office"), row)
    return row


def returned() -> CostCase:
    row = make_sent()
    answers.return_case(act_of("confirmer", "imabetsu"), row, "金額を確かめたい。")
    return row


def replaced() -> CostCase:
    row = make_agreed()
    attach(row)
    new = actions.replace(act_of("office"), row, "補助の額が変わったため。")
    consultations.add_consultation(
        act_of("office"), new, date(2026, 11, 20), "電話", "5市町村", "差替え"
    )
    actions.send(act_of("office"), new, date(2026, 12, 4))
    confirm_by(new, "aomori", *PARTNERS)
    return row


STATES: dict[str, Callable[[], CostCase]] = {
    "draft": make_draft,
    "consulting": make_ready,
    "awaiting": make_sent,
    "returned": returned,
    "agreed": make_agreed,
    "withdrawn unsent": lambda: withdrawn(make_ready),
    "withdrawn sent": lambda: withdrawn(make_sent),
    "replaced": replaced,
}
PEOPLE = [(role, "aomori") for role in Role if role is not Role.OFFICER] + [
    (Role.OFFICER, "imabetsu"),
    (Role.CONFIRMER, "imabetsu"),
]
DRAFTERS = {(Role.OFFICE, "aomori"), (Role.LEAD, "aomori")}
UNSENT = {"draft", "consulting", "withdrawn unsent"}
CLOSED = {"withdrawn unsent", "withdrawn sent", "replaced"}


@pytest.fixture
def inside(app: Flask) -> Iterator[Flask]:
    """The application inside its context, on SQLite: which engine it is does not matter here."""
    with app.app_context():
        yield app
        db.session.remove()


# The quick run has three states, and two who ask.
@pytest.mark.parametrize("part", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_a_paper_is_for_whoever_may_see_its_case_in_every_state(app: Flask, part: int) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        kept = {}
        for state, make in list(STATES.items())[::part]:
            row = make()
            one = papers(row)[0] if papers(row) else attach(row)
            kept[state] = (str(row.no), one.id)
        db.session.remove()
    wrong = []
    for who in PEOPLE[:: 2 * part - 1]:
        client = PageClient(app).enter(*who).client
        for state, (no, id_) in kept.items():
            sees = who in DRAFTERS or state not in UNSENT
            adds = who in DRAFTERS and state not in CLOSED
            got = client.get(f"/costs/{no}/attachments/{id_}").status_code
            page = client.get(f"/costs/{no}")
            offered = f"/costs/{no}/attachments" in page.get_data(as_text=True)
            opened = client.get(f"/costs/{no}/attachments").status_code
            asked = (got, page.status_code, opened)
            if asked != ((200, 200) if sees else (404, 404)) + (
                (200,) if who in DRAFTERS else (403,)
            ):
                wrong.append(f"{who} {state}: {asked}")
            if offered is not sees:
                wrong.append(f"{who} {state}: the page says otherwise")
            files = {
                "files": (BytesIO(str(who).encode()), "x.csv"),
                "kind": "other",
                "once": f"{state}-key",
            }
            sent = client.post(f"/costs/{no}/attachments", data=files).status_code
            if (sent == 302) is not adds:
                wrong.append(f"{who} {state}: adding is answered with {sent}")
    assert wrong == [], "\n".join(wrong)
    other = PageClient(app).enter("office").client
    (no, _), (_, id_) = (list(kept.values())[at] for at in (0, -1))
    assert other.get(f"/costs/{no}/attachments/{id_}").status_code == 404
    assert (
        PageClient(app).client.get(f"/costs/{no}/attachments/{id_}").location.startswith("/login")
    )


def test_what_comes_after_the_agreement_is_recorded_and_breaks_nothing(both: Flask) -> None:
    row = make_sent()
    early = attach(row, b"before", SEALED, cast.NOW - timedelta(hours=1))
    confirm_by(row, "aomori", *PARTNERS)
    assert row.state is CaseState.AGREED
    held = decided([row.id])[row.id]
    assert held["documents"] == [
        {"name": "覚書.csv", "sha256": early.sha256, "sealed_on": "2026-11-20"}
    ]
    late = attach(row, b"after", SEALED, LATER)
    assert decided([row.id])[row.id] == held
    assert record.verdict().problems == []
    actions.detach(Act(somebody("office"), LATER), row, early, "別の案件の文書のため。")
    actions.detach(Act(somebody("office"), LATER), row, late, "写りが悪いため。")
    assert decided([row.id])[row.id] == held and record.verdict().problems == []
    actions.put_attachment_back(Act(somebody("office"), LATER), row, early)
    assert decided([row.id])[row.id] == held
    entry = db.session.scalars(select(HistoryEntry).order_by(HistoryEntry.id.desc())).all()[3]
    assert entry.verb == "cost.attached" and "押印済みの文書を1件" in entry.summary
    assert entry.payload and entry.payload["after"]["attached"] == [late.sha256]
    assert entry.payload["after"][f"attachment/{late.id}/sealed_on"] == "2026-11-20"
    assert "覚書" not in str(entry.payload)


def test_an_agreement_stood_without_what_was_struck_before_it(inside: Flask) -> None:
    row = make_sent()
    early, at = attach(row, b"x", SEALED, cast.NOW - timedelta(hours=2)), cast.NOW
    actions.detach(Act(somebody("office"), at - timedelta(hours=1)), row, early, "誤り。")
    confirm_by(row, "aomori", *PARTNERS)
    assert "documents" not in decided([row.id])[row.id]
    with pytest.raises(Refusal, match="合意の前に取り消した書類は戻せません"):
        actions.put_attachment_back(act_of("office"), row, early)


def test_a_paper_changed_behind_the_triggers_is_found(both: Flask) -> None:
    row = make_agreed()
    late = attach(row, b"after", SEALED, LATER)
    draft = attach(make_draft(), b"draft")
    gone = attach(row, b"more", None, LATER)
    assert record.verdict().problems == []
    append_only.lift(db.session.connection())
    db.session.execute(update(Attachment).where(Attachment.id == late.id).values(sealed_on=None))
    db.session.execute(update(Attachment).where(Attachment.id == draft.id).values(sha256="0" * 64))
    db.session.delete(gone)
    db.session.commit()
    assert {one.where for one in record.verdict().problems} == {
        f"attachment/{one}" for one in (late.id, draft.id, gone.id)
    }


def test_a_draft_loses_a_paper_without_a_trace_a_case_that_was_sent_does_not(inside: Flask) -> None:
    row = make_ready()
    actions.detach(act_of("office"), row, attach(row), None)
    assert papers(row) == [] and record.verdict().problems == []
    attach(row)
    actions.send(act_of("office"), row, date(2026, 12, 4))
    (one,) = papers(row)
    actions.detach(act_of("office"), row, one, "誤って添付したため。")
    assert (one.struck_reason, one.is_struck) == ("誤って添付したため。", True)
    actions.withdraw(act_of("office"), row)
    with pytest.raises(Refusal, match="直せません"):
        attach(row, b"more")


def test_the_sealed_document_stands_with_its_day_and_hash(browse: Browse, app: Flask) -> None:
    with app.app_context():
        make_agreed()
        db.session.remove()
    office, content = browse("office"), GOOD["押印済み覚書.pdf"]()
    page = office.get(f"{CASE}/attachments")
    fields = {**page.fields(), "kind": "sealed", "sealed_on": "11/20"}
    bad = {"files": (BytesIO(HOSTILE["a document with macros"].make()), "覚書.docx")}
    refused = office.post(f"{CASE}/attachments", {**fields, **bad})
    assert refused.status == 422
    assert sentences(refused) == [
        "「覚書.docx」：マクロが入っています。マクロなし（docx・xlsx）かPDFで保存し直してください。"
    ]
    typed = refused.fields()
    assert (typed["kind"], typed["sealed_on"]) == (["sealed"], "11/20")
    name = "押印済み覚書\u202e.pdf"
    done = office.post(f"{CASE}/attachments", {**typed, "files": (BytesIO(content), name)})
    shown = office.follow(done)
    assert "押印済みの文書" in shown.text and "令和8年11月20日" in shown.text
    assert hashlib.sha256(content).hexdigest() in shown.text
    answer = browse("officer", "imabetsu").client.get(shown.link("押印済み覚書.pdf"))
    assert (answer.data, answer.mimetype) == (content, "application/pdf")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment; ") and "filename*=UTF-8''" in disposition
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("", "押印した文書の日付を入力してください。"),
        ("2026/11/25", "文書の日付がまだ来ていません。文書に書かれた日を入れてください。"),
    ],
)
def test_a_sealed_document_needs_the_day_that_stands_on_it(
    browse: Browse, app: Flask, day: str, said: str
) -> None:
    with app.app_context():
        make_draft()
        db.session.remove()
    files = {"files": (BytesIO(b"1,2\n"), "覚書.csv"), "kind": "sealed", "sealed_on": day}
    page = browse("office").fill(f"{CASE}/attachments", files)
    assert (page.status, sentences(page)) == (422, [said])


def test_what_is_struck_is_named_and_not_given(browse: Browse, app: Flask) -> None:
    with app.app_context():
        id_ = attach(make_sent()).id
        db.session.remove()
    office = browse("office")
    path = f"{CASE}/attachments/{id_}"
    done = office.fill(f"{path}/take-out", {"reason": "別の事業の資料のため。"})
    assert "別の事業の資料のため。" in office.follow(done).text
    answer = office.get(path, status=404)
    assert "取り消されています" in answer.text
    office.follow(office.fill(f"{path}/take-out", {}))
    assert office.client.get(path).data == b"1,2\n"


@pytest.mark.slow  # the text of a migration never changes
@pytest.mark.usefixtures("both")
def test_the_release_before_knows_no_attachments_and_loses_nothing_else() -> None:
    attach(make_agreed())
    kept = "SELECT count(*) FROM history", "SELECT sum(share_yen) FROM share"
    before = [db.session.scalar(text(sql)) for sql in kept]
    db.session.commit()
    downgrade(revision="0031")
    assert [db.session.scalar(text(sql)) for sql in kept] == before
    db.session.commit()
    upgrade()
    assert [db.session.scalar(text(sql)) for sql in kept] == before
    row = db.session.scalars(select(CostCase)).one()
    attach(row, b"again")
    with pytest.raises(Exception, match="append-only"):
        db.session.execute(text("DELETE FROM attachment"))
    db.session.rollback()
