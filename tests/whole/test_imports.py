"""Who may import whom: the contracts in pyproject.toml hold, and each can be broken."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PURE_ROOMS = [f"{room}/*.py" for room in ("kernel", "amounts", "characters", "office_days", "duty")]
PLANTED = {
    "a lower feature reads a higher one": (
        "tracker/meetings/planted.py",
        "import tracker.annual_duty",
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
        "tracker/kernel/typed.py",
        "import flask",
        "Rules know no web and no database",
    ),
    "amounts ask the database": (
        "tracker/amounts/yen.py",
        "import sqlalchemy",
        "Rules know no web and no database",
    ),
    "characters know the boxes they are typed into": (
        "tracker/characters/characters.py",
        "import wtforms",
        "Rules know no web and no database",
    ),
    "the kernel knows when the offices are open": (
        "tracker/kernel/fiscal_year.py",
        "import tracker.office_days.office_days",
        "Features stand on each other in one direction",
    ),
    "open days ask the web": (
        "tracker/office_days/office_days.py",
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
    "a meeting knows who is invited to it": (
        "tracker/meetings/letters.py",
        "import tracker.convening.actions",
        "Features stand on each other in one direction",
    ),
    "an invitation asks what was decided": (
        "tracker/convening/planted.py",
        "import tracker.decisions.queries",
        "Features stand on each other in one direction",
    ),
    "an invitation asks the council": (
        "tracker/convening/planted.py",
        "import tracker.council.queries",
        "Features stand on each other in one direction",
    ),
    "a quorum is asked of the database": (
        "tracker/council/rules.py",
        "import sqlalchemy",
        "Rules know no web and no database",
    ),
    "a decision reads the papers": (
        "tracker/decisions/planted.py",
        "import tracker.materials.queries",
        "Features stand on each other in one direction",
    ),
    "a table of invitations leans on their letters": (
        "tracker/convening/models.py",
        "import tracker.convening.letters",
        "Inside a feature, everything leans on the rules",
    ),
    "who may answer is asked of the database": (
        "tracker/convening/rules.py",
        "import sqlalchemy",
        "Rules know no web and no database",
    ),
    "a decision asks the database": (
        "tracker/decisions/decision.py",
        "import psycopg",
        "Rules know no web and no database",
    ),
    "a material is read as PDF": (
        "tracker/materials/material.py",
        "import pypdf",
        "Rules know no web and no database",
    ),
    "the reading of materials asks their page": (
        "tracker/materials/queries.py",
        "import tracker.materials.views",
        "Inside a feature, everything leans on the rules",
    ),
    "plumbing keeps posts itself": (
        "tracker/plumbing/once.py",
        "import tracker.kept_posts.actions",
        "Features stand on each other in one direction",
    ),
    "plumbing knows the sections of the site": (
        "tracker/plumbing/beside.py",
        "import tracker.sections.views",
        "Features stand on each other in one direction",
    ),
    "a table changes the form of the database": (
        "tracker/plumbing/memo.py",
        "import tracker.schema.append_only",
        "Features stand on each other in one direction",
    ),
    "what may be reached is asked below": (
        "tracker/plumbing/access.py",
        "import tracker.exposure.views",
        "Features stand on each other in one direction",
    ),
    "every row knows how it is struck through": (
        "tracker/plumbing/db.py",
        "import tracker.struck.models",
        "Features stand on each other in one direction",
    ),
    "a page knows how its failure is shown": (
        "tracker/plumbing/pages.py",
        "import tracker.failures.views",
        "Features stand on each other in one direction",
    ),
    "what is asked of a request knows how it is refused": (
        "tracker/exposure/checks.py",
        "import tracker.failures.views",
        "Features stand on each other in one direction",
    ),
    "the database knows what a column is to the record": (
        "tracker/storage/database.py",
        "import tracker.plumbing.db",
        "Features stand on each other in one direction",
    ),
    "the record knows what an act is": (
        "tracker/history/history.py",
        "import tracker.plumbing.changes",
        "Features stand on each other in one direction",
    ),
    "sending reads the mailbox": (
        "tracker/mail/smtp.py",
        "import tracker.incoming_mail.mailbox",
        "Features stand on each other in one direction",
    ),
    "a word of every room knows a kind of duty": (
        "tracker/kernel/wareki.py",
        "import tracker.duty.kinds",
        "Features stand on each other in one direction",
    ),
    "the check of a copy of the record asks the database": (
        "tracker/chain/rules.py",
        "import sqlite3",
        "Rules know no web and no database",
    ),
    "a kind of duty asks the web": (
        "tracker/duty/kinds.py",
        "import werkzeug",
        "Rules know no web and no database",
    ),
    "a feature keeps a clock of its own": (
        "tracker/meetings/planted.py",
        "import apscheduler",
        "Only mail sends and reads mail, only the scheduler keeps time",
    ),
}


def _judged(folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Each contract's sentence with KEPT or BROKEN, and with what import-linter says against it."""
    program = "from importlinter.cli import lint_imports_command as c; c()"
    done = subprocess.run(
        [sys.executable, "-c", program, "--no-logo", "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    verdicts = dict(re.findall(r"^(.+?) (KEPT|BROKEN)\b", done.stdout, re.MULTILINE))
    assert done.returncode == int("BROKEN" in verdicts.values()), done.stdout + done.stderr
    *_, against = done.stdout.partition("Broken contracts")
    parts = re.split(r"^(.+)\n-{3,}\n", against, flags=re.MULTILINE)
    return verdicts, dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_contracts_are_kept_and_for_each_a_fault_is_planted_below() -> None:
    sentences = {sentence for _, _, sentence in PLANTED.values()}
    assert _judged(ROOT)[0] == dict.fromkeys(sentences, "KEPT")


def test_each_contract_catches_the_faults_planted_for_it(tmp_path: Path) -> None:
    only_code = shutil.ignore_patterns("__pycache__", "static")
    shutil.copytree(ROOT / "tracker", tmp_path / "tracker", ignore=only_code)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for path, line, _ in PLANTED.values():
        with (tmp_path / path).open("a") as code:
            code.write(f"\n{line}\n")
    _, against = _judged(tmp_path)
    for fault, (path, line, sentence) in PLANTED.items():
        module = path.removesuffix(".py").replace("/", ".")
        wrong = f"{module} -> {line.removeprefix('import ')}" if line else module
        # By itself, not as a step on the way to another.
        alone = re.compile(rf"^- +{re.escape(wrong)}(?: \(l\.\d+\))?\n\n", re.MULTILINE)
        assert [name for name, said in against.items() if alone.search(said)] == [sentence], fault


def test_importing_the_rules_wakes_neither_flask_nor_the_database() -> None:
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for folder in (*PURE_ROOMS, "*/rules.py", "*/text.py", "*/split.py")
        for path in sorted((ROOT / "tracker").glob(folder))
    ]
    question = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    awake = subprocess.check_output([sys.executable, "-c", question], cwd=ROOT, text=True).split()
    assert set(modules) <= set(awake)
    assert set(awake).isdisjoint({"flask", "sqlalchemy", "wtforms", "sqlite3"})
