"""Who is told what, and how it gets there: subscriptions, templates, the outbox, the stored directory.

The room knows feedback and promises by their facts alone. ``contribution`` is what the core registers.
"""
