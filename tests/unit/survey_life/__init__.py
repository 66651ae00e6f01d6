"""The life of surveys."""
