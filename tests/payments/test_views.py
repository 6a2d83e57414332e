"""The pages of payments: each side for itself, and others see no more than the case."""

from datetime import date

from tests.cast import TODAY
from tests.cost_sharing.makers import make_agreed, make_project, make_proposal, read
from tests.payments.makers import HALVES, keeper, make_planned, part, replaced
from tracker.cost_sharing.models import CostCase
from tracker.cost_sharing.rules import Stage
from tracker.payments import actions, queries
from tracker.plumbing.db import db

PAGE = "/costs/2026-01/payments"
PLAN = f"{PAGE}/plan"


def plan_of_halves() -> None:
    make_planned(terms=HALVES)


def test_from_the_agreed_case_to_its_plan(given, browse) -> None:
    given(make_agreed)
    office = browse("office")
    assert PAGE in [one.get("href") for one in office.get("/costs/2026-01").all("a")]
    assert PLAN in [one.get("href") for one in office.get(PAGE).all("a")]
    address = f"{PLAN}?n=2&by=equal"
    typed = {
        **office.get(address).fields(),
        "part1_due_on": "1月末",
        "part2_due_on": "2027/3/31",
        "shift": "before",
    }
    shown = office.post(address, {**typed, "preview": "1"})
    assert shown.status == 200 and "まだ保存していません" in shown.text
    assert "1月31日は日曜日のため、1月29日に繰り上げています。" in shown.text
    assert office.post(address, typed).status == 302
    text = office.get(PAGE).text
    assert "57,500" in text and "令和9年1月29日" in text and "536,000円" in text
    assert office.get(PLAN).fields()["part2_due_on"] == "令和9年3月31日"


def test_percents_and_typed_yen(given, browse) -> None:
    given(make_agreed)
    office = browse("office")
    address = f"{PLAN}?n=2&by=percent"
    typed = {
        **office.get(address).fields(),
        **{"part1_due_on": "1月末", "part2_due_on": "3月末", "shift": "after"},
        **{"part1_percent": "30", "part2_percent": "60"},
    }
    refused = office.post(address, typed)
    assert refused.status == 422 and "合計が90％です" in refused.text
    assert refused.fields()["part1_percent"] == "30"
    assert office.post(address, {**typed, "part2_percent": "70"}).status == 302
    assert office.get(PLAN).fields()["part1_percent"] == "30"
    address = f"{PLAN}?n=2&by=typed"
    typed = office.get(address).fields()
    assert typed["part1_yen_imabetsu"] == "34,500"
    refused = office.post(address, {**typed, "part1_yen_imabetsu": "34,501"})
    assert refused.status == 422 and "1円多く" in refused.text
    typed |= {"part1_yen_imabetsu": "10万円", "part2_yen_imabetsu": "15千円"}
    assert office.post(address, typed).status == 302
    assert "15,000" in office.get(PAGE).text


def test_what_is_paid_otherwise_is_said_on_the_page_and_leaves_the_home(given, browse) -> None:
    given(make_agreed)
    office = browse("office")
    assert PLAN in [one.get("href") for one in office.get("/").all("a")]
    address = f"{PLAN}?by=none"
    first = office.get(PAGE)
    assert first.link("別の方法で納めるとき") == address and "負担金納入通知書" in first.text
    refused = office.post(address, office.get(address).fields())
    assert refused.status == 422 and "納める方法と理由を入力してください" in refused.text
    assert office.post(address, {**refused.fields(), "reason": "相殺で精算する。"}).status == 302
    assert PLAN not in [one.get("href") for one in office.get("/").all("a")]
    assert office.get(PLAN).fields()["reason"] == "相殺で精算する。"
    for role, slug in (("office", "aomori"), ("confirmer", "hiranai")):
        assert "相殺で精算する。" in browse(role, slug).get(PAGE).text
    # An estimate may be left to 確定 as well.
    left = office.get(f"{PLAN}?by=later")
    assert "全額を、そのときに納めます" in left.text and {*left.fields()} <= {
        "csrf_token",
        "once",
        "seen",
    }
    assert office.post(f"{PLAN}?by=later", left.fields()).status == 302
    shown = browse("confirmer", "hiranai").get(PAGE).text
    assert "概算では納めません" in shown and "負担金納入通知書" not in shown


def test_where_all_goes_back_only_the_day_of_that_is_asked(given, browse) -> None:
    def settled() -> None:
        project, settling = make_project(), {"stage": Stage.RECONCILIATION}
        make_agreed(project=project, stage=Stage.FIXED)
        make_agreed(make_proposal(total_yen=3_120_000, **settling), project=project, **settling)

    given(settled)
    office, page = browse("office"), "/costs/2026-02/payments"
    assert office.get(page).link("別の方法で返すとき") == f"{page}/plan?by=none"
    for query in ("n=1&by=equal", "n=2&by=typed", "by=percent", ""):
        shown = office.get(f"{page}/plan?{query}")
        assert not {"part1_due_on", "part1_percent", "reason"} & {*shown.fields()}, query
        assert "今別町（還付）" in shown.text and "回数" not in shown.text
    refused = office.post(f"{page}/plan", {**shown.fields(), "shift": "before"})
    assert refused.status == 422 and "還付の期日を入力してください" in refused.text
    otherwise = office.get(f"{page}/plan?by=none")
    assert (
        "返す方法と理由を入力してください"
        in office.post(f"{page}/plan?by=none", otherwise.fields()).text
    )
    typed = {**refused.fields(), "shift": "before", "refund_on": "2027/5/31"}
    assert office.post(f"{page}/plan?n=1&by=equal", typed).status == 302
    rows = office.get(page).text
    assert "還付" in rows and "令和9年5月31日" in rows


