"""Pages of questions (Article 6): asked, written on by both sides, settled by both."""

from collections.abc import Callable, Mapping

from flask import abort, redirect, request, url_for
from werkzeug.wrappers import Response

from tracker.agreements.queries import bound
from tracker.cost_sharing.answers.forms import ReplyForm
from tracker.cost_sharing.answers.views import NO_CHOICE
from tracker.cost_sharing.consultations.forms import ConsultationForm
from tracker.kernel import wareki
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Permission
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import N_, _
from tracker.municipalities.rules import Town
from tracker.papers.kinds import links, paper_file, register
from tracker.plumbing import clock
from tracker.plumbing.access import guard, may, require
from tracker.plumbing.changes import Act
from tracker.plumbing.db import UNSEEN
from tracker.plumbing.forms import SeenButtonForm, choices, in_year
from tracker.plumbing.pages import complain, done, number_asked, page, paginate, reached
from tracker.questions import actions, forms, papers, queries
from tracker.questions.actions import QuestionWords
from tracker.questions.blueprint import bp, get_question, own_question, own_town, question_of_side
from tracker.questions.models import QuestionRow
from tracker.questions.question import AgreementQuestion
from tracker.questions.rules import (
    ASKED,
    NEXT,
    OPEN,
    QuestionState,
    SisterWord,
    answer_due,
    check_strike,
)
from tracker.struck.views import strike_page

ANSWERS: Mapping[str, tuple[Callable[..., None], str]] = {
    "confirmed": (actions.confirm, N_("内容を確認しました。")),
    "returned": (actions.return_text, N_("意見を付けて戻しました。")),
}
NO_WORD = N_("「同じ扱いとする」か「同じ扱いとしない」を選んでください。")
_WRITE, _CONFIRM = Permission.WRITE_QUESTION, Permission.CONFIRM_QUESTION

bp.record(lambda state: register(state.app, papers.PAPERS))


@bp.get("/questions")
@guard(Permission.READ_QUESTION)
def index() -> Response:
    """疑義の記録: what the own municipality reads, newest first; of one agreement, project or case."""
    asked = {
        name: (number, column)
        for name, column in (
            ("agreement", QuestionRow.agreement_id),
            ("article", QuestionRow.article),
            ("project", QuestionRow.project_id),
            ("case", QuestionRow.case_id),
        )
        if (number := number_asked(name, 0))
    }
    where = [column == number for number, column in asked.values()]
    listed = paginate(
        lambda limit, offset: queries.listed(
            queries.readable(own_town()), *where, limit=limit, offset=offset
        )
    )
    kept = {name: number for name, (number, _column) in asked.items()}
    return page("questions/index.html", listed=listed, asked=kept, may_ask=may(_WRITE))


@bp.route("/questions/new", methods=["GET", "POST"])
@guard(_WRITE)
def new() -> Response:
    """疑義の内容: a draft, about one of the own agreements."""
    agreements = _own_agreements()
    wanted = number_asked("agreement", 0)
    partner = next((town for town, id_ in agreements.items() if id_ == wanted), None)
    if partner is None and len(agreements) == 1:
        [partner] = agreements
    if partner is None:
        return page("questions/choose.html", agreements=agreements, args=request.args)
    given = {"place": request.args.get("place", request.args.get("article", ""))}
    numbers = {name: str(number_asked(name, 0)) for name in ("project", "case")}
    form = forms.AskForm(data={**given, **numbers})
    _offer(form, agreements[partner], partner)
    if form.carry_out(
        lambda act: actions.draft(act, agreements[partner], _words(form), form.view.data or "")
    ):
        return done(url_for(".show", no=form.result.no), _("下書きを作りました。"))
    return page("questions/edit.html", form=form, partner=partner, question=None)


def _own_agreements() -> Mapping[Town, int]:
    """The agreements in force of the own municipality, by their partner."""
    own = own_town()
    found = bound(clock.today())
    return {town: id_ for town, id_ in found.items() if own.is_hub or town == own}


def _offer(
    form: forms.AskForm, agreement_id: int, partner: Town, of: AgreementQuestion | None = None
) -> None:
    """What may be chosen; what a draft is about stays, also where it is offered no more."""
    found = queries.subjects(agreement_id, partner, FiscalYear.containing(clock.today()))
    form.place.choices = choices(found.places.items())
    none = (0, _("なし"))
    projects, cases = dict(found.projects), dict(found.cases)
    if of and of.project_id and of.project:
        projects.setdefault(of.project_id, of.project)
    if of and of.case_id and of.case:
        cases.setdefault(of.case_id, of.case.label)
    form.project.choices = choices([none, *projects.items()])
    form.case.choices = choices([none, *cases.items()])


def _words(form: forms.AskForm) -> QuestionWords:
    return QuestionWords(
        queries.place_of(form.place.data),
        form.title.data,
        form.doubt.data,
        int(form.project.data) or None,
        int(form.case.data) or None,
    )


