"""What is pressed twice is done once; a form without its key is not carried out."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from tests.municipalities.test_views import ENTRY
from tests.pages import PageClient
from tracker.municipalities.models import CalendarEntry
from tracker.plumbing.db import db

NEW = "/admin/holidays/new"


def filled(client: PageClient, **changes: str) -> dict[str, str]:
    return {**client.get(NEW).fields(), **ENTRY, **changes}


def count(app) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count(CalendarEntry.id)))


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request, tmp_path):
    from tests.app_fixtures import copy_database, make_app

    made = make_app(copy_database("cast", request.param, tmp_path), tmp_path)
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


def test_the_same_press_again_is_answered_as_the_first(either):
    office = PageClient(either).enter("office")
    fields = filled(office)
    first, second = office.post(NEW, fields), office.post(NEW, fields)
    assert (first.status, second.status) == (302, 303)
    assert first.location == second.location
    assert count(either) == 1


def test_two_presses_at_the_same_time_are_one_act(either):
    clients = [PageClient(either).enter("office") for _ in range(2)]
    fields, barrier, answers = filled(clients[0]), Barrier(2), []

    def press(client: PageClient) -> None:
        token = client.get(NEW).fields()["csrf_token"]
        barrier.wait(20)
        answers.append(client.post(NEW, {**fields, "csrf_token": token}))

    threads = [Thread(target=press, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answer.status for answer in answers) == [302, 303]
    assert {answer.location for answer in answers} == {"/admin/holidays"}
    assert count(either) == 1


def test_other_words_under_the_same_key_are_an_ordinary_post(browse, app):
    office = browse("office")
    fields = filled(office)
    office.post(NEW, fields)
    assert office.post(NEW, {**fields, "name": "別の休み"}).status == 302
    assert count(app) == 2


def test_the_key_is_the_persons_and_lasts_a_week(browse, app, now):
    office, again, admin = browse("office"), browse("office"), browse("admin")
    fields = filled(office)
    office.post(NEW, fields)
    token = again.get(NEW).fields()["csrf_token"]
    assert again.post(NEW, {**fields, "csrf_token": token}).status == 303
    token = admin.get(NEW).fields()["csrf_token"]
    own = {**fields, "csrf_token": token, "once": fields["once"].partition(".")[0]}
    assert admin.post(NEW, own).status == 302
    assert count(app) == 2
    now.shift(timedelta(days=7, minutes=1))
    office = browse("office")
    other = filled(office, name="次の休み")
    office.post(NEW, other)
    token = office.get(NEW).fields()["csrf_token"]
    assert office.post(NEW, {**fields, "csrf_token": token}).status == 302


def test_a_refused_form_uses_no_key_up(browse, app):
    office = browse("office")
    fields = filled(office, ends_on="令和8年12月2日")
    assert [office.post(NEW, fields).status for _ in range(2)] == [422, 422]
    assert office.post(NEW, {**fields, "ends_on": fields["begins_on"]}).status == 302
    assert count(app) == 1


def test_a_form_without_its_key_is_kept_and_not_carried_out(browse, app):
    office = browse("office")
    page = office.post(NEW, filled(office, once=""))
    assert page.status == 400
    assert "もう一度押してください" in page.one(".error-summary").get_text()
    assert page.fields()["name"] == ENTRY["name"]
    assert count(app) == 0
    assert office.post(NEW, page.fields()).status == 302


def test_removing_twice_leads_to_the_same_place(browse, app):
    office = browse("office")
    page = office.follow(office.post(NEW, filled(office)))
    fields, target = page.fields(), page.one("main form")["action"]
    answers = [office.post(target, fields) for _ in range(2)]
    assert [answer.status for answer in answers] == [302, 303]
    assert {answer.location for answer in answers} == {"/admin/holidays"}


def test_an_act_that_no_answer_ends_is_not_kept(browse, app, monkeypatch):
    from tracker.municipalities import views
    from tracker.plumbing.pages import redirect

    office = browse("office")
    fields = filled(office)
    monkeypatch.setattr(views, "done", lambda location, _said: redirect(location))
    with pytest.raises(RuntimeError, match="not finished"):
        office.post(NEW, fields)
    assert count(app) == 0
