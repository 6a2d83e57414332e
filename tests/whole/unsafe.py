"""Every unsafe route of the URL map as somebody asks it, with what its form holds."""

from collections.abc import Mapping
from functools import cache

from bs4 import BeautifulSoup

from tests.whole.bad_input import Asked, Box, boxes, endpoint_of, forms_of
from tests.whole.clients import ADMIN, LEAD, OFFICE, OFFICER, House, Visitor
from tests.whole.objects import targets

# Pages with forms that only these get to see; each is opened with the object of another endpoint.
MORE_PAGES = (
    (OFFICER, "accounts.handover", "accounts.handover"),
    (OFFICER, "accounts.settings", "accounts.settings"),
    (LEAD, "projects.report", "projects.confirm"),
    (OFFICER, "questions.new", "questions.new"),
    (OFFICE, "questions.show", "questions.withdraw"),
    (OFFICE, "payments.record", "payments.state_paid"),
)
# No page of a house shows these, as it stands: who asks, and what the form carries.
BY_HAND: Mapping[str, tuple[Visitor, dict[str, str]]] = {
    "sign_in.end_place": (OFFICE, {"place": "1"}),
    "sign_in.lift_delays": (ADMIN, {}),
    "accounts.look_at_changes": (OFFICER, {}),
    "meetings.add_erratum": (OFFICE, {"item_id": "0", "words": "訂正。"}),
    "meetings.send_minutes": (OFFICE, {"seen": "1", "reply_due_on": "2026/12/11"}),
    "sign_in.new_second_factor": (OFFICE, {"code": "123456"}),
    "sign_in.recovery_codes": (OFFICE, {"current": "x", "code": "123456"}),
    "sign_in.second_step": (OFFICE, {"code": "123456"}),
    "sign_in.sign_out": (OFFICE, {}),
    "sign_in.throw_away": (OFFICE, {"kept": "0" * 24}),
    "sign_in.turn_second_factor_off": (OFFICE, {"current": "x", "code": "123456"}),
    "cost_sharing.preview": (OFFICE, {}),
    "cost_sharing.record_settled": (OFFICE, {}),
    "cost_trials.trials": (OFFICE, {}),
    "projects.confirm_all": (LEAD, {}),
    "projects.copy": (OFFICE, {}),
    "reminders.give_up": (OFFICE, {}),
    "letter_texts.original_text": (OFFICE, {"seen": "0"}),
    "reminders.release": (OFFICE, {}),
    "reminders.resume": (OFFICE, {"kind": "report_unsubmitted", "on": "2026/12/11"}),
    "reminders.trust_clock": (OFFICE, {}),
}
# Answers only while the database is empty.
ONLY_EMPTY = {"sign_in.setup"}


def unsafe_endpoints(house: House) -> set[str]:
    """What the URL map takes by another method than those that only read."""
    reading = {"GET", "HEAD", "OPTIONS"}
    return {
        one.endpoint for one in house.app.url_map.iter_rules() if set(one.methods or ()) - reading
    }


@cache
def unsafe(house: House) -> list[Asked]:
    """A form for each, and more where the pages show several."""
    found = list(forms_of(house))
    known = {endpoint_of(house, one.target) for one in found}
    for visitor, endpoint, objects in MORE_PAGES:
        page = house.path(endpoint, targets(objects, house.stock)[0].args)
        html = BeautifulSoup(house.ask(visitor, "GET", page).get_data(as_text=True), "html.parser")
        for form in html.select("main form[method=post]"):
            asked = Asked(visitor, page, str(form.get("action") or page), boxes(form))
            if endpoint_of(house, asked.target) not in known:
                known.add(endpoint_of(house, asked.target))
                found.append(asked)
    for endpoint, (visitor, fields) in BY_HAND.items():
        path = house.path(endpoint, targets(endpoint, house.stock)[0].args)
        carried = tuple(Box(name, "hidden", value) for name, value in fields.items())
        found.append(Asked(visitor, path, path, carried))
    return found
