"""The figures of a meeting's bound PDF are those that the screens of the same house print."""

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from flask import Flask

from tests import cast
from tests.pages import PageClient
from tests.services import missing
from tracker.accounts import queries as accounts
from tracker.convening import actions as convening
from tracker.convening.rules import Coming
from tracker.meetings import actions, queries
from tracker.meetings.rules import Attendance
from tracker.plumbing.changes import Act

STATES = "やや遅れ|遅れ|未報告|順調"
SAID = {"imabetsu": Attendance.HEAD, "hiranai": Attendance.ABSENT}


def number(text: str) -> int:
    return int(text.replace(",", ""))


def call_and_answer(app: Flask) -> None:
    """The meeting of the year is fixed and noticed, and two of its heads say whether they come."""
    with app.app_context():
        office = Act(accounts.actor_of(cast.email("office")), cast.NOW)
        meeting = queries.find(2)
        assert meeting is not None
        row = queries.row(meeting)
        actions.fix(office, row, list(meeting.dates)[2], "")
        actions.send_notice(office, row, "青連第9号", "御出席ください。")
        for slug, attendance in SAID.items():
            seat = queries.of(row).seat_of(slug)
            assert seat is not None
            coming = Coming(attendance, "", 0, 0)
            convening.answer(office, row, seat.id, coming, "秘書")


def read_pack(content: bytes, folder: Path) -> dict[str, Any]:
    """What the PDF says of each figure, by the words that stand beside it."""
    pdftotext = shutil.which("pdftotext") or missing("pdftotext (poppler-utils)")
    file = folder / "pack.pdf"
    file.write_bytes(content)
    told = subprocess.run([pdftotext, "-layout", file, "-"], capture_output=True, check=True)
    text = told.stdout.decode()
    [line] = re.findall(r"^事業 \d+件 .+", text, re.M)
    counts = {name: int(count) for name, count in re.findall(rf"({STATES}) (\d+)", line)}
    [answers] = re.findall(r"出席の予定.+", text)
    return {
        "projects": int(re.findall(r"事業 (\d+)件", line)[0]),
        "standing": counts,
        "reports": (sum(counts.values()) - counts["未報告"], sum(counts.values())),
        "budgets": {
            name: round(number(yen) / 1000)
            for name, yen in re.findall(r"^\d\S*-\d+ +(\S+) .* ([\d,]+)円$", text, re.M)
        },
        "to watch": sorted(re.findall(rf"^(\S+事業\S*) +(\S+[市町村]) +({STATES})$", text, re.M)),
        "cases": [
            (label, number(yen), state)
            for label, yen, state in re.findall(r"^(第\S+号) .* ([\d,]+)円 .* (\S+)$", text, re.M)
        ],
        "answers": {
            name: int(count) for name, count in re.findall(r"(\S+) (\d+)", answers) if int(count)
        },
    }


def read_screens(office: PageClient) -> dict[str, Any]:
    """The same figures as home, the annex, the projects, the cost cases and the replies print them."""
    home, projects = office.get("/"), office.get("/projects")
    annex, costs = office.get("/measures").text, office.get("/costs")
    lacking = Counter[str]()
    for name, count in re.findall(rf"({STATES})(\d+)件", annex):
        lacking[name] += int(count)
    parts = sum(map(int, re.findall(r"参加(\d+)事業", annex)))
    [submitted] = re.findall(r"合計 (\d+) / (\d+)", home.text)
    return {
        "projects": int(re.findall(r"(\d+)事業。", projects.text)[0]),
        "standing": {**lacking, "順調": parts - lacking.total()},
        "reports": tuple(map(int, submitted)),
        "budgets": {
            row.th.get_text(strip=True): number(row.find_all("td")[-1].get_text(strip=True))
            for row in projects.all("main tbody tr")
        },
        "to watch": sorted(
            (one.a.get_text(), one.select_one(".mute").get_text(), chip.get_text(strip=True))
            for one in home.all("main li:has(> .mute)")
            for chip in one.select(".chip")
        ),
        "cases": [
            (label, number(row.find_all("td")[1].get_text()), "確認待ち")
            for row in costs.all("main tbody tr")
            if "確認待ち" in row.get_text()
            for label in re.findall(r"第\S+号", row.th.get_text())
        ],
        "answers": Counter(
            row.find_all("td")[0].get_text(strip=True)
            for row in office.get("/meetings/2/replies").all("main tbody tr")
        ),
    }


# Above 2 s where the example is loaded for it; one volume is bound, and five pages are read.
def test_the_figures_of_the_pack_are_those_of_the_screens(demo_app: Flask, tmp_path: Path) -> None:
    """It failed when a part, a thousand yen of a project, a yen of a case or two answers differed."""
    call_and_answer(demo_app)
    office = PageClient(demo_app).enter("office")
    page = office.get("/meetings/2/materials")
    office.post("/meetings/2/materials/make/all", page.fields(0))
    pack = office.get("/meetings/2/materials/book.pdf").response.data
    found = read_pack(pack, tmp_path)
    assert found == read_screens(office)
    # Each of them was found at all.
    assert len(found["budgets"]) == found["projects"] == 18 and found["reports"] == (68, 79)
    assert len(found["to watch"]) == 3 and len(found["cases"]) == 1 and len(found["answers"]) == 3
