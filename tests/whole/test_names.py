"""One act, one entry; one name, one meaning: which files a room may hold, and who may write."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "tracker"
ROOMS = (
    "replies",
    "municipalities",
    "accounts",
    "sign_in",
    "letter_texts",
    "agreements",
    "projects",
    "figures",
    "shares",
    "cost_sharing",
    "cost_papers",
    "cost_trials",
    "payments",
    "grants",
    "questions",
    "meetings",
    "poll_replies",
    "annual_duty",
    "convening",
    "council",
    "decisions",
    "materials",
    "reminders",
    "overview",
    "record",
    "operation",
)
INNER = {"rules", "actions", "forms", "views", "letters", "papers", "queries"}
SHARED = {*INNER, "models", "duties", "commands", "json", "blueprint"}
# The one pure shape of a room's subject.
SHAPES = {
    "agreements/text/agreement",
    "projects/report",
    "projects/project",
    "cost_sharing/case",
    "materials/material",
    "meetings/meeting",
    "annual_duty/standing",
    "replies/reply",
    "questions/question",
    "decisions/decision",
    "payments/instalment",
}
# What waitress becomes here; only the one place that knows every part asks for it.
SERVER = {"operation/server"}
# Pure files named after what they are, each with its reason; at most ten.
PURE: Mapping[str, str] = {
    "agreements/reading/annex": "measures in tables or items, however they were copied",
    "agreements/text/lines": "lines and cells of a text, before anything has a meaning",
    "agreements/text/draft": "what has been read of an agreement so far",
    "agreements/text/parts": "cover, articles and signatures made of those lines",
    "agreements/review/question": "what is asked about a reading, and what an answer does",
    "shares/split": "the arithmetic itself, exact to the yen",
    "shares/table": "a split as people read it",
    "cost_sharing/formula/proposal": "a formula as it was typed, before it is worked out",
    "overview/calendar/feed": "duties and meetings as iCalendar",
    "overview/home/year": "a fiscal year's months with what falls into them",
}
# Who commits beside `act.change`: contracts.md, "Acts, conflicts, keys".
COMMITS: Mapping[str, str] = {
    "plumbing/changes": "the act itself",
    "plumbing/pages": "the act of a request, ended with its answer",
    "storage/database": "settings of a new connection",
    "incoming_mail/mailbox": "mail's books",
    "reminders/actions": "the clock's pass",
    "sign_in/password/actions": "signing in and out",
    "sign_in/second_factor/actions": "the second step of signing in",
    "operation/backup/actions": "all rows of a restored backup at once",
    "demo/letters": "the example's letters are marked as sent",
    "demo/meeting": "the example's letter that did not arrive",
}
RECORDS = {"plumbing/changes": "the act itself", "mail/outbox": "the system tells of a lost letter"}


def misnamed(root: Path = ROOT) -> Iterator[str]:
    """A sentence for each file of a room whose name says nothing to whoever knows the list."""
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            name = path.relative_to(root).with_suffix("").as_posix()
            _, *inner, last = name.split("/")
            allowed = INNER if inner else SHARED
            known = last == "__init__" or last in allowed or name in SHAPES | SERVER or name in PURE
            if not known:
                yield f"{name}: no name of the list (docs/house.md, What a file may be called)"


def calls(root: Path, function: str) -> Iterator[str]:
    """The files that call something.FUNCTION(...)."""
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(function):
                yield path.relative_to(root).with_suffix("").as_posix()
                break


def classes(root: Path = ROOT) -> Mapping[str, set[str]]:
    """The names of all classes, shapes, tables, forms and enums alike, each with its rooms."""
    found: dict[str, set[str]] = {}
    for path in sorted(root.rglob("*.py")):
        room = path.relative_to(root).with_suffix("").parts[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, set()).add(room)
    return found


def shared(root: Path = ROOT) -> dict[str, list[str]]:
    """The class names that stand in several rooms."""
    return {name: sorted(rooms) for name, rooms in classes(root).items() if len(rooms) > 1}


def test_no_class_name_stands_in_two_rooms() -> None:
    assert shared() == {}


def test_a_class_name_that_another_room_has_is_found(tmp_path: Path) -> None:
    for room, text in (
        ("meetings", "class Answer(Labelled): ...\nclass Seat: ...\n"),
        ("costs", "class Seat_: ...\ndef make():\n    class Answer(Form): ...\n"),
    ):
        (tmp_path / room).mkdir()
        (tmp_path / room / "rules.py").write_text(text)
    assert shared(tmp_path) == {"Answer": ["costs", "meetings"]}


def test_files_are_called_by_the_one_list() -> None:
    assert list(misnamed()) == []
    assert len(PURE) <= 10


@pytest.mark.parametrize(
    "name", ["projects/report_views.py", "projects/reports/helpers.py", "costs_extra.py"]
)
def test_a_misnamed_file_is_found(name: str, tmp_path: Path) -> None:
    (tmp_path / "projects" / "reports").mkdir(parents=True)
    (tmp_path / "projects" / "rules.py").touch()
    (tmp_path / "projects" / "reports" / "views.py").touch()
    assert list(misnamed(tmp_path)) == []
    path = tmp_path / "projects" / name.removeprefix("projects/")
    path.touch()
    assert len(list(misnamed(tmp_path))) == 1


def test_what_is_named_as_an_exception_is_there() -> None:
    """A list of exceptions that nothing needs any more must not stay."""
    there = {path.relative_to(ROOT).with_suffix("").as_posix() for path in ROOT.rglob("*.py")}
    assert set(PURE) <= there


def test_nobody_commits_or_writes_the_record_beside_the_act() -> None:
    assert set(calls(ROOT, "session.commit")) - set(COMMITS) == set()
    assert set(calls(ROOT, "history.record")) - set(RECORDS) == set()


def test_a_commit_elsewhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text("db.session.commit()\n")
    assert list(calls(tmp_path, "session.commit")) == ["planted"]
