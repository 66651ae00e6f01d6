"""Personal columns encrypted where they are stored; without keys the plugin does nothing."""

from __future__ import annotations

import functools
from typing import Any

from careplug.contributions import Command, FieldCipher, Messages
from careplug.plugin import hookimpl
from careplug.text import Text
from careplug_crypto.settings import CryptoSettings

__all__ = ["careplug_settings", "careplug_storage", "careplug_surfaces"]

careplug_settings = CryptoSettings


@hookimpl
def careplug_storage(settings: CryptoSettings) -> tuple[FieldCipher, ...]:
    """The cipher, where keys are set up. They are read when a ``Care`` opens its storage, and a wrong one stops it."""
    return (FieldCipher("fernet", functools.partial(_open, settings)),) if settings.given else ()


@hookimpl
def careplug_surfaces() -> tuple[Command | Messages, ...]:
    """The command ``careplug crypto``, and the words of it all."""
    from careplug_crypto.errors import own

    about = Text(en="Keys of the encrypted personal columns.", zh="个人信息列加密所用的密钥。")
    return Command("crypto", _command, about), Messages(own())


def _open(settings: CryptoSettings) -> Any:
    from careplug_crypto.cipher import FernetCipher
    from careplug_crypto.settings import keys_of

    return FernetCipher(keys_of(settings))


def _command() -> Any:
    from careplug_crypto.commands import crypto

    return crypto
