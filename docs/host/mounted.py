"""The shop with careplug in it: everything that the tutorial adds."""

from __future__ import annotations

from typing import Any

from flask import Flask, redirect, request, url_for
from flask_login import current_user, login_required
from shop import create_app as create_shop
from shop.models import Order, db
from werkzeug.wrappers import Response

from careplug import Actor
from careplug_flask import Careplug

careplug = Careplug()


@careplug.actor_loader
def who() -> Actor | None:
    """Whom the shop knows."""
    if not current_user.is_authenticated:
        return None
    if current_user.role == "customer":
        return Actor.customer(current_user.login)
    return Actor.engineer(current_user.login, current_user.role)


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
    app.add_url_rule("/orders/return", "return_order", return_order, methods=["POST"])
    return app


@login_required
def return_order() -> Response:
    """Give an order back: the order goes and a case begins, both or neither."""
    order = db.get_or_404(Order, int(request.form["order"]))
    db.session.delete(order)
    with careplug.unit() as unit:
        case = unit.feedback.submit("complaint", f"Return of order {order.id}: {order.article}")
    db.session.commit()
    return redirect(url_for("careplug.case", number=case.number))
