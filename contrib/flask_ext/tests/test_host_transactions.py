"""In a host with Flask-SQLAlchemy: what careplug does is the host's to keep or to drop, on every database."""

from __future__ import annotations

import json
import threading

import pytest
from flask import Flask
from flask_kit import API, LI, MONDAY, WANG, WIDE, Statements
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import String, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from careplug.errors import Invalid, NotFound
from careplug_flask import Careplug
from careplug_flask.testing import client


class Base(DeclarativeBase):
    pass


class Host:
    """A shop with orders, and careplug in it."""

    def __init__(self, url, **config):
        self.db = SQLAlchemy(model_class=Base)
        self.app = Flask("shop")
        self.app.testing = True
        self.app.secret_key = "x"
        self.app.config |= {
            "SQLALCHEMY_DATABASE_URI": url,
            "SQLALCHEMY_ENGINE_OPTIONS": {"pool_size": 2, "max_overflow": 0, "pool_timeout": 5},
            "CAREPLUG_RATE_LIMITS": WIDE,
            **config,
        }
        self.db.init_app(self.app)
        self.careplug = Careplug(self.app, clock=lambda: MONDAY)
        with self.app.app_context():
            self.careplug.care.upgrade()
            self.db.metadata.create_all(self.db.engine)

    def orders(self):
        with self.app.app_context():
            return self.db.session.scalar(select(func.count()).select_from(Order))

    def cases(self):
        with self.careplug.state_of(self.app).care.read(actor=WANG) as unit:
            return [case.subject for case in unit.feedback.find(limit=100)]

    def close(self):
        self.careplug.state_of(self.app).care.close()
        with self.app.app_context():
            self.db.session.remove()
            self.db.engine.dispose()


class Order(Base):
    __tablename__ = "shop_order"
    id: Mapped[int] = mapped_column(primary_key=True)
    article: Mapped[str] = mapped_column(String(40))


@pytest.fixture
def host(database_url):
    made = Host(database_url)
    yield made
    made.close()


def order_and_case(host):
    """What a view of the shop does: an order, and the feedback about it, in one transaction."""
    host.db.session.add(Order(article="pump"))
    with host.careplug.unit(actor=LI, tenant="") as unit:
        return unit.feedback.submit("fault", "the pump leaks")


def test_the_host_commits_both(host):
    with host.app.app_context():
        case = order_and_case(host)
        host.db.session.commit()
    assert (host.orders(), host.cases()) == (1, ["the pump leaks"])
    with host.careplug.state_of(host.app).care.read(actor=WANG) as unit:
        assert next(fact.type for fact in unit.feedback.facts(case.id)) == "submitted"
        assert len(unit.sla.clocks([case.id])) >= 1


def test_the_host_rolls_back_and_nothing_stays(host):
    with host.app.app_context():
        order_and_case(host)
        host.db.session.rollback()
    assert (host.orders(), host.cases()) == (0, [])
    with host.app.app_context():
        order_and_case(host)  # and the connection is as good as new
        host.db.session.commit()
    assert (host.orders(), len(host.cases())) == (1, 1)


def test_a_host_that_forgets_to_commit_keeps_nothing(host):
    with host.app.app_context():
        order_and_case(host)
    assert (host.orders(), host.cases()) == (0, [])


def test_an_error_of_careplug_undoes_careplugs_part_alone(host):
    with host.app.app_context():
        host.db.session.add(Order(article="pump"))
        with pytest.raises(Invalid), host.careplug.unit(actor=LI, tenant="") as unit:
            unit.feedback.submit("fault", "first")
            unit.feedback.submit("fault", "")
        with pytest.raises(NotFound), host.careplug.unit(actor=LI, tenant="") as unit:
            unit.feedback.reply("none", "x")
        with host.careplug.unit(actor=LI, tenant="") as unit:
            unit.feedback.submit("fault", "second")
        host.db.session.commit()
    assert (host.orders(), host.cases()) == (1, ["second"])


