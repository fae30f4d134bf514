"""What apprise's json:// talks to: takes notifications and keeps them."""

from __future__ import annotations

from typing import Any

from tests.servers.loopback import Loopback, Reply, Request


class AppriseTarget(Loopback):
    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.notified: list[dict[str, Any]] = []

    def answer(self, request: Request) -> Reply:
        body = request.json
        if not isinstance(body, dict) or not {"version", "title", "message", "type"} <= set(body):
            return Reply(400)
        self.notified.append(body)
        return Reply(200, {})
