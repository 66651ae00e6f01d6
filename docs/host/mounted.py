"""The shop with careplug in it: everything that the tutorial adds."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, abort, redirect, render_template, request, url_for
from flask_login import current_user, login_required
from shop import create_app as create_shop
from shop.models import Order, db
from werkzeug.wrappers import Response

from careplug import Actor, Ref
from careplug_flask import Careplug

careplug = Careplug()

ROLES = {
    "customer": {"customer"},
    "engineer": {"engineer"},
    "manager": {"engineer", "manager"},
}
"""The shop's roles, and what each is to careplug."""


@careplug.actor_loader
def who() -> Actor | None:
    """Whom the shop knows; a role that is not in the list is nobody to careplug."""
    if not current_user.is_authenticated or current_user.role not in ROLES:
        return None
    return Actor(Ref("person", current_user.login), frozenset(ROLES[current_user.role]))


def create_app(**config: Any) -> Flask:
    """The shop, and below /service the service desk in the shop's own layout."""
    app = create_shop(
        **{
            "CAREPLUG_URL_PREFIX": "/service",
            "CAREPLUG_BASE_TEMPLATE": "layout.html",
            "CAREPLUG_BLOCKS": {"head": "head"},
            "CAREPLUG_LOGIN_VIEW": "shop.login",
            **config,
        }
    )
    careplug.init_app(app)
    app.register_blueprint(returns)
    return app


returns = Blueprint("returns", __name__, template_folder="templates")


@returns.get("/orders/return")
@login_required
def choose() -> str:
    """One's orders, with a button to give each back."""
    found = db.session.scalars(db.select(Order).filter_by(user_id=current_user.id)).all()
    return render_template("return.html", orders=found)


@returns.post("/orders/return")
@login_required
def give_back() -> Response:
    """Give an order back: the order goes and a case begins, both or neither."""
    order = db.session.get(Order, request.form.get("order", 0, type=int))
    if order is None or order.user_id != current_user.id:
        abort(404)
    db.session.delete(order)
    with careplug.unit() as unit:
        case = unit.feedback.submit("complaint", f"Return of order {order.id}: {order.article}")
    db.session.commit()
    return redirect(url_for("careplug.case", number=case.number))
