"""What a municipality takes home of the record: it verifies, and holds no private word of another."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Select, select

from tests import cast
from tests.whole.clients import LEAD, OFFICER, House, Visitor
from tests.whole.objects import SECRETS
from tests.whole.seed import HUB, OTHER, TOWN
from tracker.accounts.models import Handover, Person, Post
from tracker.accounts.queries import actor_of
from tracker.chain import rules as chain
from tracker.cost_sharing.models import CostCase
from tracker.history import history
from tracker.history.history import HistoryEntry, Subject
from tracker.kernel.permissions import Actor, Role
from tracker.mail.letters import Letter
from tracker.meetings.models import MeetingSeat
from tracker.municipalities.models import HeadAbsence, Municipality
from tracker.plumbing.changes import Act
from tracker.plumbing.db import db
from tracker.projects.models import ProgressReport, Project
from tracker.projects.rules import ReportState
from tracker.record import actions
from tracker.record.reading.queries import exported

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
    "absence": (select(HeadAbsence.id).join(Municipality), True),
    "seat": (select(MeetingSeat.id).join(Municipality), True),
    "post": (select(Post.id).join(Municipality), True),
    "account": (
        select(Person.id).join(Post, Post.id == Person.post_id).join(Municipality),
        False,
    ),
    "handover": (
        select(Handover.post_id).join(Post, Post.id == Handover.post_id).join(Municipality),
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
                # Its words are sealed; that it was begun is told to lead and hub, too.
                readers |= {HUB, OTHER} if kind == "report" else set()
                planted.append(_planted(kind, key, f"{slug}の{kind}の印", readers))
    sent = db.session.scalars(select(CostCase.id).where(~_drafts).limit(1)).one()
    everybody = frozenset(READERS)
    planted += [_planted(kind, 1, f"みなの{kind}の印", everybody) for kind in SHARED]
    planted += [_planted(kind, 1, f"事務局の{kind}の印", frozenset()) for kind in KEPT_BACK]
    planted.append(_planted("cost_case", sent, "送った案件の印", everybody))
    # Beside what an entry is about: a word that became private later, and another's answer.
    draft = "progress_report/1/trouble"
    for name in (draft, "poll_answer/1-1/told_by"):
        planted.append(_planted("project", 1, f"{name}の印", frozenset(), name))
    return planted


def _planted(
    kind: str, key: int, word: str, readers: frozenset[str], name: str = "words"
) -> Planted:
    with SYSTEM.change("test.done", Subject(kind, key), f"{word}の文") as entry:
        entry.told[name] = f"{word}の値"
    return Planted(word, readers)


def export(actor: Actor | None) -> tuple[str, chain.RecordCheck]:
    """The file as somebody takes it home, and what a verifier says of it."""
    text = "".join(exported(actor))
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
                    if not secret.is_for(actor.role, actor.municipality):
                        assert secret.words not in text, (slug, secret.words)
                bare = [one for one in map(json.loads, text.splitlines()) if "verb" not in one]
                assert bare
                assert {tuple(one) for one in bare} == {("number", "previous", "hash")}
            for role in (Role.OFFICE, Role.ADMIN):
                actor = actor_of(cast.email(role))
                text, verdict = export(actor)
                assert (verdict.problems, verdict.head) == ([], history.head())
                for secret in SECRETS:
                    if not secret.is_for(actor.role, actor.municipality):
                        assert secret.words not in text, (role, secret.words)
                # The page of the record withholds an account's address from them, or an unsent case.
                assert any(f"{one.word}の文" not in text for one in planted)
            whole = export(None)[0]
            assert all(f"{one.word}の文" in whole for one in planted)


def test_a_confirmer_downloads_it_with_the_program_that_checks_it(house: House, tmp_path: Path):
    confirmer = Visitor(Role.CONFIRMER, TOWN)
    with house.app.app_context():
        plant()
        noted, text = history.head(), export(actor_of(cast.email(Role.CONFIRMER, TOWN)))[0]
    page = house.ask(confirmer, "GET", "/audit").get_data(as_text=True)
    assert 'href="/audit/record.jsonl"' in page and 'href="/audit/verify_history.py"' in page
    answer = house.ask(confirmer, "GET", "/audit/record.jsonl")
    assert answer.headers["Content-Disposition"] == "attachment; filename=record-20261124.jsonl"
    assert answer.get_data(as_text=True) == text
    program, file = tmp_path / "verify_history.py", tmp_path / "record.jsonl"
    program.write_bytes(house.ask(confirmer, "GET", "/audit/verify_history.py").data)
    # As it is, and with its last entry cut off.
    for kept, code in ((text, 0), (text.rpartition("\n{")[0], 1)):
        file.write_text(kept, encoding="utf-8")
        command = [sys.executable, "-I", str(program), str(file), "--head", str(noted)]
        assert subprocess.run(command, capture_output=True, check=False).returncode == code
    for visitor in (OFFICER, LEAD, Visitor(Role.READER, HUB)):
        for path in ("/audit/record.jsonl", "/audit/verify_history.py"):
            assert house.ask(visitor, "GET", path).status_code == 403


def test_it_is_read_a_part_at_a_time_and_holds_no_transaction_between(houses: list[House]):
    for house in houses:
        with house.app.app_context():
            row = None, "test.done", Subject("project", 1), "何かをしました。"
            history.append(history.new_row(*row, at=cast.NOW) for _ in range(1100))
            db.session.commit()
            count = int(history.head().partition("-")[0])
            sizes = []
            for part in exported(actor_of(cast.email(Role.CONFIRMER, TOWN))):
                sizes.append(part.count("\n"))
                assert not db.session().in_transaction()
            assert sum(sizes) == count
            assert len(sizes) > 1 and max(sizes) == sizes[0] == history.CHUNK


def told_numbers(text: str) -> set[int]:
    """The numbers of the entries of a file that are told."""
    return {one["number"] for one in map(json.loads, text.splitlines()) if "verb" in one}


def test_what_was_drafted_stays_with_its_drafters_when_the_case_is_sent(house: House):
    with house.app.app_context():
        sends = select(HistoryEntry).where(HistoryEntry.verb == "cost.sent")
        sent = db.session.scalars(sends.limit(1)).one()
        subject = HistoryEntry.subject_id == sent.subject_id
        of_case = select(HistoryEntry.number).where(
            HistoryEntry.subject_kind == "cost_case", subject
        )
        every, first = set(db.session.scalars(of_case)), sent.number
        assert min(every) < first
        for slug in (TOWN, OTHER):
            told = told_numbers(export(actor_of(cast.email(Role.CONFIRMER, slug)))[0])
            assert told & every == {one for one in every if one >= first}


def test_what_was_disposed_of_leaves_with_its_disposal_or_not_at_all(house: House):
    with house.app.app_context():
        plant()
        found = select(HistoryEntry.number).where(HistoryEntry.summary == "みなのprojectの印の文")
        number = db.session.scalars(found).one()
        actions.dispose(SYSTEM, number, "理由の印")
        for role, is_told in ((Role.OFFICE, True), (Role.CONFIRMER, False)):
            text, verdict = export(actor_of(cast.email(role)))
            assert verdict.problems == []
            assert (number in told_numbers(text), "理由の印" in text) == (is_told, is_told)


def test_no_digest_of_words_goes_to_whoever_may_not_read_them(house: House):
    """Whoever wrote the same words would see by it that a guess is right."""
    sealed = {"digest": "5c2b7547" * 8, "length": 8}
    with house.app.app_context():
        report = db.session.scalars(select(ProgressReport)).first()
        with SYSTEM.change("report.saved", Subject("report", report.id), "保存の印") as entry:
            entry.told[f"progress_report/{report.id}/trouble"] = sealed
        lead = db.session.get_one(Project, report.project_id).lead_municipality_id
        told, apart = set(), set()
        for slug in READERS:
            actor = actor_of(cast.email(Role.CONFIRMER, slug))
            involved = actor.is_hub or actor.municipality_id in (report.municipality_id, lead)
            (told if sealed["digest"] in export(actor)[0] else apart).add((slug, involved))
        assert apart and {involved for _slug, involved in told} <= {True}
        assert len(told) + len(apart) == len(READERS)
