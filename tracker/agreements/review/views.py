"""協約の取込み: a text is read, what was doubtful in it is answered, and it is registered."""

from collections import Counter
from datetime import datetime

from flask import abort, redirect, url_for
from werkzeug.wrappers import Response

from tracker.agreements import queries
from tracker.agreements.blueprint import bp
from tracker.agreements.models import ImportJob
from tracker.agreements.review import actions, forms, rules
from tracker.agreements.rules import DutyKind
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.plumbing import clock
from tracker.plumbing.access import guard
from tracker.plumbing.db import db
from tracker.plumbing.forms import Form, SeenButtonForm
from tracker.plumbing.pages import complain, done, number_asked, page


@bp.route("/agreements/import", methods=["GET", "POST"])
@guard(Permission.IMPORT_AGREEMENT)
def import_agreement() -> Response:
    """A text file or pasted words; ?job=1 begins with the words of an import."""
    form = forms.ImportForm()
    if form.carry_out(lambda act: actions.start_import(act, *form.chosen())):
        return done(url_for(".review", job_id=form.result.id))
    again = db.session.get(ImportJob, number_asked("job", 0))
    if again and not form.is_submitted():
        form.pasted.data = again.source_text
    return page("agreements/import.html", form=form, unfinished=queries.unfinished())


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
    form = forms.AnswerForm(data={**job.answers.get(key, {}), "seen": job.seen})
    form.value.id = f"box-{key}"
    if form.carry_out(
        lambda act: actions.answer(
            act, job, key, form.choice.data or "", form.value.data, form.seen.data
        )
    ):
        return done(url_for(".review", job_id=job_id, _anchor=key))
    return _review_page(_get_job(job_id), form, key)


@bp.post("/agreements/import/<int:job_id>/register")
@guard(Permission.IMPORT_AGREEMENT)
def register(job_id: int) -> Response:
    """登録する: refused while a question is open."""
    job = _get_job(job_id)
    form = SeenButtonForm(data={"seen": job.seen})
    if form.carry_out(lambda act: actions.register(act, job, form.seen.data)):
        where = url_for(".agreement", agreement_id=form.result.id)
        return done(where, _("協約を登録しました。"))
    return _review_page(_get_job(job_id), form)


@bp.post("/agreements/import/<int:job_id>/discard")
@guard(Permission.IMPORT_AGREEMENT)
def discard(job_id: int) -> Response:
    """取込みを取りやめる."""
    job = _get_job(job_id)
    form, name = SeenButtonForm(data={"seen": job.seen}), job.source_name
    if form.carry_out(lambda act: actions.discard(act, job, form.seen.data)):
        return done(
            url_for(".import_agreement"), _("「%(name)s」の取込みを取りやめました。", name=name)
        )
    return complain(form, url_for(".import_agreement"))


def _get_job(job_id: int) -> ImportJob:
    return db.session.get(ImportJob, job_id) or abort(404)


def _review_page(job: ImportJob, form: Form | None = None, refused: str | None = None) -> Response:
    """The review; a form that was refused stands again in its card, with its sentence."""
    found = rules.review(job.source_text, job.answers, queries.known(clock.today()))
    cards = []
    for question in found.asked:
        given = job.answers.get(question.key) if question not in found.left else None
        box = forms.answer_form(question, (given or {}).get("value") or question.typed, job.seen)
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
            _("条文 %(count)s条", count=len(text.articles)),
            _("連携施策 %(count)s件", count=len(text.measures)),
            *(
                _("%(label)s %(kinds)s件", label=label, kinds=kinds[label])
                for label in dict.fromkeys(k.label for k in DutyKind)
            ),
        ],
        at=datetime.fromisoformat,
    )
