"""The face in a real Chromium: accessibility, narrow windows, paper, and the comforts of app.js."""

from collections.abc import Iterator
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships no types
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from tests.browser.house import at_once
from tests.face.gallery import PAGES, create_gallery


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, at_once(create_gallery()), threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    return chromium


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    yield page
    page.close()


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_on_any_page(page: Page, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    axe = Axe()
    for name in PAGES:
        page.goto(f"{address}/{name}")
        found = axe.run(page)
        assert found.violations_count == 0, (name, found.generate_report())


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 390, 800, 1280])
def test_no_page_is_wider_than_the_window(page: Page, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for name in PAGES:
        page.goto(f"{address}/{name}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name


@pytest.mark.slow
def test_no_page_breaks_its_content_policy(page: Page, address: str) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    for name in PAGES:
        page.goto(f"{address}/{name}")
    assert complaints == []


@pytest.mark.slow
def test_every_target_is_large_enough(page: Page, address: str) -> None:
    small = """() => [...document.querySelectorAll(".btn, .input, .choice, .poll-choices span, .nav a, .cell[href]")]
        .filter((one) => one.offsetParent && one.getBoundingClientRect().height < 44)
        .map((one) => one.className + one.textContent)"""
    for name in PAGES:
        page.goto(f"{address}/{name}")
        assert page.evaluate(small) == [], name


@pytest.mark.slow
@pytest.mark.parametrize("name", ["matrix", "cost", "progress_check"])
def test_a_screen_meant_for_paper_fits_on_one_sheet(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/{name}")
    sheet = page.pdf(prefer_css_page_size=True)
    assert sheet.count(b"/Type /Page\n") == 1
    landscape = b"/MediaBox [0 0 841.9" in sheet
    assert landscape is (name == "matrix")


def test_the_menu_opens_without_javascript(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(f"{address}/home_town")
    link = page.get_by_role("navigation", name="メニュー").get_by_role("link", name="別表と事業")
    assert not link.is_visible()
    page.get_by_text("メニュー", exact=True).click()
    assert link.is_visible()
    context.close()


def test_an_answer_shows_that_it_is_chosen_without_javascript(
    browser: Browser, address: str
) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(f"{address}/poll")
    last_day = page.get_by_role("radiogroup", name="2月4日")
    last_day.get_by_text("出席できる").click()
    assert last_day.get_by_role("radio").first.is_checked()
    border = "(radio) => getComputedStyle(radio.nextElementSibling).borderTopWidth"
    assert last_day.get_by_role("radio").first.evaluate(border) == "3px"
    context.close()


def test_the_summary_of_errors_is_read_first_and_leads_to_the_field(
    page: Page, address: str
) -> None:
    page.goto(f"{address}/progress_error")
    assert page.evaluate("document.activeElement.className") == "error-summary"
    page.get_by_role("link", name="事業の状況を1つ選んでください。").click()
    assert page.evaluate("document.activeElement.id") == "status"


def test_the_done_panel_is_read_first(page: Page, address: str) -> None:
    page.goto(f"{address}/progress_done")
    assert page.evaluate("document.activeElement.textContent") == "農業研修事業の報告を提出しました"


def test_characters_are_counted_while_typing(page: Page, address: str) -> None:
    page.goto(f"{address}/progress_form")
    page.locator("#done").fill("𠮷" * 401)
    count = page.locator("#done-count")
    assert count.text_content() == "401字（400字まで）"
    assert "count-over" in (count.get_attribute("class") or "")


def test_a_draft_is_kept_when_a_field_is_left(page: Page, address: str) -> None:
    page.goto(f"{address}/progress_form")
    with page.expect_response("**/keep") as answer:
        page.locator("#plans").fill("募集を1月から始める。")
        page.locator("#plans").blur()
    assert "募集を1月から始める。" in (answer.value.request.post_data or "")
    expect(page.locator("[name=seen]")).to_have_value("2")
    assert "下書きを自動保存しました" in (
        page.locator("[data-autosave-status]").text_content() or ""
    )


def test_an_untouched_form_is_not_kept(page: Page, address: str) -> None:
    sent: list[str] = []
    page.on(
        "request", lambda request: sent.append(request.url) if request.method == "POST" else None
    )
    page.goto(f"{address}/progress_form")
    page.locator("#plans").focus()
    page.locator("#plans").blur()
    page.wait_for_timeout(300)
    assert sent == []


def test_a_draft_that_cannot_be_kept_is_said(page: Page, address: str) -> None:
    page.goto(f"{address}/progress_form")
    page.route("**/keep", lambda route: route.abort())
    page.locator("#plans").fill("x")
    page.locator("#plans").blur()
    page.wait_for_selector(".saved-failed")
    assert "保存できませんでした" in (page.locator("[data-autosave-status]").text_content() or "")


def test_the_shares_follow_the_figures(page: Page, address: str) -> None:
    page.goto(f"{address}/cost")
    page.locator("#total").fill("5000000")
    expect(page.locator("#split")).to_contain_text("総事業費 5000000円")
    expect(page.locator("[data-live-say]")).to_have_text("総事業費 5000000円")
    page.locator("#total").fill("6000000")
    expect(page.locator("#split")).to_contain_text("総事業費 6000000円")


def test_the_print_button_exists_only_where_it_works(browser: Browser, address: str) -> None:
    for works in (True, False):
        context = browser.new_context(java_script_enabled=works)
        page = context.new_page()
        page.goto(f"{address}/matrix")
        assert page.locator("[data-print]").is_visible() is works
        context.close()
