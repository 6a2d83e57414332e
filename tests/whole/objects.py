"""One object of every kind and for every municipality, so that each address can be asked for.

An address with a part in it (<no>, <int:letter_id> ...) needs a line here: in OWNED when its
object belongs to municipalities, in SHARED when it belongs to the whole area.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from tests.whole.seed import (
    CALENDAR_TOKEN,
    CLOSED_PERIOD,
    HUB,
    OTHER,
    PERIOD,
    TOWN,
    Stock,
)
from tracker.kernel.permissions import Permission, Reach, Role, reach

Args = dict[str, Any]


@dataclass(frozen=True)
class Secret:
    """Words that only some may read: who, and the municipalities they concern.

    besides: who reads them elsewhere than that permission says (role@slug), and why.
    """

    words: str
    permission: Permission
    involved: frozenset[str]
    besides: Mapping[str, str] = field(default_factory=dict)

    def is_for(self, role: Role | None, town: str) -> bool:
        """Whether somebody with that role in that municipality may read them."""
        far = reach(role, self.permission) if role else None
        is_allowed = far is Reach.ANY or (far is Reach.OWN and town in self.involved)
        return is_allowed or f"{role}@{town}" in self.besides


@dataclass(frozen=True)
class Target:
    """What stands in an address, and the municipalities it belongs to (None: the whole area)."""

    args: Args
    involved: frozenset[str] | None = None
    # Where role and municipality do not say it: the only visitors it is open to (role@slug).
    only: frozenset[str] | None = None


# Drafts are their municipality's alone; troubles are read by the lead and the hub too.
SECRETS = (
    Secret("今別町の困りごとの印", Permission.READ_TROUBLES, frozenset({TOWN, HUB})),
    Secret("蓬田村の困りごとの印", Permission.READ_TROUBLES, frozenset({OTHER, TOWN, HUB})),
    Secret("今別町の下書きの印", Permission.READ_TROUBLES, frozenset({TOWN})),
    Secret("蓬田村の下書きの印", Permission.READ_TROUBLES, frozenset({OTHER})),
    Secret("今別町の秘書の連絡の印", Permission.READ_POLL, frozenset({TOWN})),
    Secret("蓬田村の秘書の連絡の印", Permission.READ_POLL, frozenset({OTHER})),
    Secret("今別町への手紙の印", Permission.READ_LETTERS, frozenset({TOWN})),
    Secret("蓬田村への手紙の印", Permission.READ_LETTERS, frozenset({OTHER})),
    Secret("青森市の送る前の案件の印", Permission.READ_COST_DRAFT, frozenset({HUB})),
    Secret("今別町の送る前の案件の印", Permission.READ_COST_DRAFT, frozenset({TOWN})),
    Secret("今別町の引継ぎの印", Permission.HAND_OVER, frozenset({TOWN})),
    Secret("蓬田村の引継ぎの印", Permission.HAND_OVER, frozenset({OTHER})),
    Secret("今別町の提案の印", Permission.READ_POLL, frozenset({TOWN})),
    Secret("今別町あての提案の印", Permission.READ_POLL, frozenset({TOWN})),
    Secret("今別町あての資料の印", Permission.READ_POLL, frozenset({TOWN})),
    Secret("今別町の不在の印", Permission.READ_POLL, frozenset({TOWN})),
    Secret("蓬田村の不在の印", Permission.READ_POLL, frozenset({OTHER})),
    Secret("まだ送らないの資料の印", Permission.MANAGE_MEETING, frozenset()),
    Secret(
        "chair@chamber.example",
        Permission.MANAGE_MEETING,
        frozenset(),
        {
            f"admin@{HUB}": "keeps the accounts: a council's member is a post",
            f"confirmer@{HUB}": "reads the posts of its own municipality in the record",
        },
    ),
    Secret("青森市の疑義の下書きの印", Permission.READ_QUESTION, frozenset({HUB})),
    Secret("今別町の疑義の下書きの印", Permission.READ_QUESTION, frozenset({TOWN})),
    Secret("今別町の疑義の考えの印", Permission.READ_QUESTION, frozenset({HUB, TOWN})),
    Secret("蓬田村の疑義の考えの印", Permission.READ_QUESTION, frozenset({HUB, OTHER})),
    Secret("今別町の添付の印", Permission.READ_TROUBLES, frozenset({TOWN})),
    Secret("蓬田村の添付の印", Permission.READ_TROUBLES, frozenset({OTHER})),
)


def _submitted(stock: Stock, slug: str) -> Args:
    """The report of `slug` on the hub's project, which is submitted."""
    return {"period": PERIOD, "project_id": stock.projects[HUB], "slug": slug}