def test_a_form_that_would_be_refused_is_not_shown(given, browse) -> None:
    def told() -> None:
        case = make_planned(terms=HALVES)
        plan, towns = queries.plan(read(case)), [part(case).town]
        actions.notify(keeper(), plan, 1, towns, TODAY, "", None, "")

    given(told)
    office = browse("office")
    page = office.get(PLAN)
    assert "計画は直せません" in page.text and page.all("main form[method=post]") == []
    paid = f"{PAGE}/1/hiranai"
    assert "received_on" in office.get(paid).fields()

    def replace_and_plan() -> None:
        case = db.session.get_one(CostCase, 1)
        actions.plan(keeper(), replaced(case), HALVES)

    given(replace_and_plan)
    for address in (PLAN, f"{PAGE}/1/notice", paid):
        page = office.get(address)
        assert page.all("main form[method=post]") == [], address
        assert page.all(".note-warn"), address


def test_a_plan_of_no_instalments_is_not_found(given, browse) -> None:
    given(make_agreed)
    for query in ("n=0", "n=13", "n=-1"):
        browse("office").get(f"{PLAN}?{query}", status=404)


def test_notice_payment_and_receipt_are_each_side_s_own(app, given, browse) -> None:
    given(plan_of_halves)
    office, town, other = (
        browse("office"),
        browse("officer", "hiranai"),
        browse("officer", "imabetsu"),
    )
    record = f"{PAGE}/1/hiranai"
    notice = f"{PAGE}/1/notice"
    typed = {
        **office.get(notice).fields(),
        "noticed_on": "11/24",
        "notice_no": "青連第12号",
        "towns": ["hiranai", "imabetsu"],
    }
    assert office.post(notice, typed).status == 302
    told = office.get("/audit").text
    assert "納入（平内町 第1回）：納入通知の日" in told and "納入（今別町 第1回）" in told
    town.get(notice, status=403)
    town.get(PLAN, status=403)
    other.get(record, status=403)
    assert "青連第12号" in town.get(record).text
    # The payer says it has paid; it cannot record that the other side received.
    fields = town.get(record).fields()
    assert town.post(f"{record}/paid", {**fields, "stated_on": "11/20"}).status == 302
    assert town.post(f"{record}/receive", {**fields, "received_on": "11/20"}).status == 403
    assert other.post(f"{record}/paid", {**fields, "stated_on": "11/20"}).status == 403
    assert office.post(f"{record}/paid", {**fields, "stated_on": "11/20"}).status == 403
    fields = office.get(record).fields()
    assert (fields["received_on"], fields["received_yen"]) == ("令和8年11月20日", "84,000")
    # What was seen before the payer's word is another's.
    assert office.post(f"{record}/receive", {**fields, "seen": "1"}).status == 409
    assert office.post(f"{record}/receive", fields).status == 302
    assert "納入済み" in town.get(record).text
    with app.app_context():
        one = queries.instalments()[0]
        assert (one.received_yen, one.received_on) == (84_000, date(2026, 11, 20))


def test_others_see_no_more_than_the_case(given, browse) -> None:
    given(plan_of_halves)
    page = browse("officer", "imabetsu").get(PAGE)
    assert "今別町" in page.text and "平内町" not in page.text
    listed = browse("confirmer", "imabetsu").get("/costs/payments?fy=2026").text
    assert "今別町" in listed and "平内町" not in listed
    listed = browse("office").get("/costs/payments?fy=2026").text
    assert "平内町" in listed and "536,000円" in listed


def test_a_wrong_day_stays_and_is_named(given, browse) -> None:
    given(plan_of_halves)
    town, record = browse("officer", "hiranai"), f"{PAGE}/1/hiranai"
    fields = town.get(record).fields()
    answer = town.post(f"{record}/paid", {**fields, "stated_on": "11/31"})
    assert answer.status == 422 and answer.fields()["stated_on"] == "11/31"
    answer = town.post(f"{record}/paid", fields)
    assert answer.status == 422 and "納入した日を入力してください" in answer.text


def test_there_is_no_payment_of_what_is_not_agreed(given, browse) -> None:
    from tests.cost_sharing.makers import make_ready

    given(make_ready)
    browse("office").get(PAGE, status=404)
    browse("office").get("/costs/2026-99/payments", status=404)


def test_the_late_stand_first(app, given, browse, now) -> None:
    given(plan_of_halves)
    now.move_to(date(2027, 2, 1))
    rows = browse("office").get("/costs/payments?fy=2026").all("tbody tr")
    assert "納期限超過" in rows[0].get_text() and "予定" in rows[-1].get_text()
