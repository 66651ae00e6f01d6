"""Commands: ``flask careplug …`` of a host, ``careplug serve``, ``careplug tokens``."""
