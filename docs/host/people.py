"""Makes the shop's own tables, and people to try it with: `python people.py`."""

from __future__ import annotations

import secrets

import click
from shop import create_app
from shop.models import Order, User, db

PEOPLE = {"ann": "customer", "wang": "engineer", "zhao": "manager"}


def main() -> None:
    """The tables and the people that are missing; a password is printed this once."""
    with create_app().app_context():
        db.create_all()
        for login, role in PEOPLE.items():
            if db.session.scalar(db.select(User).filter_by(login=login)) is not None:
                click.echo(f"{login} is there already")
                continue
            password = secrets.token_urlsafe(9)
            user = User.make(login, password, role)
            db.session.add(user)
            db.session.flush()
            if role == "customer":
                db.session.add(Order(user_id=user.id, article="Valve"))
            click.echo(f"{login} ({role}): {password}")
        db.session.commit()


if __name__ == "__main__":
    main()
