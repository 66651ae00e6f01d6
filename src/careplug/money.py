"""Amounts of money: a Decimal with at most four places and a currency."""

from __future__ import annotations

from decimal import Context, Decimal

import attrs

from careplug.errors import Invalid

__all__ = ["SCALE", "Money", "scaled", "unscaled"]

SCALE = 10_000
"""Decimals are stored as whole numbers of 1/10 000, because SQLite sums NUMERIC as float."""

# never the thread's own context: a host may have set five digits there
_EXACT = Context(prec=60)
_STEP = Decimal("0.0001")
_LIMIT = 2**63 // SCALE - 1


def scaled(value: Decimal, field: str = "amount") -> int:
    """The whole number of 1/10 000 a Decimal is; finer, infinite or too large ones are ``Invalid``."""
    if not isinstance(value, Decimal):
        raise Invalid("money.type", field=field, value=repr(value))
    if not value.is_finite() or value.copy_abs() > _LIMIT:
        raise Invalid("money.range", field=field, value=value)
    if value != value.quantize(_STEP, context=_EXACT):
        raise Invalid("money.fine", field=field, value=value)
    return int(value.scaleb(4, context=_EXACT))


def unscaled(number: int) -> Decimal:
    """The Decimal that ``scaled`` made this number of."""
    return Decimal(number).scaleb(-4, context=_EXACT)


@attrs.frozen
class Money:
    """An amount in a currency (ISO 4217 letters). Only amounts of one currency add."""

    amount: Decimal
    currency: str

    def __attrs_post_init__(self) -> None:
        scaled(self.amount)
        if not (
            len(self.currency) == 3 and self.currency.isascii() and self.currency.isalpha() and self.currency.isupper()
        ):
            raise Invalid("money.currency", field="currency", value=self.currency)

    def __add__(self, other: Money) -> Money:
        if self.currency != other.currency:
            raise Invalid("money.mixed", field="currency.mixed", value=f"{self.currency} + {other.currency}")
        return Money(_EXACT.add(self.amount, other.amount), self.currency)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"
