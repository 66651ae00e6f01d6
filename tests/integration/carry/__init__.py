"""A database written by earlier code, and what that code read in it: to be upgraded, verified and carried."""
