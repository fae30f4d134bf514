"""A client of a language server: spawns `engine lsp`, or another, and speaks JSON-RPC over its standard streams."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

TIMEOUT = 60
ENGINE = (sys.executable, "-m", "app", "lsp")


class Refused(Exception):
    """The server answered a request with an error."""


class Client:
    """One session. Diagnostics that arrive are kept by address; `settled` waits for those of a version.

    What the server asks of its client is answered with `settings`.
    """

    def __init__(self, command: Sequence[str] = ENGINE, settings: Any = None, **capabilities: Any) -> None:
        root = Path(__file__).parents[3]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root)
        self.settings = settings
        self.answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self.news: queue.Queue[dict[str, Any]] = queue.Queue()
        self.count = 0
        self.versions: dict[str, int] = {}
        threading.Thread(target=self._listen, daemon=True).start()
        self.server = self.request("initialize", processId=None, rootUri=None, capabilities=capabilities)
        self.notify("initialized")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.request("shutdown")
        self.notify("exit")
        assert self.process.wait(TIMEOUT) == 0

    def request(self, method: str, /, **params: Any) -> Any:
        self.count += 1
        self._send({"id": self.count, "method": method, "params": params or None})
        answer = self.answers.get(timeout=TIMEOUT)
        assert answer["id"] == self.count
        if "error" in answer:
            raise Refused(answer["error"]["message"])
        return answer["result"]

    def notify(self, method: str, /, **params: Any) -> None:
        self._send({"method": method, "params": params})

    def open(self, uri: str, text: str) -> str:
        self.versions[uri] = 1
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self.notify("textDocument/didOpen", textDocument=document)
        return uri

    def change(self, uri: str, text: str) -> None:
        self.versions[uri] += 1
        document = {"uri": uri, "version": self.versions[uri]}
        self.notify("textDocument/didChange", textDocument=document, contentChanges=[{"text": text}])

    def first(self, uri: str) -> list[dict[str, Any]]:
        """Return the first diagnostics of the text as it is now."""
        while True:
            told = self.news.get(timeout=TIMEOUT)
            if told["uri"] == uri and told["version"] == self.versions[uri]:
                found: list[dict[str, Any]] = told["diagnostics"]
                return found

    def settled(self, uri: str) -> list[dict[str, Any]]:
        """Return the diagnostics of the text as it is now, after the lint rules have looked at it."""
        self.first(uri)
        return self.first(uri)

    def at(self, method: str, uri: str, line: int, character: int, **more: Any) -> Any:
        """Ask about a place, lines and UTF-16 columns from 0."""
        place = {"line": line, "character": character}
        return self.request(f"textDocument/{method}", textDocument={"uri": uri}, position=place, **more)

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _listen(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while header := stream.readline():
            length = int(header.split(b":")[1])
            while stream.readline().strip():
                pass
            message = json.loads(stream.read(length))
            if "id" in message and "method" not in message:
                self.answers.put(message)
            elif "id" in message:
                items = message.get("params", {}).get("items")
                self._send({"id": message["id"], "result": [self.settings for _ in items] if items else None})
            elif message["method"] == "textDocument/publishDiagnostics":
                self.news.put(message["params"])
            elif message["method"] == "window/showMessage":
                self.answers.put({"id": self.count, "error": {"message": message["params"]["message"]}})
