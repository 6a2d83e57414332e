"""Somebody watches letters go out: the count on the page moves by itself."""

from playwright.sync_api import expect
from sqlalchemy import update

from tests.browser.house import House
from tracker.mail.letters import Letter, LetterState
from tracker.plumbing import clock
from tracker.plumbing.db import db


def let_letters_wait(house: House, count: int) -> None:
    """So many letters are due and not taken yet."""
    with house.app.app_context():
        some = db.session.query(Letter.id).order_by(Letter.id.desc()).limit(count)
        db.session.execute(
            update(Letter)
            .where(Letter.id.in_(some.scalar_subquery()))
            .values(state=LetterState.QUEUED, next_attempt_at=clock.now(), sent_at=None)
        )
        db.session.commit()


def test_the_count_moves_while_letters_go_out(example: House) -> None:
    let_letters_wait(example, 7)
    office = example.signed_in("office")
    office.goes_to("/notices")
    place = office.view.locator("[data-progress]")
    expect(place).to_contain_text("残り 7通")
    with example.app.app_context():
        from tracker.reminders import actions

        actions.run_once()
        db.session.remove()
    expect(place).to_contain_text("ファイルに置き終わりました。")
