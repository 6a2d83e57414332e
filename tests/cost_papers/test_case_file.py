"""起案用一式: one zip of what a case has, its list true, its figures equal, the same when nothing changed."""

import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Mapping
from datetime import date, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from tests import cast
from tests.pages import PageClient
from tests.whole.test_papers import commands, read, squeezed
from tracker.accounts.queries import actor_of
from tracker.attachments import uploads
from tracker.cost_papers.papers import find
from tracker.cost_sharing import queries
from tracker.cost_sharing.cases import actions
from tracker.cost_sharing.models import CostCase
from tracker.cost_sharing.rules import CaseNumber
from tracker.papers.kinds import PDF, Document, Lines, PaperKind, kinds, paper, register
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db

LIST = "00_一覧.csv"
FOR_PAYERS = ("覚書案", "負担金納入通知書", "負担金請求書")
ZIP = "/costs/{}/papers/case_file.zip"


def opened(made: bytes) -> Mapping[str, bytes]:
    """The files of a zip by name, each name marked as UTF-8."""
    archive = zipfile.ZipFile(io.BytesIO(made))
    assert archive.testzip() is None
    assert all(one.flag_bits & 0x800 or one.filename.isascii() for one in archive.infolist())
    found = {one.filename: archive.read(one) for one in archive.infolist()}
    assert len(found) == len(archive.infolist())
    return found


def listed(files: Mapping[str, bytes]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[LIST].decode("utf-8-sig"))))


def case_file(no: str) -> bytes:
    return paper("case_file", kinds()["case_file"].find(no), "zip")


def attach(no: str, name: str, content: bytes, sealed_on: date | None = None) -> None:
    row = row_of(no)
    sent = [uploads.Sent(name, name.rpartition(".")[2], content)]
    act = Act(actor_of(cast.email("office", "aomori")), cast.NOW)
    actions.attach(act, row, sent, sealed_on, is_sealed=sealed_on is not None)


def row_of(no: str) -> CostCase:
    year, number = no.split("-")
    asked = CostCase.fiscal_year == int(year), CostCase.number == int(number)
    return db.session.scalars(select(CostCase).where(*asked)).one()


@pytest.mark.parametrize(
    ("no", "papers"),
    [
        pytest.param("2026-04", ["負担額計算書", "覚書案"], marks=pytest.mark.slow),
        pytest.param(
            *("2026-01", ["負担額計算書", "覚書案", "負担金納入通知書", "負担金請求書"]),
            marks=pytest.mark.slow,
        ),
        ("2025-06", ["負担額計算書", "覚書案", "精算書", "負担金還付通知書"]),
        pytest.param("2026-02", ["負担額計算書", "覚書案"], marks=pytest.mark.slow),
    ],
)
def test_it_holds_every_paper_of_the_case_with_equal_figures(
    demo_app: Flask, no: str, papers: list[str]
) -> None:
    with demo_app.app_context():
        files = opened(case_file(no))
        case = queries.find(CaseNumber.parse(no), cast.TODAY)
    assert case is not None
    rows = listed(files)
    told = [row["件名"].removeprefix(f"{case.title}　") for row in rows]
    assert list(dict.fromkeys(told)) == papers
    assert [*(row["ファイル名"] for row in rows), LIST] == list(files)
    for row in rows:
        content = files[row["ファイル名"]]
        assert row["SHA-256"] == hashlib.sha256(content).hexdigest()
        assert int(row["大きさ（バイト）"]) == len(content) and row["備考"] == ""
        name = re.fullmatch(r"(\d\d)_(.+)_(第.+号)\.(pdf|docx|xlsx)", row["ファイル名"])
        assert name and name[1] == row["資料番号"] and name[3] == case.no.label
        # Read back from the file itself: what each bears, to the yen.
        text = read(name[4], content)
        # A refund tells what goes back: tests/payments/test_papers.py.
        for town, yen in () if name[2] == "負担金還付通知書" else case.shares.items():
            # The notice, the bill and the memorandum are for those who pay.
            pays = name[2] not in FOR_PAYERS or town != case.lead
            if case.is_money and pays:
                assert f"{yen:,}" in text, (row["ファイル名"], town.name)
        assert squeezed(case.title) in text