def _drafted(stock: Stock, slug: str) -> Args:
    """The report of `slug` on the other town's project, which is a draft."""
    return {"period": PERIOD, "project_id": stock.projects[OTHER], "slug": slug}


def _led(stock: Stock, slug: str) -> Target:
    """A submitted report on the project that `slug` leads: it is checked by that lead."""
    args = {"period": PERIOD, "project_id": stock.projects[slug], "slug": "hiranai"}
    # 蓬田村 has no section: its officers check, and none of them is among the visitors.
    checker = {HUB: {f"lead@{HUB}"}, TOWN: {f"lead@{TOWN}"}, OTHER: set()}[slug]
    return Target(args, only=frozenset(checker))


def _paper(stock: Stock, slug: str) -> Args:
    """A paper of a case that `slug` leads: the hub's was sent."""
    no = stock.sent_cases[HUB] if slug == HUB else stock.ready_cases[slug]
    return {"no": no, "attachment_id": stock.papers[no]}


def _paid(stock: Stock, slug: str) -> Target:
    """What 平内町 pays for a case that `slug` leads, and has paid in part."""
    no = stock.paid_cases[slug]
    args = {"no": no, "number": 1, "slug": "hiranai", "receipt_id": stock.receipts[slug]}
    return Target(args)


def _both(slug: str) -> frozenset[str]:
    """The two sides of an agreement: the hub, and TOWN where the hub itself is asked for."""
    return frozenset({HUB, TOWN if slug == HUB else slug})


