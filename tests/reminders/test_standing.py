"""What the page 通知 says of the sending itself: under way, held, lost, stuck, a wrong clock."""

import os
import pty
import re
import subprocess
import sys
from datetime import date, time, timedelta

import pytest
from sqlalchemy import select, update

from tests.app_fixtures import SETTINGS
from tests.reminders.makers import make_round
from tests.reminders.test_views import press, rows
from tracker.accounts.models import Post
from tracker.mail.letters import Letter, LetterState, hold_all
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.reminders import actions

NINE = clock.at(date(2026, 11, 27), time(9, 1))


@pytest.fixture
def due(app, now):
    """Four reminders are planned and not sent yet; it is a minute past nine on the 27th."""
    with app.app_context():
        make_round()
    now.move_to(NINE)
    with app.app_context():
        actions.plan(clock.now())
        db.session.remove()
    return app


def change(app, **values) -> None:
    """Changes every letter."""
    with app.app_context():
        db.session.execute(update(Letter).values(**values))
        db.session.commit()


def states(app) -> list[LetterState]:
    """The states of the letters, oldest first."""
    with app.app_context():
        return list(db.session.scalars(select(Letter.state).order_by(Letter.id)))


def test_letters_on_their_way_are_counted_and_the_count_moves(due, browse):
    office = browse("office")
    assert "残り 4通 （送信中 0通）" in office.get("/notices").text
    assert "残り 4通" in office.piece("/notices/progress").text
    with due.app_context():
        actions.run_once()
        db.session.remove()
    assert "4通を置き" in office.piece("/notices/progress").text


def test_what_nobody_took_for_an_hour_is_said_to_the_office(due, browse, now):
    now.shift(3601)
    assert "1時間以上、送れていないメールが4件あります。" in browse("office").get("/account").text
    assert "1時間以上" not in browse("reader").get("/account").text


def test_held_letters_wait_for_a_decision_on_the_page(due, browse):
    with due.app_context():
        hold_all(clock.now())
        db.session.commit()
        first = db.session.scalar(select(Letter.id).order_by(Letter.id))
    office = browse("office")
    page = office.get("/notices")
    assert "保留しているメール4通" in page.text
    assert "保留しているメール" not in browse("officer", "imabetsu").get("/notices").text
    letter = office.get(f"/notices/{first}")
    sent = office.follow(press(office, letter, "送る"))
    assert "保留していたメール1通を送ることにしました。" in sent.text
    passed = office.follow(press(office, office.get("/notices"), "すべて見送る"))
    assert "保留していたメール3通を見送りました。" in passed.text
    assert states(due) == [LetterState.QUEUED, *[LetterState.SKIPPED] * 3]
    again = office.follow(press(office, page, "すべて送る"))
    assert "ほかの人が先に決めたようです" in again.text


def test_a_letter_that_did_not_arrive_stands_where_the_office_can_mend_it(due, browse):
    with due.app_context():
        db.session.execute(
            update(Letter)
            .where(Letter.to_email == "officer@imabetsu.example")
            .values(state=LetterState.UNDELIVERABLE, last_answer="宛先がありません（550 5.1.1 x）")
        )
        db.session.commit()
        lost = db.session.scalar(select(Letter.id).where(Letter.state == LetterState.UNDELIVERABLE))
    office = browse("office")
    assert not office.get("/account").all(".banner")
    assert not browse("officer", "imabetsu").get("/notices").all(".banner")
    home = office.get("/").all("section.tasks")[0].get_text()
    assert "届かなかったメール1件を確かめて送り直す" in home
    banner = office.get("/notices").one(".banner")
    assert "1件のメールが届いていません。" in banner.get_text()
    assert "今別町 企画担当あて。宛先がありません" in banner.get_text()
    assert "550" not in banner.get_text(), "the server's words stand on the letter's own page"
    assert banner.select_one("a")["href"] == f"/notices/{lost}"
    page = office.get(f"/notices/{lost}")
    assert "550 5.1.1 x" in page.text
    # The box is empty, the dead address beside it.
    assert not page.one("input[name=email]").get("value")
    assert "届かなかった宛先" in page.text and "officer@imabetsu.example" in page.text


