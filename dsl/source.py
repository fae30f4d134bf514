"""A text file, or why it is none: it must be UTF-8, printable and of a bounded size."""

from __future__ import annotations

import os
import re
from pathlib import Path

from dsl.errors import Diagnostic, Source, Span

MAX_BYTES = 1_000_000

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def read_source(path: Path) -> tuple[Source, list[Diagnostic]]:
    """Read a text file: UTF-8, bounded, printable. The source is empty where it could not be read."""
    shown = str(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        return _unreadable(shown, f"the file cannot be opened: {(error.strerror or 'unknown reason').lower()}")
    if len(data) > MAX_BYTES:
        size = path.stat().st_size
        has = f"{size:,}" if size > MAX_BYTES else "endless"  # a device has no size
        return _unreadable(shown, f"the file has {has} bytes; more than {MAX_BYTES:,} are not read")
    return decode(shown, data)


def real(path: Path) -> Path:
    """Return where a path leads to; a link that leads to itself is its own end, where `resolve` would raise."""
    return Path(os.path.realpath(path))


def decode(path: str, data: bytes) -> tuple[Source, list[Diagnostic]]:
    """Return the text of UTF-8 bytes, or where they are not UTF-8."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _unreadable(path, "the file is in UTF-16", "save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        source = Source(path, data.decode("utf-8", "replace"))
        at = len(data[: error.start].decode("utf-8", "replace"))
        if b"\0" in data:
            return _unreadable(path, "this is not a text file")
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        return Source(path, ""), [Diagnostic("yaml-syntax", message, Span(source, at, at + 1), help="save it as UTF-8")]
    source = Source(path, text)
    if "\0" in text:
        return _unreadable(path, "this is not a text file")
    found = unprintable(source)
    return Source(path, "") if found else source, found


def unprintable(source: Source) -> list[Diagnostic]:
    """Return where a text first has a character that no text file has."""
    strange = _UNPRINTABLE.search(source.text)
    if strange is None:
        return []
    message = f"the character U+{ord(strange[0]):04X} is not allowed in a text file"
    return [Diagnostic("yaml-syntax", message, Span(source, *strange.span()))]


def _unreadable(path: str, message: str, help: str = "") -> tuple[Source, list[Diagnostic]]:
    source = Source(path, "")
    return source, [Diagnostic("yaml-syntax", message, Span(source, 0, 0), help=help)]
