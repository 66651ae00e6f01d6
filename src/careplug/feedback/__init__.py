"""The feedback room: a case, its steps, what is said around it."""
