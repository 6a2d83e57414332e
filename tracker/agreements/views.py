"""The agreements and their full text; importing one and answering what was doubtful in it."""

from collections import Counter
from datetime import datetime

from flask import Blueprint, abort, flash, redirect, url_for
from werkzeug.wrappers import Response

from tracker.agreements import imports, queries
from tracker.agreements.models import ImportJob
from tracker.agreements.review import actions, forms, rules
from tracker.agreements.rules import DutyKind
from tracker.kernel.permissions import Permission
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard, may
from tracker.plumbing.db import db
from tracker.plumbing.forms import Form
from tracker.plumbing.pages import number_asked, page, section

bp = Blueprint("agreements", __name__)


@bp.get("/agreements")
@guard(Permission.READ_AREA)
def index() -> Response:
    """連携協約: every agreement of the area."""
    section("measures")
    return page(
        "agreements/index.html",
        agreements=queries.agreements(),
        may_import=may(Permission.IMPORT_AGREEMENT),
    )


@bp.get("/agreements/<int:agreement_id>")
@guard(Permission.READ_AREA)
def agreement(agreement_id: int) -> Response:
    """協約の全文, with an anchor for each article (#art5) and each row of the annex."""
    section("measures")
    found = queries.find_agreement(agreement_id) or abort(404)
    text, party_a, party_b = found
    return page(
        "agreements/agreement.html",
        text=text,
        parties=(("甲", party_a, text.head_a), ("乙", party_b, text.head_b)),
        articles=queries.articles(agreement_id),
        annex=queries.annex(agreement_id),
    )


@bp.route("/agreements/import", methods=["GET", "POST"])
@guard(Permission.IMPORT_AGREEMENT)
def import_agreement() -> Response:
    """協約の取込み: a text file or pasted words; ?job=1 begins with the words of an import."""
    section("measures")
    form = forms.ImportForm()
    if form.validate_on_submit() and form.attempt(
        lambda: actions.start_import(*form.chosen(), by=actor(), at=clock.now())
    ):
        return redirect(url_for(".review", job_id=form.result.id))
    again = db.session.get(ImportJob, number_asked("job", 0))
    if again and not form.is_submitted():
        form.pasted.data = again.source_text
    return page("agreements/import.html", form=form, unfinished=imports.unfinished())


@bp.get("/agreements/import/<int:job_id>")
@guard(Permission.IMPORT_AGREEMENT)
def review(job_id: int) -> Response:
    """読み取った内容の確認: the source beside the questions."""
    job = _get_job(job_id)
    if job.agreement_id:
        return redirect(url_for(".agreement", agreement_id=job.agreement_id))
    return _review_page(job)


@bp.post("/agreements/import/<int:job_id>/answers/<key>")
@guard(Permission.IMPORT_AGREEMENT)
def answer(job_id: int, key: str) -> Response:
    """Keeps one answer and comes back to its card."""
    job = _get_job(job_id)
    form = forms.AnswerForm()
    if form.validate_on_submit() and form.attempt(
        lambda: actions.answer(
            job, key, form.choice.data or "", form.value.data, by=actor(), at=clock.now()
        )
    ):
        return redirect(url_for(".review", job_id=job_id, _anchor=key))
    form.value.id = f"box-{key}"
    return _review_page(_get_job(job_id), form, key)


@bp.post("/agreements/import/<int:job_id>/register")
@guard(Permission.IMPORT_AGREEMENT)
def register(job_id: int) -> Response:
    """登録する: refused while a question is open."""
    job = _get_job(job_id)
    form = forms.ButtonForm()
    if form.validate_on_submit() and form.attempt(
        lambda: actions.register(job, by=actor(), at=clock.now())
    ):
        flash("協約を登録しました。", "ok")
        return redirect(url_for(".agreement", agreement_id=form.result.id))
    return _review_page(_get_job(job_id), form)


@bp.post("/agreements/import/<int:job_id>/discard")
@guard(Permission.IMPORT_AGREEMENT)
def discard(job_id: int) -> Response:
    """取込みを取りやめる."""
    job = _get_job(job_id)
    if forms.ButtonForm().validate_on_submit():
        actions.discard(job, by=actor(), at=clock.now())
        flash(f"「{job.source_name}」の取込みを取りやめました。", "ok")
    return redirect(url_for(".import_agreement"))


def _get_job(job_id: int) -> ImportJob:
    return db.session.get(ImportJob, job_id) or abort(404)


def _review_page(job: ImportJob, form: Form | None = None, refused: str | None = None) -> Response:
    """The review; a form that was refused stands again in its card, with its sentence."""
    section("measures")
    found = imports.review(job, clock.today())
    cards = []
    for question in found.asked:
        given = job.answers.get(question.key) if question not in found.left else None
        box = forms.answer_form(question, (given or {}).get("value") or question.typed)
        if form and question.key == refused:
            box.value.data, box.value.errors = form["value"].data, form["value"].errors
        cards.append((question, given, box))
    text = found.reading.agreement
    kinds = Counter(DutyKind(duty.kind).label for duty in text.duties)
    return page(
        "agreements/review.html",
        form=form,
        job=job,
        review=found,
        cards=cards,
        passages=rules.passages(job.source_text, found.reading, found.asked),
        items=rules.items(text, found.asked),
        totals=[
            f"条文 {len(text.articles)}条",
            f"連携施策 {len(text.measures)}件",
            *(f"{label} {kinds[label]}件" for label in dict.fromkeys(k.label for k in DutyKind)),
        ],
        at=datetime.fromisoformat,
    )
