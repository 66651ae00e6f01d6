"""The host of the proof `flask_load`: what gunicorn serves, with `tests.proof._load_app:make()`. Told by its environment."""

from __future__ import annotations

import os

from flask import Flask, request

from careplug import Actor
from careplug_flask import Careplug

MANY = "1000000 per minute"


def make() -> Flask:
    """An app as a host has it: its own visitors (here a header says who), careplug on the database it names."""
    app = Flask("load")
    app.secret_key = "a proof's"
    app.config["CAREPLUG_DATABASE"] = os.environ["LOAD_DATABASE"]
    app.config["CAREPLUG_RATE_LIMITS"] = {"api": MANY, "submit": MANY}
    careplug = Careplug(app, require=["relay"])

    @careplug.actor_loader
    def who() -> Actor | None:
        name = request.headers.get("X-Engineer")
        return Actor.engineer(name) if name else None

    careplug.state_of(app).care.storage.check()  # as a host does that wants to know at its start
    return app
