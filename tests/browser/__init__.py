"""Pages as a person meets them: a real browser, on a phone and on a desk, in two languages."""
