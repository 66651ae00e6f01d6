"""The shop's tables."""

from __future__ import annotations

from flask_login import UserMixin
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from werkzeug.security import check_password_hash, generate_password_hash

__all__ = ["Order", "User", "db"]


class Base(DeclarativeBase):
    """Of all tables."""


db = SQLAlchemy(model_class=Base)


class User(UserMixin, db.Model):  # type: ignore[name-defined,misc]
    """Somebody with a login: a customer, or one of the shop's people."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(40), unique=True)
    password: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20), default="customer")

    @classmethod
    def make(cls, login: str, password: str, role: str = "customer") -> User:
        """A user whose password is stored as a hash."""
        return cls(login=login, password=generate_password_hash(password), role=role)

    def knows(self, password: str) -> bool:
        """Whether this is the password."""
        return check_password_hash(self.password, password)


class Order(db.Model):  # type: ignore[name-defined,misc]
    """What somebody ordered."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    article: Mapped[str] = mapped_column(String(80))
