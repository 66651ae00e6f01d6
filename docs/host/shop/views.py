"""The shop's pages."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user, login_required, login_user, logout_user
from werkzeug.wrappers import Response

from shop.models import Order, User, db

__all__ = ["pages"]

pages = Blueprint("shop", __name__)


@pages.get("/")
def home() -> str:
    """The shop's front."""
    return render_template("home.html")


@pages.route("/login", methods=["GET", "POST"])
def login() -> str | Response:
    """Log in, and back to where one came from."""
    if request.method == "POST":
        found = db.session.scalar(db.select(User).filter_by(login=request.form["login"]))
        if found is not None and found.knows(request.form["password"]):
            login_user(found)
            back = request.args.get("next", "")
            return redirect(back if back.startswith("/") and not back.startswith("//") else url_for("shop.home"))
        flash("Login and password do not fit.")
    return render_template("login.html")


@pages.post("/logout")
def logout() -> Response:
    """Log out."""
    logout_user()
    return redirect(url_for("shop.home"))


@pages.route("/orders", methods=["GET", "POST"])
@login_required
def orders() -> str | Response:
    """One's orders, and a form for another."""
    if request.method == "POST":
        db.session.add(Order(user_id=current_user.id, article=request.form["article"]))
        db.session.commit()
        return redirect(url_for("shop.orders"))
    found = db.session.scalars(db.select(Order).filter_by(user_id=current_user.id)).all()
    return render_template("orders.html", orders=found)


@pages.get("/broken")
def broken() -> str:
    """A page with a mistake in it, as every shop has one."""
    raise RuntimeError("the shop's own mistake")
