"""Asking the customer afterwards (`S13`, `S17`, `S11`): forms as data, answers, scores with their uncertainty.

The room knows feedback by its facts alone. ``questions``, ``conditions``, ``forms``, ``checking`` and ``scoring`` are pure.
"""
