"""The letters as people receive them."""

from datetime import date

from flask import Flask
from sqlalchemy import select

from tests import cast
from tests.projects.makers import (
    FY,
    WRITTEN,
    Browse,
    make_project,
    make_round,
    path,
    report_of,
    save,
    submit,
)
from tracker.accounts.queries import actor_of
from tracker.kernel.fiscal_year import FiscalYear
from tracker.mail.letters import Letter
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects.plans.rules import Part
from tracker.projects.reports import actions as report_actions


def test_the_letters_read_as_agreed(app: Flask, project_id: int, inside: None) -> None:
    lead = actor_of(cast.email("lead"))
    place = report_of(project_id)
    submit(place)
    question = "参加者数が5人となっていましたが、受講者名簿では7人です。ご確認をお願いします。"
    report_actions.return_report(Act(lead, cast.NOW), place, question)
    save(place, WRITTEN)
    officer = actor_of(cast.email("officer", "imabetsu"))
    report_actions.submit(Act(officer, cast.NOW), place)
    report_actions.confirm(Act(lead, cast.NOW), place)
    found = {
        letter.kind: letter
        for letter in db.session.scalars(
            select(Letter).where(Letter.to_email == "officer@imabetsu.example")
        )
    }
    request, returned, thanks = (
        found[kind] for kind in ("report_request", "report_returned", "report_confirmed")
    )
    assert request.subject == ("【御依頼】令和8年度上期の連携事業 進捗報告について（11月30日まで）")
    assert (
        "令和8年度上期（4月〜9月）の進捗報告の時期と\n"
        "なりました。今別町に御参加いただいている\n"
        "1事業について、御報告をお願いいたします。\n\n"
        "　期限　令和8年11月30日（月）17時\n"
        "　目安　1事業あたり約2分\n\n"
        "前回の文章をあらかじめ入れてあります。\n"
    ) in request.body
    assert "　https://renkei.example.lg.jp/reports/2026-h1\n" in request.body
    assert returned.subject == "【御確認のお願い】「農業研修事業」の報告について"
    assert (
        "　確認したいこと\n"
        "　　参加者数が5人となっていましたが、受講者名簿では7人です。\n"
        "　　ご確認をお願いします。\n"
    ) in returned.body
    assert returned.path == path(project_id) and path(project_id) in returned.body
    assert thanks.subject == "【御礼】上期の進捗報告がそろいました"
    assert "今別町の上期の進捗報告は、1事業すべて\n確認済みとなりました。" in thanks.body
    for letter in found.values():
        assert letter.body.startswith("今別町 企画担当 様\n")
        for line in letter.body.splitlines():
            assert "http" in line or len(line) <= 35, line


def test_a_covering_note_stands_in_the_letter_in_short_lines(app: Flask, inside: None) -> None:
    make_project(parts={"imabetsu": Part()})
    make_round(
        note="今回から、相談の欄が市町村長会議の議題の候補になります。ぜひお使いください。\n\n以上"
    )
    body = db.session.scalars(select(Letter.body)).one()
    assert (
        "今回から、相談の欄が市町村長会議の議題の候補になります。\nぜひお使いください。\n\n以上\n"
    ) in body


def test_a_year_end_report_is_asked_for_as_such(app: Flask, browse: Browse) -> None:
    with app.app_context():
        project = make_project(year=FiscalYear(2025))
        make_round(FY, date(2026, 12, 25))
        project_id = project.id
        assert "年度末の連携事業" in db.session.scalars(select(Letter.subject)).first()
    page = browse("officer", "imabetsu").get(path(project_id, period=FY))
    assert "この1年に行ったこと" in page.text and "上期の目安" not in page.text
