"""The session ends while a report is being written: in Chromium, with JavaScript and without."""

import pytest
from playwright.sync_api import Route, expect
from sqlalchemy import func, select, update

from tests.browser.house import House
from tracker.accounts.models import SignIn
from tracker.plumbing import clock
from tracker.plumbing.db import db
from tracker.projects.models import ProgressReport

pytestmark = pytest.mark.browser
SEMINAR = "在宅医療推進のための共同セミナー開催事業"
DONE = "6月に共同の研修を1回行い、12人が参加した。"


def count(house: House) -> int:
    with house.app.app_context():
        return db.session.scalar(select(func.count(ProgressReport.id))) or 0


@pytest.mark.parametrize("javascript", [False, True])
def test_a_report_outlives_its_session_and_is_saved_once(example: House, javascript: bool) -> None:
    officer = example.signed_in("officer", "imabetsu", javascript=javascript)
    scripts: list[Route] = []
    if javascript:
        # A slow line: what is typed before the script has come is not lost either.
        officer.view.route("**/app.js*", lambda route: scripts.append(route))
    officer.presses(f"始める：{SEMINAR}")
    address, before = officer.view.url, count(example)
    with example.app.app_context():
        db.session.execute(update(SignIn).values(ended_at=clock.now()))
        db.session.commit()
    box = officer.box("この半年に行ったこと")
    if javascript:
        box.fill("6月に")
        box.blur()
        scripts[0].continue_()
        officer.view.unroute("**/app.js*")
        officer.sees("ログインが切れているため、まだ保存していません。")
        assert officer.view.url == address
    box.fill(DONE)
    officer.chooses("やや遅れ")
    officer.presses("下書きのまま閉じる")
    officer.sees_title("ログイン")
    officer.sees("このログインは、ほかの画面か端末で終了しました。")
    officer.sees("送った内容は保管しています。ログインし直すと、続きからできます。")
    officer.signs_in("officer", "imabetsu")
    officer.sees("ログインが切れていたため、まだ保存していません。")
    expect(box).to_have_value(DONE)
    expect(officer.view.get_by_role("radio", checked=True)).to_have_value("slightly_late")
    assert count(example) == before
    officer.presses("下書きのまま閉じる")
    officer.sees(f"「{SEMINAR}」の下書きを保存しました。")
    assert count(example) == before + 1
    officer.presses(f"続きから：{SEMINAR}")
    expect(box).to_have_value(DONE)
    # The draft that saves itself was told so, each time a box was left.
    refused = [one for one in example.pages.problems if one.startswith("answer 401")]
    assert example.pages.problems == refused and bool(refused) is javascript
    example.pages.problems.clear()
