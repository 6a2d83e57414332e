"""A database of the release before is brought up with what it holds, and goes back without questions."""

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from tests.cost_sharing.makers import make_agreed
from tests.questions.makers import make_settled
from tracker.plumbing.db import db

BEFORE, AFTER = "0037", "0038"
TABLES = {
    *("question", "question_view", "question_consultation", "question_settlement"),
    *("question_offer", "question_reply", "sister_reply"),
}


@pytest.mark.usefixtures("both")
def test_questions_come_and_go_and_leave_the_rest_alone():
    case, row = make_agreed(), make_settled(sisters=("hiranai",))
    case_id, question_id = case.id, row.id
    db.session.commit()
    # Both words and the text are only ever added to.
    with pytest.raises(IntegrityError):
        db.session.execute(text("UPDATE question_reply SET decision = 'returned'"))
    db.session.rollback()

    downgrade(revision=BEFORE)
    assert not TABLES & set(inspect(db.engine).get_table_names())
    states = db.session.execute(text("SELECT id, state FROM cost_case")).all()
    assert (case_id, "agreed") in [tuple(one) for one in states]
    db.session.commit()

    upgrade(revision=AFTER)
    assert set(inspect(db.engine).get_table_names()) >= TABLES
    assert db.session.execute(text("SELECT id FROM question")).all() == []
    assert question_id
    db.session.commit()
    upgrade()
    assert make_settled().state == "settled"