def test_several_units_in_one_transaction(host):
    with host.app.app_context():
        case = order_and_case(host)
        with host.careplug.unit(actor=WANG, tenant="") as unit:
            unit.feedback.reply(case.id, "we are coming")
        host.db.session.rollback()
        assert host.cases() == []
        case = order_and_case(host)
        with host.careplug.unit(actor=WANG, tenant="") as unit:
            unit.feedback.reply(case.id, "we are coming")
        host.db.session.commit()
    with host.careplug.state_of(host.app).care.read(actor=WANG) as unit:
        assert "replied" in [fact.type for fact in unit.feedback.facts(case.id)]


# -- careplug's own requests in such an app --


def submit(host, subject="by the API", **more):
    body = {"kind": "fault", "subject": subject, **more}
    return client(host.app, LI).post(f"{API}/feedback", json=body)


def test_a_request_to_the_api_joins_the_session_and_is_committed(host):
    assert submit(host).status_code == 201
    assert host.cases() == ["by the API"]


def test_a_request_that_fails_is_rolled_back(host):
    assert submit(host, requester="person:chen").status_code == 403
    assert submit(host, custom={"x": 1}).status_code == 422
    assert host.cases() == []
    assert submit(host).status_code == 201


def test_a_request_commits_what_the_hosts_own_hooks_put_in_with_it_or_nothing(host):
    """A host that writes an order in `before_request` has it in the transaction that careplug's request commits."""

    @host.app.before_request
    def note():
        host.db.session.add(Order(article="audit"))

    assert submit(host).status_code == 201
    assert (host.orders(), len(host.cases())) == (1, 1)
    assert submit(host, requester="person:chen").status_code == 403
    assert (host.orders(), len(host.cases())) == (1, 1)


def test_a_get_leaves_the_hosts_pending_objects_alone(host):
    @host.app.before_request
    def pending():
        host.db.session.add(Order(article="pending"))

    seen = []

    @host.app.after_request
    def look(response):
        seen.append((len(host.db.session.new), len(host.db.session.dirty)))
        return response

    with host.app.app_context():
        engine = host.db.engine
    with Statements(engine) as statements:
        answer = client(host.app, LI).get(f"{API}/feedback")
    assert (answer.status_code, answer.get_json()["items"]) == (200, [])
    assert statements.writes() == []
    assert seen == [(1, 0)]
    assert host.orders() == 0


def test_a_pool_of_two_is_enough(host):
    """Each request needs one connection for its session and one for a snapshot; two at once must not wait for each other."""
    statuses, gate = [], threading.Barrier(2)

    def many(number):
        gate.wait()
        for turn in range(5):
            statuses.append(submit(host, subject=f"{number}-{turn}").status_code)
            statuses.append(client(host.app, LI).get(f"{API}/feedback").status_code)

    threads = [threading.Thread(target=many, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(statuses) == [200] * 10 + [201] * 10
    assert len(host.cases()) == 10


def test_lines_in_and_out_in_a_host(host):
    lines = b"".join(b'{"kind":"fault","subject":"line %d"}\n' % number for number in range(7)) + b"{\n"
    answer = client(host.app, LI).post(f"{API}/feedback/bulk", data=lines, content_type="application/x-ndjson")
    assert [json.loads(line)["status"] for line in answer.text.splitlines()] == [201] * 7 + [400]
    assert len(client(host.app, WANG).get(f"{API}/feedback/bulk").text.splitlines()) == 7


def test_a_host_may_keep_its_session_to_itself(database_url):
    """CAREPLUG_JOIN off: the units have transactions of their own, whatever becomes of the host's."""
    host = Host(database_url, CAREPLUG_JOIN=False)
    with host.app.app_context():
        with host.careplug.unit(actor=LI, tenant="") as unit:
            unit.feedback.submit("fault", "kept")
        host.db.session.rollback()
    assert host.cases() == ["kept"]
    host.close()


def test_a_read_does_not_see_what_the_host_has_not_committed(host):
    with host.app.app_context():
        order_and_case(host)
        with host.careplug.read(actor=WANG, tenant="") as unit:
            assert unit.feedback.find() == []
        host.db.session.commit()
        with host.careplug.read(actor=WANG, tenant="") as unit:
            assert len(unit.feedback.find()) == 1
