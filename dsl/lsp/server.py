"""The server: open texts, when they are examined, and which feature answers which request."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from dsl.errors import Diagnostic, Span
from dsl.lsp import across, completion, findings, fixes, formatting, hints, hover, outlook, rename, signature, tests
from dsl.lsp.analysis import Analysis
from dsl.lsp.carry import carried
from dsl.lsp.memory import Memory
from dsl.lsp.positions import Lines

CHECK_AFTER = 0.005
"""Seconds after a change until it is checked: a burst of changes is checked once."""
LINT_AFTER = 0.25
"""Seconds after a change until the lint rules look at it."""
NAME = "signal-engine"


@dataclass(eq=False)
class Opened:
    """An open text: its last version, the parsed sentences of its versions, and what the rules last found in it."""

    memory: Memory = field(default_factory=Memory)
    analysis: Analysis | None = None
    linted: tuple[Diagnostic, ...] = ()
    timers: list[asyncio.TimerHandle] = field(default_factory=list)


class Server(LanguageServer):
    """Answers for every open text. The whole text comes with each change: it is small, and cannot drift."""

    def __init__(self, version: str) -> None:
        super().__init__(NAME, version, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self.opened: dict[str, Opened] = {}
        self.texts: dict[Path, str] = {}

    def analysis(self, uri: str) -> Analysis:
        """Return the text of a document as it is now, and what is known of it."""
        document = self.workspace.get_text_document(uri)
        opened = self.opened.setdefault(uri, Opened())
        text = document.source
        if opened.analysis is None or opened.analysis.text != text:
            encoding = self.workspace.position_encoding or types.PositionEncodingKind.Utf16
            path = Path(to_fs_path(uri) or document.path)
            self.texts[path] = text
            opened.analysis = Analysis(path, text, str(encoding), opened.memory, self.texts)
        return opened.analysis

    def changed(self, uri: str) -> None:
        """Check a text soon, and let the lint rules look at it when the writer pauses."""
        opened = self.opened.setdefault(uri, Opened())
        for timer in opened.timers:
            timer.cancel()
        loop = asyncio.get_running_loop()
        opened.timers = [
            loop.call_later(CHECK_AFTER, self._check, uri, opened),
            loop.call_later(LINT_AFTER, self._lint, uri, opened),
        ]

    def closed(self, uri: str) -> None:
        self.texts.pop(Path(to_fs_path(uri) or uri), None)
        for timer in self.opened.pop(uri, Opened()).timers:
            timer.cancel()
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def _check(self, uri: str, opened: Opened) -> None:
        analysis = self.analysis(uri)
        old = carried(opened.linted, analysis.source) if opened.linted else []
        self._publish(uri, analysis, [*analysis.mistakes, *old])

    def _lint(self, uri: str, opened: Opened) -> None:
        analysis = self.analysis(uri)
        told, found = set(map(id, analysis.mistakes)), tests.found(analysis)
        opened.linted = tuple(finding for finding in found if id(finding) not in told)
        self._publish(uri, analysis, list(found))

    def _publish(self, uri: str, analysis: Analysis, found: list[Diagnostic]) -> None:
        shown = [findings.shown(analysis.lines, uri, finding) for finding in found]
        version = self.workspace.get_text_document(uri).version
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, shown, version))

    def location(self, span: Span, uri: str, analysis: Analysis) -> types.Location | None:
        """Return a place in the text or in another file."""
        if span.source.path == str(analysis.path):
            return types.Location(uri, analysis.lines.of(span))
        other = self.address(Path(span.source.path))
        return types.Location(other, Lines(span.source.text, analysis.encoding).of(span)) if other else None

    def address(self, path: Path) -> str | None:
        """Return the address of a file, as the editor spells it where it is open."""
        spelt = (uri for uri, opened in self.opened.items() if opened.analysis and opened.analysis.path == path)
        return next(spelt, None) or from_fs_path(str(path.resolve()))


def serve(version: str) -> None:
    """Serve over standard input and output until the client says good-bye."""
    gc.set_threshold(50_000, 50, 50)
    wire = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing that prints may break the protocol
    server(version).start_io(stdout=wire)


def server(version: str) -> Server:
    """Return the server with every feature registered."""
    ls = Server(version)
    _register_changes(ls)
    _register_reading(ls)
    _register_completion(ls)
    _register_edits(ls)
    return ls


def _register_changes(ls: Server) -> None:
    @ls.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def did_open(params: types.DidOpenTextDocumentParams) -> None:
        ls.changed(params.text_document.uri)

    @ls.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def did_change(params: types.DidChangeTextDocumentParams) -> None:
        ls.changed(params.text_document.uri)

    @ls.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def did_save(params: types.DidSaveTextDocumentParams) -> None:
        for uri, opened in ls.opened.items():  # one may use what another has just saved
            opened.analysis = None
            ls.changed(uri)

    @ls.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def did_close(params: types.DidCloseTextDocumentParams) -> None:
        ls.closed(params.text_document.uri)


def _register_reading(ls: Server) -> None:
    @ls.feature(types.TEXT_DOCUMENT_HOVER)
    def on_hover(params: types.HoverParams) -> types.Hover | None:
        return hover.hover(*_here(ls, params))

    @ls.feature(types.TEXT_DOCUMENT_SIGNATURE_HELP, types.SignatureHelpOptions(list(signature.TRIGGERS)))
    def on_signature(params: types.SignatureHelpParams) -> types.SignatureHelp | None:
        return signature.signature(*_here(ls, params))

    @ls.feature(types.TEXT_DOCUMENT_DEFINITION)
    def on_definition(params: types.DefinitionParams) -> types.Location | None:
        analysis, offset = _here(ls, params)
        span = across.definition(analysis, offset)
        return ls.location(span, params.text_document.uri, analysis) if span else None

    @ls.feature(types.TEXT_DOCUMENT_REFERENCES)
    def on_references(params: types.ReferenceParams) -> list[types.Location]:
        analysis, offset = _here(ls, params)
        uri, found = params.text_document.uri, across.subject(analysis, offset)
        if found is None:
            return []
        home, symbol, _ = found
        spans = [span for spans in across.everywhere(home, symbol, analysis.texts).values() for span in spans]
        if not params.context.include_declaration:
            spans = [span for span in spans if span != symbol.span]
        return [place for span in spans if (place := ls.location(span, uri, analysis)) is not None]

    @ls.feature(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
    def on_highlight(params: types.DocumentHighlightParams) -> list[types.DocumentHighlight]:
        analysis, offset = _here(ls, params)
        found = across.subject(analysis, offset)
        spans = across.here(analysis, found[0], found[1]) if found else []
        return [types.DocumentHighlight(analysis.lines.of(span)) for span in spans]

    @ls.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def on_symbols(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        return outlook.document_symbols(ls.analysis(params.text_document.uri))

    @ls.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    def on_hints(params: types.InlayHintParams) -> list[types.InlayHint]:
        analysis = ls.analysis(params.text_document.uri)
        start, end = (analysis.lines.offset(place) for place in (params.range.start, params.range.end))
        return hints.hints(analysis, start, end)


def _register_completion(ls: Server) -> None:
    options = types.CompletionOptions(trigger_characters=list(completion.TRIGGERS), resolve_provider=True)

    @ls.feature(types.TEXT_DOCUMENT_COMPLETION, options)
    def on_completion(params: types.CompletionParams) -> types.CompletionList:
        snippets = _takes_snippets(ls.client_capabilities)
        items = completion.complete(*_here(ls, params), whole=snippets)
        for item in items:
            item.data = [params.text_document.uri, item.data] if item.data else None
            if snippets and (item.insert_text or "").endswith("("):
                item.insert_text, item.insert_text_format = f"{item.insert_text}$0)", types.InsertTextFormat.Snippet
        return types.CompletionList(is_incomplete=False, items=items)

    @ls.feature(types.COMPLETION_ITEM_RESOLVE)
    def on_resolve(item: types.CompletionItem) -> types.CompletionItem:
        data: Any = item.data
        if not (isinstance(data, list | tuple) and len(data) == 2 and data[0] in ls.opened):
            return item
        return completion.resolve(ls.analysis(data[0]), item, str(data[1]))


def _register_edits(ls: Server) -> None:
    kinds = [types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll]

    @ls.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(kinds))
    def on_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        return fixes.actions(ls.analysis(params.text_document.uri), params)

    @ls.feature(types.TEXT_DOCUMENT_FORMATTING)
    def on_formatting(params: types.DocumentFormattingParams) -> list[types.TextEdit]:
        return formatting.edits(ls.analysis(params.text_document.uri))

    @ls.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    def on_prepare(params: types.PrepareRenameParams) -> types.Range | None:
        analysis, offset = _here(ls, params)
        try:
            return analysis.lines.of(rename.prepare(analysis, offset))
        except rename.Refused:
            return None

    @ls.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    def on_rename(params: types.RenameParams) -> types.WorkspaceEdit:
        analysis, offset = _here(ls, params)
        try:
            places = rename.rename(analysis, offset, params.new_name)
        except rename.Refused as refusal:
            raise JsonRpcInvalidParams(str(refusal)) from None
        return types.WorkspaceEdit(
            {
                uri: [types.TextEdit(_range(ls, uri, span, analysis), params.new_name) for span in spans]
                for path, spans in places.items()
                if (uri := params.text_document.uri if path == analysis.path else ls.address(path))
            }
        )


def _takes_snippets(client: types.ClientCapabilities) -> bool:
    completion_ = client.text_document.completion if client.text_document else None
    item = completion_.completion_item if completion_ else None
    return bool(item and item.snippet_support)


def _range(ls: Server, uri: str, span: Span, analysis: Analysis) -> types.Range:
    """Return the range of a span. Raises JsonRpcInvalidParams where another file stands differently in its editor."""
    if uri in ls.opened and ls.analysis(uri).text != span.source.text:
        raise JsonRpcInvalidParams(f"save {Path(span.source.path).name} first")
    return Lines(span.source.text, analysis.encoding).of(span)


def _here(ls: Server, params: Any) -> tuple[Analysis, int]:
    """Return the text that a request is about, and the character."""
    analysis = ls.analysis(params.text_document.uri)
    return analysis, analysis.lines.offset(params.position)
