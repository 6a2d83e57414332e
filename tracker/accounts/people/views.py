"""The pages on which posts and accounts are managed."""

from flask import abort, url_for
from werkzeug.wrappers import Response

from tracker.accounts import queries
from tracker.accounts.blueprint import bp
from tracker.accounts.models import Person, Post, PostKind
from tracker.accounts.people import actions, forms
from tracker.accounts.people.queries import delays
from tracker.kernel.permissions import Permission
from tracker.kernel.translation import _
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard
from tracker.plumbing.db import db
from tracker.plumbing.forms import SeenButtonForm, choices
from tracker.plumbing.pages import complain, done, page
from tracker.struck.views import strike_page


@bp.get("/admin/users")
@guard(Permission.MANAGE_PEOPLE)
def people() -> Response:
    """利用者と役職: every post, who holds it, and what is missing."""
    return page("accounts/people.html", posts=queries.staffed_posts(), delays=delays(clock.now()))


@bp.route("/admin/posts/new", methods=["GET", "POST"])
@guard(Permission.MANAGE_PEOPLE)
def new_post() -> Response:
    """Enters a post."""
    form = forms.PostForm()
    form.municipality.choices = choices((town.slug, town.name) for town in areas.towns())
    form.offer_chiefs(queries.post_names())
    if form.carry_out(
        lambda act: actions.create_post(
            act,
            form.municipality.data,
            PostKind(form.kind.data),
            form.name.data,
            form.email.data or None,
            form.phone.data or None,
            form.chief_id,
        )
    ):
        return done(url_for(".people"), _("「%(name)s」を登録しました。", name=form.result.name))
    return page("accounts/post.html", form=form, post=None)


@bp.route("/admin/posts/<int:post_id>", methods=["GET", "POST"])
@guard(Permission.MANAGE_PEOPLE)
def edit_post(post_id: int) -> Response:
    """Changes a post's name, mailbox, telephone and chief."""
    post = db.session.get(Post, post_id) or abort(404)
    form = forms.EditPostForm(obj=post, chief=post.chief_id or "")
    form.offer_chiefs(
        (id_, name) for id_, name in queries.post_names(post.municipality_id) if id_ != post.id
    )
    if form.carry_out(
        lambda act: actions.change_post(
            act,
            post,
            form.name.data,
            form.email.data or None,
            form.phone.data or None,
            form.chief_id,
            form.seen.data,
            form.reason.data,
        )
    ):
        return done(url_for(".people"), _("保存しました。"))
    return page("accounts/post.html", form=form, post=post, is_outside=_is_outside(post))


@bp.route("/admin/posts/<int:post_id>/strike", methods=["GET", "POST"])
@guard(Permission.MANAGE_PEOPLE)
def strike_post(post_id: int) -> Response:
    """Takes out a post entered by mistake, or puts it back."""
    post = db.session.get(Post, post_id) or abort(404)
    return strike_page(
        post,
        post.seen,
        lambda act, reason, seen: actions.strike_post(act, post, reason, seen),
        lambda act, seen: actions.put_post_back(act, post, seen),
        named=f"{areas.by_id()[post.municipality_id].name} {post.name}",
        back=url_for(".people"),
        check=lambda: actions.check_strike(post),
    )


def _is_outside(post: Post) -> bool:
    return post.municipality_id != actor().municipality_id


@bp.route("/admin/posts/<int:post_id>/accounts/new", methods=["GET", "POST"])
@guard(Permission.MANAGE_PEOPLE)
def new_account(post_id: int) -> Response:
    """Opens an account for a post and sends its holder the link."""
    post = db.session.get(Post, post_id) or abort(404)
    form = forms.AccountForm()
    if form.carry_out(
        lambda act: actions.create_account(
            act, post, form.name.data, form.email.data, reason=form.reason.data
        )
    ):
        said = _("%(email)s にパスワード設定の案内を送ります。", email=form.result.email)
        return done(url_for(".people"), said)
    return page("accounts/account.html", form=form, post=post, is_outside=_is_outside(post))


@bp.post("/admin/users/<int:person_id>/active")
@guard(Permission.MANAGE_PEOPLE)
def set_active(person_id: int) -> Response:
    """Closes an account or opens it again."""
    person = db.session.get(Person, person_id) or abort(404)
    form = forms.ActiveForm(data={"is_active": person.is_active, "seen": person.seen})
    if form.carry_out(
        lambda act: actions.set_active(
            act, person, form.is_active.data, form.seen.data, form.reason.data
        )
    ):
        return done(url_for(".people"), _("保存しました。"))
    return complain(form, url_for(".people"))


@bp.post("/admin/users/<int:person_id>/invite")
@guard(Permission.MANAGE_PEOPLE)
def invite(person_id: int) -> Response:
    """Sends a new link; the old password stops working."""
    person = db.session.get(Person, person_id) or abort(404)
    form = SeenButtonForm(data={"seen": person.seen})
    if form.carry_out(lambda act: actions.invite(act, person, form.seen.data)):
        said = _("%(email)s にパスワード設定の案内を送ります。", email=person.email)
        return done(url_for(".people"), said)
    return complain(form, url_for(".people"))