@bp.get("/questions/<no>")
@guard(Permission.READ_QUESTION)
def show(no: str) -> Response:
    """One question: whole for its two sides, what was settled for a partner it is offered to."""
    question = get_question(no)
    return _question_page(question, _consultation_form()())


def _consultation_form() -> type[ConsultationForm]:
    return in_year(ConsultationForm, FiscalYear.containing(clock.today()))


def _question_page(question: AgreementQuestion, form: ConsultationForm) -> Response:
    is_whole = may(Permission.READ_QUESTION, *question.readers)
    writes = is_whole and may(_WRITE, *question.readers)
    is_open = question.state in OPEN
    own, sister = own_town(), question.sister(own_town())
    confirms = question.state in ASKED and is_whole and may(_CONFIRM, *question.readers)
    return page(
        "questions/show.html",
        form=form,
        press=SeenButtonForm(formdata=None, data={"seen": question.seen}),
        question=question,
        own=own,
        is_whole=is_whole,
        consultations=[
            (f"{wareki.full(one.consulted_on)}　{one.place}（{one.participants}）", one)
            for one in (queries.consultations(question) if is_whole else ())
        ],
        steps=_steps(question),
        may_write=writes and is_open,
        may_edit=writes and question.state is QuestionState.DRAFT,
        may_settle=writes and is_open and not question.silent and question.consultations > 0,
        may_confirm=confirms and own not in question.words,
        may_answer_again=confirms and own in question.words,
        may_withdraw=writes
        and own == question.asked_by
        and QuestionState.WITHDRAWN in NEXT[question.state],
        may_apply=sister is not None and sister.word is not SisterWord.SAME and may(_CONFIRM),
        to_print=links(papers.PAPERS, ".paper", no=question.no)
        if is_whole and question.put_at
        else [],
    )


def _steps(question: AgreementQuestion) -> list[tuple[str, str]]:
    """How far it has come."""
    settled = question.settled_at is not None
    steps = {
        _("疑義の内容"): question.put_at is not None,
        _("双方の考え"): not question.silent,
        _("協議"): question.consultations > 0,
        _("双方の確認"): settled,
        _("解決"): settled,
    }
    return reached(steps)


@bp.get("/questions/<no>/papers/<kind>.<form>")
@guard(Permission.READ_QUESTION)
def paper(no: str, kind: str, form: str) -> Response:
    """The one-page paper, for its two sides."""
    question = question_of_side(no, Permission.READ_QUESTION)
    return paper_file(papers.PAPERS, kind, papers.subject(question), form, question.label)


@bp.route("/questions/<no>/edit", methods=["GET", "POST"])
@guard(_WRITE)
def edit(no: str) -> Response:
    """Changes a draft."""
    question = own_question(no)
    view = question.views.get(question.asked_by)
    form = forms.DraftQuestionForm(
        data={
            "seen": question.seen,
            "place": question.place.value,
            "title": question.title,
            "doubt": question.doubt,
            "view": view.text if view else "",
            "project": str(question.project_id or 0),
            "case": str(question.case_id or 0),
        }
    )
    _offer(form, question.agreement_id, question.partner, question)
    row = queries.row(question)
    if form.carry_out(
        lambda act: actions.edit(act, row, _words(form), form.view.data or "", form.seen.data)
    ):
        return done(url_for(".show", no=no), _("下書きを直しました。"))
    return page("questions/edit.html", form=form, partner=question.partner, question=question)


@bp.route("/questions/<no>/put", methods=["GET", "POST"])
@guard(_WRITE)
def put(no: str) -> Response:
    """Shows what goes to the other side, and asks it by a day."""
    question, today = own_question(no), clock.today()
    if question.state is not QuestionState.DRAFT:
        return redirect(url_for(".show", no=no))
    form = in_year(forms.PutForm, FiscalYear.containing(today))(
        data={"seen": question.seen, "answer_due_on": answer_due(today)}
    )
    row = queries.row(question)
    if form.carry_out(lambda act: actions.put(act, row, form.answer_due_on.data, form.seen.data)):
        said = _("%(other)sに協議をお願いしました。", other=question.other.name)
        return done(url_for(".show", no=no), said)
    return page("questions/put.html", form=form, question=question)


@bp.route("/questions/<no>/view", methods=["GET", "POST"])
@guard(_WRITE)
def view(no: str) -> Response:
    """What the own side thinks; there is no way to the other's."""
    question, own = question_of_side(no, _WRITE), own_town()
    if question.state not in OPEN:
        return redirect(url_for(".show", no=no))
    stored = question.views.get(own)
    form = forms.OwnViewForm(
        data={"seen": stored.seen if stored else UNSEEN, "text": stored.text if stored else ""}
    )
    row = queries.row(question)
    if form.carry_out(lambda act: actions.write_view(act, row, form.text.data, form.seen.data)):
        return done(url_for(".show", no=no), _("考えを保存しました。"))
    return page("questions/view.html", form=form, question=question, own=own)


