"""Telegram's Bot API on loopback: strict about fields, markup, lengths and tokens.

As its own process it writes one JSON line per delivered message to a file, before it answers:

    python -m tests.servers.telegram --port 8081 --log delivered.jsonl --fault drop-after@7 --fault 429@20

A fault is KIND@N, for the N-th request: `429`, `500`, `502`, `drop`, `drop-after` (delivered, then the
connection closes without an answer), `hang`, `hang-after`, `garbage`. N may be `*10`: every tenth.
"""

from __future__ import annotations

import argparse
import html
import json
import re
from pathlib import Path
from typing import Any

from tests.servers.loopback import Fault, Loopback, Reply, Request, wait_for_ever

TOKEN = "123456:TEST-token_of_the_bot"
_TAGS = {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "tg-spoiler", "code", "pre", "blockquote"}
_FIELDS: dict[str, type | tuple[type, ...]] = {
    "chat_id": (int, str),
    "text": str,
    "parse_mode": str,
    "message_thread_id": int,
    "disable_notification": bool,
    "protect_content": bool,
    "link_preview_options": dict,
    "reply_parameters": dict,
}
_REPLY = {"message_id": int, "chat_id": (int, str), "allow_sending_without_reply": bool, "quote": str}


class ParseError(Exception):
    """The markup is refused; the text is the API's description of why."""


def parse_html(text: str) -> str:
    """Return what remains of `text` after its tags and entities are read, or raise as the Bot API refuses."""
    shown, open_tags, place = [], [], 0
    for match in re.finditer(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:\s[^<>]*)?)>|<", text):
        shown.append(_entities(text[place : match.start()]))
        place = match.end()
        offset = len(text[: match.start()].encode())
        if match[2] is None:
            raise ParseError(f'Unsupported start tag "{text[match.end() : match.end() + 8]}" at byte offset {offset}')
        name = match[2].lower()
        if name not in _TAGS and name not in ("a", "span"):
            raise ParseError(f'Unsupported start tag "{name}" at byte offset {offset}')
        if not match[1]:
            open_tags.append(name)
        elif not open_tags or open_tags.pop() != name:
            raise ParseError(f"Unmatched end tag at byte offset {offset}")
    if open_tags:
        raise ParseError(f'Can\'t find end tag corresponding to start tag "{open_tags[-1]}"')
    shown.append(_entities(text[place:]))
    return "".join(shown)


def _entities(text: str) -> str:
    return re.sub(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);", lambda entity: html.unescape(entity[0]), text)


class Telegram(Loopback):
    """The Bot API for one bot. `delivered` holds the messages of all chats; `migrated` old chat -> new chat."""

    def __init__(self, port: int = 0, log: Path | None = None, token: str = TOKEN) -> None:
        super().__init__(port)
        self.token, self.log = token, log
        self.delivered: list[dict[str, Any]] = []
        self.migrated: dict[int | str, int] = {}
        self.gone: set[int | str] = set()
        if log is not None and log.exists():
            self.delivered = [json.loads(line) for line in log.read_text().splitlines()]

    def answer(self, request: Request) -> Reply:
        match = re.fullmatch(r"/bot([^/]+)/(\w+)", request.path)
        if match is None:
            return _no(404, "Not Found")
        if match[1] != self.token:
            return _no(401, "Unauthorized")
        body = request.json
        if not isinstance(body, dict) or "application/json" not in request.headers.get("Content-Type", ""):
            return _no(400, "Bad Request: the body is not a JSON object")
        if match[2] == "getChat":
            return self._chat(body) or Reply(200, {"ok": True, "result": {"id": body["chat_id"], "type": "channel"}})
        if match[2] == "sendMessage":
            return self._chat(body) or self._send_message(body)
        return _no(404, "Not Found")

    def _chat(self, body: dict[str, Any]) -> Reply | None:
        chat = body.get("chat_id")
        if chat in self.migrated:
            description = "Bad Request: group chat was upgraded to a supergroup chat"
            return _no(400, description, {"migrate_to_chat_id": self.migrated[chat]})
        if chat in self.gone:
            return _no(403, "Forbidden: bot was kicked from the channel chat")
        return None if chat else _no(400, "Bad Request: chat not found")

    def _send_message(self, body: dict[str, Any]) -> Reply:
        wrong = _wrong_field(body)
        if wrong:
            return _no(400, f"Bad Request: {wrong}")
        try:
            shown = parse_html(body["text"]) if body.get("parse_mode") == "HTML" else body["text"]
        except ParseError as error:
            return _no(400, f"Bad Request: can't parse entities: {error}")
        if not shown.strip():
            return _no(400, "Bad Request: message text is empty")
        if len(shown.encode("utf-16-le")) // 2 > 4096:
            return _no(400, "Bad Request: message is too long")
        with self.lock:
            reply = body.get("reply_parameters")
            ids = {message["message_id"] for message in self.delivered if message["chat_id"] == body["chat_id"]}
            if reply and reply["message_id"] not in ids and not reply.get("allow_sending_without_reply"):
                return _no(400, "Bad Request: message to be replied not found")
            message = {
                "message_id": len(self.delivered) + 1,
                "chat_id": body["chat_id"],
                "text": shown,
                "sent": body["text"],
                "parse_mode": body.get("parse_mode"),
                "reply_to": reply["message_id"] if reply else None,
                "silent": body.get("disable_notification", False),
            }
            self.delivered.append(message)
            if self.log is not None:
                with self.log.open("a") as file:
                    file.write(json.dumps(message, ensure_ascii=False) + "\n")
        result = {"message_id": message["message_id"], "date": 1, "chat": {"id": -1, "type": "channel"}, "text": shown}
        return Reply(200, {"ok": True, "result": result})