# Endpoint -> the object of one municipality, and all municipalities it belongs to besides.
OWNED: Mapping[str, Callable[[Stock, str], Target]] = {
    "accounts.hand_over": lambda s, slug: Target({"post_id": s.handed_over[slug]}),
    **{
        f"cost_sharing.{name}": lambda s, slug: Target({"no": s.draft_cases[slug]})
        for name in ("add_consultation", "attachments", "preview", "withdraw")
    },
    "cost_trials.trials": lambda s, slug: Target({"no": s.draft_cases[slug]}),
    # One sent, one about money, one about work.
    "cost_sharing.formula": lambda s, slug: Target(
        {"no": {HUB: s.sent_cases[HUB], TOWN: s.draft_cases[TOWN], OTHER: s.work_case}[slug]}
    ),
    "figures.new_usage": lambda s, slug: Target({"project_id": s.projects[slug]}),
    "cost_sharing.strike_usage": lambda s, slug: Target(
        {"project_id": s.projects[slug], "series_id": s.usages[slug]}
    ),
    "grants.claim": lambda s, slug: Target(
        {"fy": 2026, "project_id": s.projects[HUB], "slug": slug}
    ),
    "cost_sharing.work": lambda s, slug: Target({"no": s.agreed_work[slug]}),
    "cost_sharing.next_stage": lambda s, slug: Target({"no": s.agreed_cases[slug]}),
    "cost_sharing.record_settled": lambda s, slug: Target({"no": s.agreed_cases[slug]}),
    "cost_sharing.replace": lambda s, slug: Target({"no": s.agreed_cases[slug]}),
    "cost_sharing.strike_consultation": lambda s, slug: Target(
        {"no": s.ready_cases[slug], "consultation_id": s.consultations[slug]}
    ),
    # One that others have seen, and is struck; two that are removed.
    "cost_sharing.detach": lambda s, slug: Target(_paper(s, slug)),
    "cost_sharing.send": lambda s, slug: Target({"no": s.ready_cases[slug]}),
    "cost_sharing.confirm": lambda s, slug: Target(
        {"no": s.sent_cases[slug]}, frozenset({HUB, TOWN if slug == HUB else slug})
    ),
    "payments.plan": lambda s, slug: Target({"no": s.agreed_cases[slug]}),
    "payments.paper": lambda s, slug: Target(
        {"no": s.paid_cases[slug], "kind": "cost_bill", "form": "xlsx"}
    ),
    "payments.notify": lambda s, slug: Target({"no": s.agreed_cases[slug], "number": 1}),
    # 平内町 pays whoever leads; what the hub leads it has paid in part.
    **{
        f"payments.{name}": lambda s, slug: _paid(s, slug) for name in ("receive", "strike_receipt")
    },
    "payments.record": lambda s, slug: replace(
        _paid(s, slug), involved=frozenset({slug, "hiranai"})
    ),
    "payments.state_paid": lambda s, slug: Target(
        {"no": s.agreed_cases[HUB if slug != HUB else TOWN], "number": 1, "slug": slug}
    ),
    "decisions.report": lambda s, slug: Target({"follow_up_id": s.follow_ups[slug]}),
    "meetings.answer": lambda s, slug: Target({"meeting_id": s.polling, "municipality": slug}),
    "convening.answer": lambda s, slug: Target({"meeting_id": s.convened, "municipality": slug}),
    "annual_duty.view_as_held": lambda s, slug: Target(
        {"meeting_id": s.held, "agreement_id": s.agreements[slug]},
        frozenset({HUB, TOWN if slug == HUB else slug}),
    ),
    **{
        f"questions.{name}": lambda s, slug: Target({"no": s.draft_questions[slug]})
        for name in ("edit", "put", "withdraw")
    },
    **{
        f"questions.{name}": lambda s, slug: Target({"no": s.put_questions[slug]}, _both(slug))
        for name in ("show", "view", "add_consultation", "settle")
    },
    "questions.strike_consultation": lambda s, slug: Target(
        {"no": s.put_questions[slug], "consultation_id": s.talks[s.put_questions[slug]]},
        _both(slug),
    ),
    "questions.paper": lambda s, slug: Target(
        {"no": s.put_questions[slug], "kind": "question", "form": "docx"}, _both(slug)
    ),
    "questions.confirm": lambda s, slug: Target({"no": s.sent_questions[slug]}, _both(slug)),
    "questions.apply": lambda s, slug: Target(
        {"no": s.offered_questions[slug]}, frozenset({TOWN if slug == HUB else slug})
    ),
    "municipalities.remove_entry": lambda s, slug: Target({"entry_id": s.entries[slug]}),
    "municipalities.remove_absence": lambda s, slug: Target({"absence_id": s.absences[slug]}),
    "projects.attachments": lambda s, slug: Target(_drafted(s, slug)),
    "projects.detach": lambda s, slug: Target(
        {**_drafted(s, slug), "attachment_id": s.proofs[slug]}
    ),
    "projects.check": lambda s, slug: Target(_drafted(s, slug)),
    "projects.confirm": lambda s, slug: _led(s, slug),
    "projects.submitted": lambda s, slug: Target(_submitted(s, slug)),
    "projects.strike": lambda s, slug: Target({"project_id": s.unreported[slug]}),
    "projects.edit": lambda s, slug: Target({"project_id": s.projects[slug]}),
    "projects.return_to": lambda s, slug: _led(s, slug),
    "projects.withdraw": lambda s, slug: Target(_submitted(s, slug)),
    "projects.write": lambda s, slug: Target(_drafted(s, slug)),
    "reminders.letter": lambda s, slug: Target({"letter_id": s.letters[slug]}),
}