@bp.post("/questions/<no>/consultations")
@guard(_WRITE)
def add_consultation(no: str) -> Response:
    """協議の記録: adds one."""
    question = question_of_side(no, _WRITE)
    form = _consultation_form()()
    if form.carry_out(
        lambda act: actions.add_consultation(
            act,
            queries.row(question),
            form.consulted_on.data,
            form.place.data,
            form.participants.data,
            form.gist.data,
        )
    ):
        return done(url_for(".show", no=no), _("協議の記録を加えました。"))
    return _question_page(question, form)


@bp.route("/questions/<no>/consultations/<int:consultation_id>/strike", methods=["GET", "POST"])
@guard(_WRITE)
def strike_consultation(no: str, consultation_id: int) -> Response:
    """Takes a consultation out that was recorded by mistake, or puts it back."""
    question = question_of_side(no, _WRITE)
    found = queries.consultations(question)
    one = next((one for one in found if one.id == consultation_id), None) or abort(404)
    row, left = queries.row(question), question.consultations - (not one.is_struck)
    return strike_page(
        one,
        question.seen,
        lambda act, reason, seen: actions.strike_consultation(act, row, one, reason, seen),
        lambda act, seen: actions.put_consultation_back(act, row, one, seen),
        named=_("協議の記録 %(day)s %(place)s", day=wareki.full(one.consulted_on), place=one.place),
        back=url_for(".show", no=no),
        check=lambda: check_strike(question.state, left),
    )


@bp.route("/questions/<no>/settlement", methods=["GET", "POST"])
@guard(_WRITE)
def settle(no: str) -> Response:
    """定める内容: puts a text to both sides; another one voids the words given."""
    question, today = question_of_side(no, _WRITE), clock.today()
    if question.state not in OPEN:
        return redirect(url_for(".show", no=no))
    form = in_year(forms.SettlementForm, FiscalYear.containing(today))(
        data={
            "seen": question.seen,
            "text": question.text,
            "sisters": [one.agreement_id for one in question.sisters],
            "reply_due_on": answer_due(today),
        }
    )
    offered = queries.sisters_of(question, today)
    form.sisters.choices = choices((id_, town.name) for town, id_ in offered.items())
    if form.carry_out(
        lambda act: actions.settle(
            act,
            queries.row(question),
            form.text.data,
            [int(one) for one in form.sisters.data or ()],
            form.reply_due_on.data,
            form.seen.data,
        )
    ):
        return done(url_for(".show", no=no), _("案を送り、双方に確認をお願いしました。"))
    return page("questions/settle.html", form=form, question=question)


@bp.route("/questions/<no>/confirm", methods=["GET", "POST"])
@guard(_CONFIRM)
def confirm(no: str) -> Response:
    """One side's word on the text that the page shows."""
    question = question_of_side(no, _CONFIRM)
    if question.state not in ASKED:
        return redirect(url_for(".show", no=no))
    form = ReplyForm(data={"seen": question.shown})
    answer, said = ANSWERS.get(request.form.get("decision", ""), (_no_choice, ""))
    row = queries.row(question)
    if form.carry_out(lambda act: answer(act, row, form.opinion.data or "", form.seen.data)):
        return done(url_for(".show", no=no), _(said))
    return page("questions/confirm.html", form=form, question=question, own=own_town())


def _no_choice(*_given: object) -> None:
    raise Refusal(_(NO_CHOICE))


@bp.route("/questions/<no>/apply", methods=["GET", "POST"])
@guard(_CONFIRM)
def apply(no: str) -> Response:
    """A partner's own word on whether its agreement is treated likewise."""
    question, own = get_question(no), own_town()
    require(_CONFIRM, *(one.town.slug for one in question.sisters))
    sister = question.sister(own)
    if sister is None or sister.word is SisterWord.SAME:
        return redirect(url_for(".show", no=no))
    form = forms.SisterForm(data={"seen": question.seen})
    row, asked = queries.row(question), request.form.get("decision")
    word = next((one for one in SisterWord if one == asked), None)

    def say(act: Act) -> None:
        if word is None:
            raise Refusal(_(NO_WORD))
        actions.say_for_sister(act, row, word, form.comment.data or "", form.seen.data)

    if form.carry_out(say):
        return done(url_for(".show", no=no), _("お知らせいただきました。"))
    return page("questions/apply.html", form=form, question=question, own=own, sister=sister)


@bp.post("/questions/<no>/withdraw")
@guard(_WRITE)
def withdraw(no: str) -> Response:
    """取り下げる."""
    question = own_question(no)
    form = SeenButtonForm(data={"seen": question.seen})
    if form.carry_out(lambda act: actions.withdraw(act, queries.row(question), form.seen.data)):
        return done(url_for(".show", no=no), _("取り下げました。"))
    return complain(form, url_for(".show", no=no))