def _wrong_field(body: dict[str, Any]) -> str:
    for name, value in body.items():
        if name not in _FIELDS:
            return f"unknown field {name}"
        if not isinstance(value, _FIELDS[name]) or (isinstance(value, bool) and _FIELDS[name] is not bool):
            return f"field {name} has the wrong type"
    for name, value in (body.get("reply_parameters") or {}).items():
        if name not in _REPLY or not isinstance(value, _REPLY[name]):
            return f"reply_parameters.{name} is wrong"
    if set(body.get("link_preview_options") or ()) - {"is_disabled", "url"}:
        return "link_preview_options is wrong"
    if body.get("parse_mode", "HTML") != "HTML":
        return "unsupported parse_mode"
    return "" if "text" in body else "message text is empty"


def _no(status: int, description: str, parameters: dict[str, Any] | None = None) -> Reply:
    value: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    return Reply(status, value | ({"parameters": parameters} if parameters else {}))


def too_many(seconds: int) -> Reply:
    """Return Telegram's answer to a flood."""
    return _no(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})


def broken() -> Reply:
    """Return the API's own words for a failure inside."""
    return _no(500, "Internal Server Error: sent too early")


FAULTS = {
    "429": Fault("status", too_many(1)),
    "500": Fault("status", broken()),
    "502": Fault("status", Reply(502, body=b"<html>Bad Gateway</html>")),
    "drop": Fault("drop"),
    "drop-after": Fault("drop", after=True),
    "hang": Fault("hang", seconds=60.0),
    "hang-after": Fault("hang", after=True, seconds=60.0),
    "garbage": Fault("garbage"),
}


class _Every(dict[int, Fault]):
    """Faults by the number of the request; `every` N -> fault for each N-th."""

    def __init__(self) -> None:
        super().__init__()
        self.every: dict[int, Fault] = {}

    def __contains__(self, number: object) -> bool:
        return super().__contains__(number) or any(not int(str(number)) % n for n in self.every)

    def __getitem__(self, number: int) -> Fault:
        if super().__contains__(number):
            return super().__getitem__(number)
        return next(fault for n, fault in self.every.items() if not number % n)


def main() -> None:
    parser = argparse.ArgumentParser(description="A strict Telegram on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--fault", action="append", default=[], metavar="KIND@N")
    given = parser.parse_args()
    server = Telegram(given.port, given.log, given.token)
    planned = _Every()
    for text in given.fault:
        kind, _, number = text.partition("@")
        (planned.every if number.startswith("*") else planned)[int(number.lstrip("*"))] = FAULTS[kind]
    server.at = planned
    with server:
        print(server.base, flush=True)
        wait_for_ever()


if __name__ == "__main__":
    main()