# Endpoint -> objects that belong to nobody in particular.
SHARED: Mapping[str, Callable[[Stock], list[Args]]] = {
    "accounts.edit_post": lambda s: [{"post_id": s.post}],
    "accounts.strike_post": lambda s: [{"post_id": s.unused_post}],
    "accounts.invite": lambda s: [{"person_id": s.person}],
    "sign_in.lift_delays": lambda s: [{"person_id": s.person}],
    "accounts.new_account": lambda s: [{"post_id": s.post}],
    "sign_in.take_second_factor_off": lambda s: [{"person_id": s.person}],
    "sign_in.reset_password": lambda s: [{"token": s.reset_token}],
    "accounts.set_active": lambda s: [{"person_id": s.person}],
    "sign_in.set_password": lambda s: [{"token": s.invited_token}],
    "agreements.agreement": lambda s: [{"agreement_id": s.agreements[TOWN]}],
    "agreements.answer": lambda s: [{"job_id": s.job, "key": s.question}],
    "agreements.discard": lambda s: [{"job_id": s.job}],
    "agreements.register": lambda s: [{"job_id": s.job}],
    "agreements.review": lambda s: [{"job_id": s.job}],
    "cost_sharing.attachment": lambda s: [_paper(s, HUB)],
    "grants.burden_paper": lambda s: [{"kind": "burden_table", "form": "csv"}],
    "grants.caps": lambda s: [{"fy": 2026}],
    "grants.paper": lambda s: [
        {"fy": 2026, "kind": "grant_ledger", "form": "xlsx", "town": TOWN},
    ],
    "cost_sharing.show": lambda s: [{"no": s.sent_cases[HUB]}, {"no": s.agreed_cases[HUB]}],
    "payments.show": lambda s: [{"no": s.paid_cases[HUB]}],
    "payments.list_file": lambda s: [{"form": "xlsx"}],
    "cost_papers.paper": lambda s: [
        {"no": s.agreed_cases[HUB], "kind": "cost_calculation", "form": "xlsx"}
    ],
    "cost_sharing.strike_figures": lambda s: [{"series_id": s.series}],
    "council.change": lambda s: [{"member_id": s.council_member}],
    "council.seats": lambda s: [{"meeting_id": s.convened}],
    "council.add_seats": lambda s: [{"meeting_id": s.convened}],
    "council.record_opinion": lambda s: [{"meeting_id": s.council_meeting}],
    "council.follow_opinion": lambda s: [{"opinion_id": s.council_opinion}],
    "decisions.record": lambda s: [{"meeting_id": s.held}],
    **{
        f"decisions.{name}": lambda s: [{"decision_id": s.decided}]
        for name in ("show", "add_follow_up", "strike")
    },
    "decisions.strike_follow_up": lambda s: [{"follow_up_id": s.follow_ups[TOWN]}],
    "meetings.add_dates": lambda s: [{"meeting_id": s.polling}],
    "meetings.require_heads": lambda s: [{"meeting_id": s.polling}],
    "meetings.minutes": lambda s: [{"meeting_id": s.held}],
    "meetings.confirm_minutes": lambda s: [{"meeting_id": s.held}],
    "meetings.ask_correction": lambda s: [{"meeting_id": s.held}],
    "meetings.write_minutes": lambda s: [{"meeting_id": s.held, "item_id": s.minuted}],
    "meetings.send_minutes": lambda s: [{"meeting_id": s.held}],
    "meetings.add_erratum": lambda s: [{"meeting_id": s.held}],
    "meetings.agenda": lambda s: [{"meeting_id": s.polling}],
    "meetings.propose_item": lambda s: [{"meeting_id": s.polling}],
    "meetings.take_items": lambda s: [{"meeting_id": s.polling, "source": "progress"}],
    "meetings.change_item": lambda s: [{"meeting_id": s.polling, "item_id": s.items[""]}],
    "meetings.move_item": lambda s: [
        {"meeting_id": s.polling, "item_id": s.items[""], "way": "down"}
    ],
    "meetings.strike_item": lambda s: [{"meeting_id": s.polling, "item_id": s.items[""]}],
    "meetings.accept_item": lambda s: [{"meeting_id": s.polling, "item_id": s.items[TOWN]}],
    "convening.answer_by_link": lambda s: [{"token": s.coming_token}],
    "convening.answered": lambda s: [{"token": s.came_token}],
    "convening.index": lambda s: [{"meeting_id": s.convened}],
    "convening.notice": lambda s: [{"meeting_id": s.convened}],
    "meetings.answer_by_link": lambda s: [{"token": s.poll_token}],
    "meetings.answered": lambda s: [{"token": s.answered_token}],
    "meetings.ask_again": lambda s: [{"meeting_id": s.polling}],
    "meetings.attendance": lambda s: [{"meeting_id": s.held}],
    "meetings.cancel": lambda s: [{"meeting_id": s.polling}],
    "meetings.fix": lambda s: [{"meeting_id": s.polling, "candidate_id": s.candidate}],
    # This year's meeting is being prepared: a new one is next year's.
    "meetings.new": lambda s: [{"fy": 2027}],
    "annual_duty.take_over": lambda s: [{"year": 2020}],
    **{
        f"materials.{name}": lambda s: [{"meeting_id": s.polling, "material_id": s.unsent_material}]
        for name in ("change", "replace", "strike")
    },
    "materials.move": lambda s: [
        {"meeting_id": s.polling, "material_id": s.unsent_material, "way": "up"}
    ],
    "materials.make": lambda s: [{"meeting_id": s.polling, "kind": "all"}],
    "materials.send": lambda s: [{"meeting_id": s.convened}],
    "materials.upload": lambda s: [{"meeting_id": s.polling}],
    "materials.file": lambda s: [
        {"meeting_id": s.held, "material_id": s.sent_material, "number": 1}
    ],
    "materials.changed": lambda s: [{"meeting_id": s.held, "material_id": s.sent_material}],
    "materials.book": lambda s: [
        {"meeting_id": s.held, "form": "pdf"},
        {"meeting_id": s.held, "form": "zip"},
    ],
    "materials.index": lambda s: [{"meeting_id": s.polling}, {"meeting_id": s.held}],
    "materials.paper": lambda s: [{"meeting_id": s.held, "kind": "meeting_agenda", "form": "docx"}],
    "convening.paper": lambda s: [{"meeting_id": s.held, "kind": "meeting_notice", "form": "pdf"}],
    "meetings.renew_link": lambda s: [{"meeting_id": s.polling, "municipality": OTHER}],
    "meetings.show": lambda s: [{"number": s.polling}, {"number": s.held}, {"number": 2026}],
    "overview.calendar": lambda s: [{"token": CALENDAR_TOKEN}],
    "overview.measure": lambda s: [{"number": "1-1"}],
    "projects.attachment": lambda s: [
        {**_submitted(s, "hiranai"), "attachment_id": s.proofs["hiranai"]}
    ],
    "projects.answers": lambda s: [{"period": PERIOD}],
    "projects.ask_the_late": lambda s: [{"period": PERIOD}],
    "projects.close": lambda s: [{"period": PERIOD}],
    "projects.due_day": lambda s: [{"period": PERIOD}],
    "projects.reopen": lambda s: [{"period": CLOSED_PERIOD}],
    # Both are about the reports that their reader checks, and no others.
    "projects.confirm_all": lambda s: [{"period": PERIOD}],
    "projects.inbox": lambda s: [{"period": PERIOD}],
    "reminders.schedule": lambda s: [{"kind": "report_unsubmitted"}],
    "letter_texts.text": lambda s: [{"kind": "report_request"}, {"kind": "opening"}],
    "letter_texts.original_text": lambda s: [{"kind": "report_request"}],
    "reminders.correct": lambda s: [{"letter_id": s.letters[TOWN]}],
    "projects.take_in": lambda s: [{"period": PERIOD, "project_id": s.late_project}],
    "projects.paper": lambda s: [
        {"project_id": id_, "kind": "progress_sheet", "form": "xlsx"} for id_ in s.projects.values()
    ],
    "projects.project": lambda s: [{"project_id": id_} for id_ in s.projects.values()],
    # Open to all; what each reader sees of it is asked by way of SECRETS.
    "projects.report": lambda s: [
        {"period": PERIOD, "project_id": project, "slug": slug}
        for project in s.projects.values()
        for slug in (HUB, TOWN, OTHER)
    ],
}
# Pages whose permission reaches only the own municipality, and which are about a list cut to it.
CUT_TO_THE_READER = {"payments.list_file", "projects.confirm_all", "projects.inbox"}