def test_a_clock_that_went_back_is_said_everywhere_and_set_right_by_the_office(due, browse, now):
    now.move_to(NINE - timedelta(days=1))
    assert "サーバーの時計が前に戻っています。" in browse("reader").get("/account").text
    office = browse("office")
    page = office.get("/notices")
    assert "今の時計は 11月26日 09:01 です。" in page.text
    done = office.follow(press(office, page, "今の時計が正しい"))
    assert "今の時計から、お知らせを続けます。" in done.text
    assert "時計が前に戻っています" not in office.get("/notices").text
    again = office.follow(press(office, page, "今の時計が正しい"))
    assert "時計は合っています。" in again.text


def test_what_was_skipped_is_taken_up_again(app, browse):
    with app.app_context():
        make_round()
    office = browse("office")
    skipped = office.follow(press(office, office.get("/notices"), "今回は送らない"))
    assert "見送り" in rows(skipped)[0]
    back = office.follow(press(office, skipped, "送ることにする"))
    assert "予定どおり送ることにしました。" in back.text
    assert "予定" in rows(back)[0] and "見送り" not in rows(back)[0]
    again = office.follow(press(office, skipped, "送ることにする"))
    assert "すでに送られたか、なくなっています" in again.text


def test_what_was_passed_over_is_listed(app, browse, now):
    with app.app_context():
        make_round()
        actions.run_once()
        db.session.remove()
    now.move_to(clock.at(date(2026, 12, 2), time(9, 1)))
    with app.app_context():
        actions.run_once()
        db.session.remove()
    page = browse("office").get("/notices?state=skipped")
    # The 27th was passed over for the letter of 1 December.
    assert any(
        "上期の進捗報告" in row and "4人" in row and "見送り" in row for row in rows(page, -1)
    )


NO_ADDRESSES = (
    ("", "メールアドレスを入力してください。"),
    ("担当@imabetsu.example", "半角で入力してください"),
    ("a@b.example\r\nBcc: x@y.example", "半角で入力してください"),
    ("a@b.example,c@d.example", "半角で入力してください"),
    ("a" * 300 + "@b.example", "254字までで入力してください"),
)


def test_an_address_no_server_takes_is_refused_at_its_field(due, browse):
    change(due, state=LetterState.UNDELIVERABLE)
    with due.app_context():
        first = db.session.scalar(select(Letter.id).order_by(Letter.id))
    office = browse("office")
    for address, sentence in NO_ADDRESSES:
        page = office.fill(f"/notices/{first}", {"email": address})
        assert page.status == 422
        assert sentence in page.one(".field-error").get_text()
        assert page.fields()["email"].split() == address.split()
    assert set(states(due)) == {LetterState.UNDELIVERABLE}


def run_on_a_terminal(app, *options: str) -> str:
    """What `tracker reminders run` shows somebody at a terminal."""
    ours, theirs = pty.openpty()
    environment = {
        **os.environ,
        "TRACKER_HOME": str(app.config["HOME"]),
        "TRACKER_DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"],
        "TRACKER_SECRET_KEY": SETTINGS["SECRET_KEY"],
        "TRACKER_MAIL_SERVER": "",
    }
    command = [sys.executable, "-m", "tracker.cli", "reminders", "run", *options]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                more = os.read(ours, 4096)
            except OSError:
                break
            if not more:
                break
            shown += more
        assert process.wait() == 0
    os.close(ours)
    return shown.decode()


@pytest.mark.slow  # a process of its own
def test_a_terminal_shows_a_bar_that_comes_to_its_end(due):
    shown = run_on_a_terminal(due, "--on", "2026-11-27")
    assert re.search(r"送信中.*4/4", shown), shown
    assert "送信済み 4通" in shown


def test_mending_a_letter_to_a_post_mends_the_post_s_mailbox_too(due, browse):
    with due.app_context():
        post = db.session.scalars(select(Post).where(Post.email == "secretary@imabetsu.example"))
        post_id = post.one().id
        db.session.execute(
            update(Letter)
            .where(Letter.to_email == "officer@imabetsu.example")
            .values(
                state=LetterState.UNDELIVERABLE,
                to_key=f"post:{post_id}",
                to_email="secretary@imabetsu.example",
            )
        )
        db.session.commit()
        lost = db.session.scalar(select(Letter.id).where(Letter.state == LetterState.UNDELIVERABLE))
    office = browse("office")
    done = office.follow(office.fill(f"/notices/{lost}", {"email": "hisho@imabetsu.example"}))
    assert "役職のお知らせの宛先を直しました" in done.text
    with due.app_context():
        assert db.session.get(Post, post_id).email == "hisho@imabetsu.example"
        assert db.session.get(Letter, lost).to_email == "hisho@imabetsu.example"