def test_the_same_state_gives_the_same_bytes_and_another_one_others(demo_app: Flask) -> None:
    with demo_app.app_context():
        first = case_file("2026-04")
    with time_machine.travel(cast.NOW + timedelta(days=2), tick=True):
        officer = PageClient(demo_app).enter("officer", "imabetsu")
        answer = officer.client.get(ZIP.format("2026-04"))
        assert answer.data == first
        named = "UTF-8''" + "%E8%B5%B7%E6%A1%88%E7%94%A8%E4%B8%80%E5%BC%8F"
        assert named in answer.headers["Content-Disposition"]
        assert answer.mimetype == "application/zip"
    with demo_app.app_context():
        attach("2026-04", "資料.csv", b"1,2\n")
        assert case_file("2026-04") != first


def test_it_holds_the_attachments_that_count(demo_app: Flask) -> None:
    no = "2026-04"
    with demo_app.app_context():
        before = len(opened(case_file(no)))
        attach(no, "=1+1.csv", "氏名,人数\n".encode())
        attach(no, "まちがい.txt", "ちがう案件".encode())
        attach(no, "覚書 押印済み.txt", "押印".encode(), date(2026, 11, 20))
        attach(no, "なくなる.txt", "あとで消える".encode())
        row = row_of(no)
        [wrong] = [one for one in uploads.of("cost_case", row.id) if one.name == "まちがい.txt"]
        actions.detach(Act(actor_of(cast.email("office", "aomori")), cast.NOW), row, wrong, "誤り")
        uploads.path_of(uploads.digest_of("あとで消える".encode())).unlink()
        files = opened(case_file(no))
    # Sealed documents first; what is struck through is left out, what is lost is said to be.
    assert list(files)[before - 1 :] == ["03_覚書 押印済み.txt", "04_=1+1.csv", LIST]
    sealed, paper_, lost = listed(files)[-3:]
    assert (sealed["件名"], paper_["件名"]) == ("押印済みの文書", "添付")
    assert files["04_=1+1.csv"] == "氏名,人数\n".encode()
    assert lost["ファイル名"] == "05_なくなる.txt" and "見つからない" in lost["備考"]
    assert lost["SHA-256"] == ""


def test_a_room_above_adds_its_papers(demo_app: Flask) -> None:
    """What is registered about a case is in, if it is offered; nothing here knows of it."""

    def receipt(_of: object) -> Document:
        return Document("領収書", (Lines(["115,000円"]),))

    def kind(name: str, about: str, *, is_offered: bool) -> PaperKind:
        def asked(_of: object) -> bool:
            return is_offered

        return PaperKind(name, name, (PDF,), receipt, find, about=about, is_offered=asked)

    rows = [
        kind("領収書", "cost_case", is_offered=True),
        kind("まだない書類", "cost_case", is_offered=False),
        kind("よその書類", "meeting", is_offered=True),
    ]
    with demo_app.app_context():
        before = set(opened(case_file("2026-04")))
        register(demo_app, rows)
        assert set(opened(case_file("2026-04"))) - before == {"03_領収書_第8-04号.pdf"}


def test_the_page_offers_it(demo_app: Flask) -> None:
    page = PageClient(demo_app).enter("officer", "imabetsu").get("/costs/2026-04")
    [link] = [one for one in page.all("a") if one.get("href") == ZIP.format("2026-04")]
    assert "起案用一式" in link.get_text()


def test_by_command(demo_app: Flask, tmp_path) -> None:
    file = tmp_path / "一式.zip"
    done = demo_app.test_cli_runner().invoke(
        commands, ["make", "case_file", "2026-04", "-o", str(file)]
    )
    assert done.exit_code == 0
    with demo_app.app_context():
        assert file.read_bytes() == case_file("2026-04")