def targets(endpoint: str, stock: Stock) -> list[Target]:
    """What to ask that address for: one object per municipality, or those of the area."""
    if endpoint in OWNED:
        found = ((slug, OWNED[endpoint](stock, slug)) for slug in (HUB, TOWN, OTHER))
        return [
            replace(target, involved=target.involved or frozenset({slug})) for slug, target in found
        ]
    if endpoint in SHARED:
        return [Target(args) for args in SHARED[endpoint](stock)]
    return [Target({})]


def unplaced(app: Flask) -> list[str]:
    """A sentence for each address of which nobody said whose objects it shows."""
    return [
        said for rule in app.url_map.iter_rules() if (said := _complaint(app, rule)) is not None
    ]


def _complaint(app: Flask, rule: Rule) -> str | None:
    endpoint, view = rule.endpoint, app.view_functions[rule.endpoint]
    permission = getattr(view, "permission", None)
    if endpoint == "static":
        return None
    if permission is None:
        return f"{rule} has no permission: put @guard(Permission.…) on {endpoint}."
    reaches_own = Reach.OWN in {reach(role, permission) for role in Role}
    if rule.arguments and endpoint not in (*OWNED, *SHARED):
        table = "OWNED" if reaches_own else "SHARED"
        return (
            f"{rule} has {', '.join(sorted(rule.arguments))} in its address: say in {table} of "
            f"tests/whole/objects.py which object to ask {endpoint} for."
        )
    if rule.arguments and reaches_own and endpoint not in {*OWNED, *CUT_TO_THE_READER}:
        return f"{permission} reaches the own municipality only: {endpoint} belongs into OWNED."
    if getattr(view, "own", None) and view.own not in rule.arguments:
        return f'{rule} has no "{view.own}", by which {endpoint} tells whose it is.'
    return None
