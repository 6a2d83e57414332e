"""What opens somebody's page, in a letter whose sender was killed (issue D1): the copy delivered
before the kill is as good as the one after it, until a new link ends both; and a copy of the database
under another key sends links of its own.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from email.message import EmailMessage
from itertools import product

import pytest
from sqlalchemy import delete

from tests.mail.faults.harness import LATER, Harness
from tests.mail.faults.test_kills import EVERY_CASE, KILLED, SECRETARIES
from tests.mail.faults.worker import DAY
from tests.meetings.makers import make_meeting
from tests.sent import code_in, links_in, token_of
from tests.services import SmtpServer
from tracker.accounts.models import Invitation, LinkUse
from tracker.accounts.people.actions import invite
from tracker.accounts.queries import find_person
from tracker.mail import links
from tracker.meetings.models import MeetingRow
from tracker.meetings.poll import actions as polls
from tracker.plumbing import clock
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.reminders import rules
from tracker.sign_in.models import ResetRequest
from tracker.sign_in.password.actions import ask_reset, write_resets

AT = clock.at(DAY, rules.HOUR)
INVITED, FORGOT = "officer@imabetsu.example", "officer@yomogita.example"
OTHER_KEY = "the key of an installation made from a copy, long enough"
# Accepted by the server, and not written down.
DELIVERED = [("12", 1), ("13", 2)]


@pytest.fixture
def harness(both, database_url, tmp_path, smtp_server) -> Iterator[Harness]:
    """Nothing is to be sent yet."""
    made = Harness(both, database_url, tmp_path, smtp_server)
    yield made
    made.close()


def write_letters() -> None:
    """An invitation and a new password that was asked for: each with its link and its code."""
    for table in (Invitation, ResetRequest):
        db.session.execute(delete(table))
    db.session.commit()
    person = find_person(INVITED)
    assert person is not None
    invite(Act(None, AT), person)
    ask_reset(FORGOT, at=AT)
    assert write_resets(AT) == 1


def is_good(copy: EmailMessage, kind: LinkUse, path: str) -> bool:
    """Whether a copy holds the one link and the one code that open the page now."""
    [row] = db.session.query(Invitation).filter_by(kind=kind)
    good = f"{path}{token_of(kind, row.id)}", token_of(f"{kind}_code", row.id)
    [link] = links_in(copy, path)
    is_open = links.verify(kind, link.removeprefix(path), AT) == row.id
    db.session.rollback()
    return is_open and (link, code_in(copy)) == good


def spoiled(harness: Harness, server: SmtpServer, cases: list[tuple[str, int]]) -> list[object]:
    """Where a copy delivered before or after a kill is not what opens the page."""
    wrong, doubled = [], 0
    for point, number in cases:
        harness.clear()
        write_letters()
        db.session.rollback()
        assert harness.run(point=point, number=number)[0] == KILLED
        assert harness.run(minutes=LATER)[0] == 0
        for address, kind, path in (
            (INVITED, LinkUse.INVITATION, "/invitations/"),
            (FORGOT, LinkUse.RESET, "/resets/"),
        ):
            copies = server.for_(address)
            if not copies or not all(is_good(copy, kind, path) for copy in copies):
                wrong.append((point, number, address))
            doubled += len(copies) > 1
    assert doubled
    return wrong


@pytest.mark.slow
def test_link_and_code_are_good_whatever_the_point_of_the_kill(harness, smtp_server):
    cases = [(point, number) for point, number in EVERY_CASE if number < 3 and point > "03"]
    assert spoiled(harness, smtp_server, cases) == []


def kill_delivered(harness: Harness, server: SmtpServer, point: str, number: int) -> str:
    """Kills a pass of reminders of a poll; who had the letter already."""
    harness.clear()
    assert harness.run(point=point, number=number)[0] == KILLED
    [address] = [one for one in SECRETARIES if one in harness.on_the_way()]
    assert len(server.for_(address)) == 1
    return address


def opens(copy: EmailMessage) -> bool:
    """Whether the link of a poll in it opens a page."""
    [path] = links_in(copy, "/p/")
    found = links.verify("poll", path.removeprefix("/p/"), AT + timedelta(minutes=LATER))
    db.session.rollback()
    return found is not None


@pytest.mark.parametrize(
    ("database_url", "point", "number"),
    [
        # Each has a process to start: the quick run has one.
        pytest.param(engine, *place, marks=[] if not turn else pytest.mark.slow)
        for turn, (engine, place) in enumerate(product(("sqlite", "postgresql"), DELIVERED))
    ],
    indirect=["database_url"],
)
def test_a_new_link_after_a_kill_ends_the_one_that_was_delivered(
    harness, smtp_server, point, number
):
    make_meeting(reply_due_on=date(2026, 11, 30))
    address = kill_delivered(harness, smtp_server, point, number)
    slug = address.partition("@")[2].partition(".")[0]
    polls.renew_link(Act(None, AT), db.session.get_one(MeetingRow, 1), slug)
    assert harness.run(minutes=LATER)[0] == 0
    first, *later = smtp_server.for_(address)
    assert not opens(first) and later and all(opens(copy) for copy in later)


@pytest.mark.slow
def test_a_copy_under_another_key_sends_a_link_of_its_own_after_a_kill(
    harness, both, database_url, tmp_path, smtp_server
):
    make_meeting(reply_due_on=date(2026, 11, 30))
    address = kill_delivered(harness, smtp_server, *DELIVERED[0])
    restored = Harness(both, database_url, tmp_path, smtp_server, OTHER_KEY)
    try:
        assert restored.run(minutes=LATER)[0] == 0
    finally:
        restored.close()
    ours, theirs = smtp_server.for_(address)
    assert opens(ours) and not opens(theirs)
    both.config["SECRET_KEY"] = OTHER_KEY
    assert opens(theirs) and not opens(ours)
