"""Signature help: the arguments of the call that is being written."""

from __future__ import annotations

from lsprotocol.types import MarkupContent, MarkupKind, ParameterInformation, SignatureHelp, SignatureInformation

from dsl.catalogue import Function
from dsl.lsp import names
from dsl.lsp.analysis import Analysis
from dsl.lsp.grammar_state import Within, within
from dsl.lsp.spot import spot
from dsl.parser import MAX_LENGTH

TRIGGERS = ("(", ",")


def signature(analysis: Analysis, offset: int) -> SignatureHelp | None:
    """Return the signature of the innermost open call at a character, with the argument being written."""
    if analysis.kind not in ("strategy", "library"):
        return None
    place = spot(analysis.text, offset, analysis.kind)
    if not place.start or len(place.before) > MAX_LENGTH:
        return None
    call = within(place.before)
    function = names.function(analysis, call.name) if call else None
    if call is None or function is None:
        return None
    parameters = [ParameterInformation(_place(function, index)) for index in range(len(function.slots))]
    about = MarkupContent(MarkupKind.Markdown, function.about)
    given = SignatureInformation(function.signature, about, parameters)
    return SignatureHelp([given], 0, _active(function, call, place.before))


def _place(function: Function, index: int) -> tuple[int, int]:
    """Return where an argument stands in the signature."""
    before = len(function.name) + 1 + sum(len(slot.text) + 2 for slot in function.slots[:index])
    return before, before + len(function.slots[index].text)


def _active(function: Function, call: Within, before: str) -> int:
    """Return the argument being written. A constant first leaves the usual sources out."""
    for index, slot in enumerate(function.slots):
        if slot.name == call.current:
            return index
    if function.kind == "builtin":
        return min(call.index, len(function.slots) - 1)
    first = before[before.rfind("(") + 1 :].lstrip()[:1]
    left_out = 0
    if first.isdigit() or first == "-":
        while left_out < len(function.slots) and _optional(function, left_out):
            left_out += 1
    return min(call.index + left_out, len(function.slots))


def _optional(function: Function, index: int) -> bool:
    return function.slots[index].series and function.slots[index].default is not None
