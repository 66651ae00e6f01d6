"""What hosts and other plugins may import of careplug-crypto."""

from __future__ import annotations

from careplug_crypto.cipher import FernetCipher, key_id, new_key
from careplug_crypto.rewriting import Rewriting, rewrite, status

__all__ = ["FernetCipher", "Rewriting", "key_id", "new_key", "rewrite", "status"]
