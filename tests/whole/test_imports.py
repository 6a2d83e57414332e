"""Who may import whom: the contracts in pyproject.toml hold, and each can be broken."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLANTED = {
    "a lower feature reads a higher one": (
        "tracker/municipalities/planted.py",
        "import tracker.overview",
        "Features stand on each other in one direction",
    ),
    "a folder nobody gave a place": (
        "tracker/planted.py",
        "",
        "Features stand on each other in one direction",
    ),
    "a model leans on a page": (
        "tracker/municipalities/models.py",
        "import tracker.municipalities.views",
        "Inside a feature, everything leans on the rules",
    ),
    "a rule asks the database": (
        "tracker/accounts/rules.py",
        "import sqlalchemy",
        "Rules know no web and no database",
    ),
    "the kernel asks the web": (
        "tracker/kernel/yen.py",
        "import flask",
        "Rules know no web and no database",
    ),
    "a page sends mail itself": (
        "tracker/overview/planted.py",
        "import smtplib",
        "Only mail sends and reads mail, only the scheduler keeps time",
    ),
    "mail is read in a second place": (
        "tracker/mail/delivery.py",
        "import imaplib",
        "Only mail sends and reads mail, only the scheduler keeps time",
    ),
    "reading a bounce asks the database": (
        "tracker/incoming_mail/bounces.py",
        "import sqlalchemy",
        "Rules know no web and no database",
    ),
    "managing people leans on one's own settings": (
        "tracker/accounts/people/planted.py",
        "import tracker.accounts.settings.views",
        "Whoever hands over or settles something leans on posts and accounts",
    ),
    "a password asks for the second factor": (
        "tracker/sign_in/password/planted.py",
        "import tracker.sign_in.second_factor.actions",
        "Signing in: the second factor stands on the password",
    ),
    "what values are called asks the page": (
        "tracker/record/values/planted.py",
        "import tracker.record.reading.queries",
        "The record: the page leans on what values are called, and both on who reads what",
    ),
    "the reading of a text knows of its review": (
        "tracker/agreements/reading/planted.py",
        "import tracker.agreements.review.question",
        "A review leans on the reading, which knows nothing of it",
    ),
    "one inner room acts for another": (
        "tracker/projects/plans/actions.py",
        "import tracker.projects.rounds.actions",
        "Projects: inner rooms stand on what they share, and that on their rules",
    ),
    "the days to send on lean on the page of letters": (
        "tracker/reminders/schedule/planted.py",
        "import tracker.reminders.notices.actions",
        "Reminders: pages stand on the clock's pass, which knows nothing of them",
    ),
    "the calendar leans on the home page": (
        "tracker/overview/calendar/planted.py",
        "import tracker.overview.home.queries",
        "Overview: home, the annex table and the calendar do not know each other",
    ),
    "a backup leans on what watches the server": (
        "tracker/operation/backup/queries.py",
        "import tracker.operation.health",
        "Operation: a backup knows nothing of what watches the server, nor that of the server",
    ),
    "the poll acts for the meeting": (
        "tracker/meetings/poll/actions.py",
        "import tracker.meetings.actions",
        "Meetings: the date poll and the meeting itself meet only on the pages",
    ),
    "a case asks what is printed of it": (
        "tracker/cost_sharing/planted.py",
        "import tracker.cost_papers.papers",
        "Features stand on each other in one direction",
    ),
    "the memorandum asks what else is offered": (
        "tracker/cost_papers/memorandum/planted.py",
        "import tracker.cost_papers.papers",
        "Papers of a case: the memorandum knows nothing of what is offered beside it",
    ),
    "the pages of a case lean on those of its formula": (
        "tracker/cost_sharing/cases/views.py",
        "import tracker.cost_sharing.formula.views",
        "Cost sharing: a formula is worked out for a case, and the arithmetic knows of none",
    ),
    "a feature keeps a clock of its own": (
        "tracker/meetings/planted.py",
        "import apscheduler",
        "Only mail sends and reads mail, only the scheduler keeps time",
    ),
}


def _verdicts(folder: Path) -> dict[str, str]:
    """Each contract's sentence with KEPT or BROKEN, as import-linter judges that folder."""
    program = "from importlinter.cli import lint_imports_command as c; c()"
    done = subprocess.run(
        [sys.executable, "-c", program, "--no-logo", "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.findall(r"^(.+?) (KEPT|BROKEN)\b", done.stdout, re.MULTILINE)
    verdicts = dict(found)
    assert done.returncode == int("BROKEN" in verdicts.values()), done.stdout + done.stderr
    return verdicts


def test_the_contracts_are_kept_and_for_each_a_fault_is_planted_below() -> None:
    sentences = {sentence for _, _, sentence in PLANTED.values()}
    assert _verdicts(ROOT) == dict.fromkeys(sentences, "KEPT")


@pytest.mark.parametrize("fault", PLANTED)
def test_each_contract_catches_the_fault_planted_for_it(fault: str, tmp_path: Path) -> None:
    path, line, sentence = PLANTED[fault]
    only_code = shutil.ignore_patterns("__pycache__", "static")
    shutil.copytree(ROOT / "tracker", tmp_path / "tracker", ignore=only_code)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / path).open("a") as code:
        code.write(f"\n{line}\n")
    verdicts = _verdicts(tmp_path)
    assert [name for name, verdict in verdicts.items() if verdict == "BROKEN"] == [sentence]


def test_importing_the_rules_wakes_neither_flask_nor_the_database() -> None:
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for folder in ("kernel/*.py", "*/rules.py", "*/text.py", "*/split.py")
        for path in sorted((ROOT / "tracker").glob(folder))
    ]
    question = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    awake = subprocess.check_output([sys.executable, "-c", question], cwd=ROOT, text=True).split()
    assert set(modules) <= set(awake)
    assert set(awake).isdisjoint({"flask", "sqlalchemy", "wtforms", "sqlite3"})
