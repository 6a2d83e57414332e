"""What a municipality takes home of the record: it verifies, and holds no private word of another."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Select, select

from tests import cast
from tests.whole.clients import House
from tests.whole.objects import SECRETS
from tests.whole.seed import HUB, OTHER, TOWN
from tracker.accounts.models import Handover, OutsideChange, Person, Post
from tracker.accounts.queries import actor_of
from tracker.cost_sharing.models import CostCase
from tracker.kernel.permissions import Actor, Permission, Role, allowed
from tracker.mail.letters import Letter
from tracker.meetings.models import MeetingSeat
from tracker.municipalities.models import Municipality
from tracker.overview.record import actions, queries
from tracker.overview.record.rules import READ_BY
from tracker.plumbing import chain, history
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.plumbing.history import HistoryEntry, Subject
from tracker.projects.models import ProgressReport, Project
from tracker.projects.rules import ReportState

READERS = (HUB, TOWN, OTHER)
SYSTEM = Act(None, cast.NOW)
_drafts = CostCase.sent_on.is_(None)
# What concerns one municipality: a subject of it, and whether its confirmer may read of it.
PRIVATE: Mapping[str, tuple[Select[tuple[int]], bool]] = {
    "report": (
        select(ProgressReport.id)
        .join(Municipality, Municipality.id == ProgressReport.municipality_id)
        .where(ProgressReport.state == ReportState.DRAFT),
        True,
    ),
    "cost_case": (
        select(CostCase.id)
        .join(Project)
        .join(Municipality, Municipality.id == Project.lead_municipality_id)
        .where(_drafts),
        False,
    ),
    "seat": (select(MeetingSeat.id).join(Municipality), False),
    "post": (select(Post.id).join(Municipality), True),
    "account": (
        select(Person.id).join(Post, Post.id == Person.post_id).join(Municipality),
        True,
    ),
    "handover": (
        select(Handover.post_id).join(Post, Post.id == Handover.post_id).join(Municipality),
        True,
    ),
    "outside_change": (
        select(OutsideChange.id).join(Post, Post.id == OutsideChange.post_id).join(Municipality),
        True,
    ),
    "letter": (select(Letter.id).join(Municipality), True),
}
# What all read, and what no municipality reads.
SHARED = ("project", "agreement", "meeting", "round", "fiscal_year")
KEPT_BACK = ("import", "letter_text", "schedule", "reminder", "clock", "of a later version")


@dataclass(frozen=True)
class Planted:
    """A word in an entry: what of whom it is about, and the municipalities that may read it."""

    word: str
    readers: frozenset[str]


def plant() -> list[Planted]:
    """An entry about each kind of subject of each municipality, with a word of its own twice."""
    planted = []
    for slug in READERS:
        for kind, (found, is_own) in PRIVATE.items():
            if key := db.session.scalar(found.where(Municipality.slug == slug).limit(1)):
                readers = frozenset({slug} if is_own else ())
                planted.append(_planted(kind, key, f"{slug}の{kind}の印", readers))
    sent = db.session.scalars(select(CostCase.id).where(~_drafts).limit(1)).one()
    everybody = frozenset(READERS)
    planted += [_planted(kind, 1, f"みなの{kind}の印", everybody) for kind in SHARED]
    planted += [_planted(kind, 1, f"事務局の{kind}の印", frozenset()) for kind in KEPT_BACK]
    planted.append(_planted("cost_case", sent, "送った案件の印", everybody))
    return planted


def _planted(kind: str, key: int, word: str, readers: frozenset[str]) -> Planted:
    with SYSTEM.change("test.done", Subject(kind, key), f"{word}の文") as entry:
        entry.told["words"] = f"{word}の値"
    return Planted(word, readers)


def export(actor: Actor | None) -> tuple[str, chain.RecordCheck]:
    """The file as somebody takes it home, and what a verifier says of it."""
    text = "".join(queries.exported(actor))
    return text, chain.check(chain.read(text.splitlines()), history.head())


def test_a_municipality_takes_home_what_it_may_read_and_the_links_of_all_else(houses: list[House]):
    for house in houses:
        with house.app.app_context():
            planted = plant()
            assert len(planted) > 25
            for slug in READERS:
                actor = actor_of(cast.email(Role.CONFIRMER, slug))
                text, verdict = export(actor)
                assert (verdict.problems, verdict.head) == ([], history.head())
                told = {one.word: f"{one.word}の文" in text for one in planted}
                assert told == {one.word: slug in one.readers for one in planted}, slug
                assert told == {one.word: f"{one.word}の値" in text for one in planted}, slug
                for secret in SECRETS:
                    if not allowed(actor, secret.permission, secret.involved):
                        assert secret.words not in text, (slug, secret.words)
                bare = [one for one in map(json.loads, text.splitlines()) if "verb" not in one]
                assert bare
                assert {tuple(one) for one in bare} == {("number", "previous", "hash")}
            whole, verdict = export(actor_of(cast.email("office")))
            assert verdict.problems == []
            assert whole == export(None)[0]
            assert all(f"{one.word}の文" in whole for one in planted)


def test_what_was_drafted_stays_with_its_drafters_when_the_case_is_sent(house: House):
    with house.app.app_context():
        sends = select(HistoryEntry).where(HistoryEntry.verb == "cost.sent")
        sent = db.session.scalars(sends.limit(1)).one()
        subject = HistoryEntry.subject_id == sent.subject_id
        of_case = select(HistoryEntry).where(HistoryEntry.subject_kind == "cost_case", subject)
        for slug in (TOWN, OTHER):
            actor = actor_of(cast.email(Role.CONFIRMER, slug))
            readable = set(db.session.scalars(of_case.where(queries.open_to(actor))))
            every = set(db.session.scalars(of_case))
            assert readable == {one for one in every if one.id >= sent.id}
            assert readable < every


def test_a_disposal_is_read_by_those_who_read_what_it_blanked(house: House):
    with house.app.app_context():
        words = {one.word: one for one in plant()}
        for word in (f"{TOWN}のaccountの印", f"{OTHER}のaccountの印"):
            assert word in words
            found = select(HistoryEntry.number).where(HistoryEntry.summary == f"{word}の文")
            actions.dispose(SYSTEM, db.session.scalars(found).one(), f"{word}の理由")
        for slug, other in ((TOWN, OTHER), (OTHER, TOWN)):
            text, verdict = export(actor_of(cast.email(Role.CONFIRMER, slug)))
            assert verdict.problems == []
            assert f"{slug}のaccountの印の理由" in text
            assert f"{other}のaccountの印" not in text


def test_every_kind_of_subject_says_who_reads_it(house: House):
    with house.app.app_context():
        kinds = set(db.session.scalars(select(HistoryEntry.subject_kind).distinct()))
    assert len(kinds) > 7
    assert kinds - READ_BY.keys() <= {"history"}
    assert PRIVATE.keys() == {
        kind
        for kind, permission in READ_BY.items()
        if permission
        in {
            Permission.READ_TROUBLES,
            Permission.READ_COST_DRAFT,
            Permission.ANSWER_POLL,
            Permission.HAND_OVER,
            Permission.READ_LETTERS,
        }
    }
