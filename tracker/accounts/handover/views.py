"""引継ぎ: who holds the posts of one's municipality, and the memo of one's own post."""

from collections.abc import Sequence
from datetime import date

from flask import abort, flash, g, redirect, url_for
from flask_login import logout_user
from werkzeug.wrappers import Response

from tracker.accounts import queries, rules
from tracker.accounts.blueprint import bp
from tracker.accounts.duties import UnseenChange, confirm_due
from tracker.accounts.handover import actions, forms
from tracker.accounts.handover.queries import Memo, memos
from tracker.accounts.models import Post
from tracker.kernel.fiscal_year import FiscalYear
from tracker.kernel.permissions import Permission
from tracker.kernel.refusal import Refusal
from tracker.kernel.translation import _
from tracker.municipalities import queries as areas
from tracker.plumbing import clock
from tracker.plumbing.access import actor, guard, may, require
from tracker.plumbing.db import UNSEEN, db
from tracker.plumbing.pages import complain, done, page


@bp.route("/handover", methods=["GET", "POST"])
@guard(Permission.HAND_OVER)
def handover() -> Response:
    """引継ぎ of the reader's municipality; sent, it keeps the memo of the reader's post."""
    who = actor()
    found = memos(who.municipality_id)
    own = next((one for one in found if one.post_id == who.post_id), None)
    former = own if own and own.is_former(who) else None
    form = forms.MemoForm(obj=None if former else own, seen=own.seen if own else UNSEEN)
    if form.carry_out(lambda act: actions.write_memo(act, form.words, form.seen.data)):
        return done(url_for(".handover"), _("引継ぎメモを保存しました。"))
    year = FiscalYear.containing(clock.today())
    posts = queries.staffed_posts(who.municipality_id)
    changes = _changes()
    may_confirm = may(Permission.CONFIRM_PEOPLE, who.municipality)
    confirmed = [(one.confirmed_at, one.confirmed_by or "") for one in posts if one.confirmed_at]
    last_at, last_by = max(confirmed, default=(None, ""))
    return page(
        "accounts/handover.html",
        form=form,
        year=year,
        posts=posts,
        changes=changes,
        look=forms.confirm_form(changes) if may(Permission.LOOK_AT_CHANGES) else None,
        confirm=forms.confirm_form(posts),
        left=sum((one.confirmed_year or 0) < year.year for one in posts),
        due_on=confirm_due(year),
        confirmed=last_at and (clock.day(last_at), last_by),
        may_confirm=may_confirm,
        handed_over={
            one.id
            for one in posts
            if may_confirm and rules.may_hand_over(who, one.id, one.kind, who.municipality)
        },
        own=None if former else own,
        former=_former(own, former),
        others=[one for one in found if one.post_id != who.post_id],
    )


def _former(own: Memo | None, former: Memo | None) -> tuple[str, str, date] | None:
    """What the holder before left: the words, who wrote them and when."""
    if former:
        return former.text, former.written_by, former.written_on
    if own and own.former and own.former_by and own.former_at:
        return own.former, own.former_by, clock.day(own.former_at)
    return None


def _changes() -> Sequence[UnseenChange]:
    return [one for one in queries.unseen_changes() if one.municipality == actor().municipality]


@bp.post("/handover/changes")
@guard(Permission.LOOK_AT_CHANGES)
def look_at_changes() -> Response:
    """確認しました: somebody of the municipality has looked at what others entered of it."""
    form = forms.confirm_form(_changes())
    if form.carry_out(lambda act: actions.look_at_changes(act, form.seen_of)):
        return done(url_for(".handover"), _("確認しました。"))
    return complain(form, url_for(".handover"))


@bp.post("/handover/confirm")
@guard(Permission.CONFIRM_PEOPLE)
def confirm_people() -> Response:
    """変更なし: vouches for all posts of the reader's municipality at once."""
    form = forms.confirm_form(queries.staffed_posts(actor().municipality_id))
    if form.carry_out(lambda act: actions.confirm_people(act, form.seen_of)):
        return done(url_for(".handover"), _("担当者を確認しました。ありがとうございました。"))
    return complain(form, url_for(".handover"))


@bp.route("/handover/posts/<int:post_id>", methods=["GET", "POST"])
@guard(Permission.CONFIRM_PEOPLE)
def hand_over(post_id: int) -> Response:
    """替わりました: names the new holder of a post."""
    post = db.session.get(Post, post_id) or abort(404)
    town = areas.by_id()[post.municipality_id]
    require(Permission.CONFIRM_PEOPLE, town.slug)
    held = next((one for one in queries.staffed_posts(town.id) if one.id == post_id), None)
    form = forms.holder_form(held or abort(404))
    if form.carry_out(lambda act: actions.hand_over(act, post, *form.holder, form.seen.data)):
        return _handed_over(post_id)
    if not form.is_submitted():
        try:
            rules.check_hand_over(actor(), post_id, post.kind, town.slug)
        except Refusal as refusal:
            flash(refusal.message, "ng")
            return redirect(url_for(".handover"))
    return page("accounts/hand_over.html", form=form, held=held, town=town)


def _handed_over(post_id: int) -> Response:
    """Back to the list; whoever gave the own post away is out with it."""
    if post_id != actor().post_id:
        return done(url_for(".handover"), _("新しい担当者を登録しました。"))
    answer = done(
        url_for("sign_in.sign_in"),
        _("引き継ぎました。新しい担当の方に、利用開始の案内を送ります。お疲れさまでした。"),
    )
    logout_user()
    g.actor = None
    return answer
