"""Bad input, all of it in one table: what is given, on which surface, and the error that must come of it.

Each surface has a module whose ``ROWS`` hold the input as code that really gives it (``act``), the error's class and
field, and its sentence in English and Chinese. ``table.ROWS`` is all of them.
"""
