"""The backend's webhook on loopback: bearer token, idempotency keys, and bodies checked against the schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from tests.servers.loopback import Loopback, Reply, Request

TOKEN = "backend-bearer-token"
SCHEMAS = Path(__file__).parents[2] / "schemas"
BY_PATH = {
    "/api/signals/new": "signal",
    "/api/signals/update": "webhook-update",
    "/api/signals/tp": "webhook-tp",
    "/api/signals/sl": "webhook-sl",
    "/api/signals/close": "webhook-close",
}


def validator(name: str) -> Draft202012Validator:
    """Return the validator of schemas/NAME.schema.json, with the others in reach."""
    loaded = {path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("*.schema.json")}
    known: Registry[Any] = Registry().with_resources(
        (key, Resource.from_contents(value)) for key, value in loaded.items() if "$schema" in value
    )
    return Draft202012Validator(
        loaded[f"{name}.schema.json"], registry=known, format_checker=Draft202012Validator.FORMAT_CHECKER
    )


class Backend(Loopback):
    """Keeps what it took, by idempotency key: a second request with a key changes nothing and gets the first answer."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.taken: dict[str, tuple[str, dict[str, Any]]] = {}
        self.answers: dict[str, Reply] = {}
        self._validators = {path: validator(name) for path, name in BY_PATH.items()}

    def answer(self, request: Request) -> Reply:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return Reply(401, {"error": "wrong token"})
        if request.method != "POST" or request.path not in self._validators:
            return Reply(404, {"error": "no such path"})
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            return Reply(400, {"error": "Idempotency-Key is missing"})
        problems = [error.message for error in self._validators[request.path].iter_errors(request.json)]
        if problems:
            return Reply(422, {"error": "; ".join(problems)})
        with self.lock:
            if key not in self.taken:
                self.taken[key] = (request.path, request.json)
                self.answers[key] = Reply(201, {"id": f"row-{len(self.taken)}"})
            return self.answers[key]
