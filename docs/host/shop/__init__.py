"""A small shop that exists already: customers log in, see their orders, place new ones. It knows nothing of careplug."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, render_template
from flask_login import LoginManager
from flask_wtf import CSRFProtect

from shop.models import User, db
from shop.views import pages

__all__ = ["create_app"]


def create_app(**config: Any) -> Flask:
    """The shop, with these settings over its own."""
    app = Flask("shop")
    app.config.update(SECRET_KEY="a secret of the shop", SQLALCHEMY_DATABASE_URI="sqlite:///shop.db")
    app.config.update(config)
    db.init_app(app)
    CSRFProtect(app)
    login = LoginManager(app)
    login.login_view = "shop.login"

    @login.user_loader
    def user(ident: str) -> User | None:
        return db.session.get(User, int(ident))

    app.register_blueprint(pages)
    app.register_error_handler(404, _missing)
    app.register_error_handler(500, _broken)
    app.after_request(_stamped)
    return app


def _missing(error: Exception) -> tuple[str, int]:
    return render_template("error.html", words="There is no such page in this shop."), 404


def _broken(error: Exception) -> tuple[str, int]:
    return render_template("error.html", words="Something went wrong in this shop."), 500


def _stamped(response: Response) -> Response:
    response.headers["X-Shop"] = "1"
    return response
