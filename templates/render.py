"""The renderer: a payload and a template become what one channel shows.

Templates are `EVENT.CHANNEL.j2`, or `any.CHANNEL.j2`; a channel without one uses the console's. Folders given
by the user are looked into first, so any message can be worded anew without touching this package.
One environment per dialect, all made alike: sandboxed, an unknown field is an error, and every value
is cleaned and escaped for its channel.

A template marks lines that may go when a message is too long: `{{ drop(1) }}` goes first, from the
last such line up, then `drop(2)`, and so on; a line without a mark stays. `{{ drop(3, head=true) }}`
marks a heading, which goes with the last of its lines. Nothing is ever cut inside a word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError, TemplatesNotFound, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from engine.domain.message import Rendered
from templates import figures
from templates.dialects import Dialect, X, clean, dialect_of, unlink_x
from templates.view import view_of

HERE = Path(__file__).parent
FALLBACK = "console"
VIEWS = ("telegram", "x", "linkedin")
"""The channels whose posts a feed page shows."""

_MARK = re.compile("\x00([0-9])(h?)\x01")
_TAG = re.compile(r"\x02((?:\\?\w)+)\x03")
_JSON = frozenset({"webhook"})


class RenderError(Exception):
    """A template is wrong. The text is one line: template, line, what."""


class Templates:
    """Renders messages; implements `engine.ports.Renderer`. Safe to share between channels, not between threads."""

    def __init__(self, folders: Sequence[Path] = (), *, undefined: type[Undefined] = StrictUndefined) -> None:
        """Look into `folders` first. `undefined` is what stands for a field that is not there."""
        self._undefined = undefined
        self._folders = [*(str(folder) for folder in folders), str(HERE)]
        self._environments: dict[str, ImmutableSandboxedEnvironment] = {}
        self._chosen: dict[tuple[str, str], Template] = {}

    def render(self, event_kind: str, channel_kind: str, payload: Mapping[str, Any]) -> Rendered:
        """Return the message as `channel_kind` shows it. Raises RenderError for a template that is wrong."""
        if channel_kind == "feed":
            return self._feed(event_kind, payload)
        return self._one(event_kind, channel_kind, payload, view_of(payload))

    def has(self, event_kind: str, channel_kind: str) -> bool:
        """Tell whether that kind of event can be shown on that kind of channel."""
        return any(
            (Path(folder) / f"{event_kind}.{kind}.j2").is_file()
            for folder in self._folders
            for kind in (channel_kind, FALLBACK)
        )

    def _one(self, event: str, channel: str, payload: Mapping[str, Any], view: Mapping[str, Any]) -> Rendered:
        marked = self._fill(event, channel, {**payload, "view": view})
        if channel in _JSON:
            return _json(event, channel, marked)
        dialect = dialect_of(channel)
        title, rest = _written(marked, channel, payload)
        text = fit(rest, dialect)
        return Rendered(text=text, plain=dialect.read(text), title=_MARK.sub("", title).strip())

    def least(self, event: str, channel: str, payload: Mapping[str, Any]) -> tuple[int, int]:
        """Return how long a message is without all that may go, and how much fits (0: everything).

        Raises RenderError for a template that is wrong.
        """
        marked = self._fill(event, channel, {**payload, "view": view_of(payload)})
        if channel in _JSON:
            _json(event, channel, marked)
            return 0, 0
        dialect = dialect_of(channel)
        _, rest = _written(marked, channel, payload)
        lines = [_Line(line) for line in rest.strip("\n").split("\n")]
        return dialect.measure(_join(line for line in lines if not line.rank)), dialect.limit

    def _feed(self, event: str, payload: Mapping[str, Any]) -> Rendered:
        view = view_of(payload)
        views = {kind: self._one(event, kind, payload, view) for kind in VIEWS}
        body = json.loads(self._fill(event, "feed", {**payload, "view": view}))
        body["views"] = {
            kind: {
                "text": shown.text if kind == "telegram" else shown.plain,
                "length": dialect_of(kind).measure(shown.text),
                "limit": dialect_of(kind).limit,
            }
            for kind, shown in views.items()
        }
        plain = views["telegram"].plain
        return Rendered(text=plain, plain=plain, body=body)

    def _fill(self, event: str, channel: str, context: Mapping[str, Any]) -> str:
        try:
            return self._template(event, channel).render(context)
        except TemplatesNotFound as error:
            raise RenderError(f"there is no template {event}.{channel}.j2") from error
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            line = getattr(error, "lineno", None) or _line(error)
            raise RenderError(f"{event}.{channel}.j2{f':{line}' if line else ''}: {error}") from error

    def _template(self, event: str, channel: str) -> Template:
        if (event, channel) not in self._chosen:
            names = [f"{event}.{channel}.j2", f"any.{channel}.j2", f"{event}.{FALLBACK}.j2"]
            self._chosen[event, channel] = self._environment(channel).select_template(names)
        return self._chosen[event, channel]

    def _environment(self, channel: str) -> ImmutableSandboxedEnvironment:
        if channel not in self._environments:
            dialect = dialect_of(channel)
            environment = ImmutableSandboxedEnvironment(
                loader=FileSystemLoader(self._folders),
                undefined=self._undefined,
                autoescape=True,
                finalize=partial(_shown, dialect=dialect),
                trim_blocks=True,
                lstrip_blocks=True,
                keep_trailing_newline=False,
                auto_reload=False,
            )
            environment.filters |= {
                "percent": figures.signed_percent,
                "r": figures.signed_r,
                "share": figures.percent_of,
                "number": figures.plain_number,
                "readable": figures.readable,
                "like": figures.like,
                "clock": figures.clock,
                "clip": figures.clip,
                "humanise": figures.humanise,
                "candles": figures.timeframe_words,
                "json": _to_json,
                "over": _over,
            }
            environment.globals = {"drop": _drop, "tag": _tag, "range": range}
            self._environments[channel] = environment
        return self._environments[channel]


def _written(marked: str, channel: str, payload: Mapping[str, Any]) -> tuple[str, str]:
    """Return (title, text) in the channel's own signs, marks still in it."""
    dialect = dialect_of(channel)
    if dialect.whole:
        marked = dialect.escape(marked)
    marked = _TAG.sub(lambda tag: dialect.hashtag.format(tag[1]), marked)
    if dialect is X and not (payload.get("brand") or {}).get("link_on_x"):
        marked = unlink_x(marked)
    title, _, rest = marked.partition("\n") if channel == "apprise" else ("", "", marked)
    return title, rest


def _shown(value: Any, *, dialect: Dialect) -> Any:
    """Return a printed value cleaned and escaped; what a macro made is left as it is."""
    if hasattr(value, "__html__"):
        return value
    if dialect.whole:
        return Markup(clean("–" if value is None else str(value)))  # noqa: S704  (the whole text is escaped)
    return Markup(dialect.escape(clean("–" if value is None else str(value))))  # noqa: S704  (escaped here)


def _drop(rank: int, *, head: bool = False) -> Markup:
    return Markup(f"\x00{rank:d}{'h' if head else ''}\x01")  # noqa: S704


def _tag(name: str) -> Markup:
    """Return a hashtag, in the channel's own form; what no hashtag may hold is left out."""
    word = re.sub(r"\W", "", name)
    return Markup(f"\x02{word}\x03" if word else "")  # noqa: S704


def _over(own: Mapping[str, Any], under: Mapping[str, Any]) -> dict[str, Any]:
    return {**under, **own}


def _to_json(value: Any) -> Markup:
    return Markup(json.dumps(value, ensure_ascii=False, allow_nan=False))  # noqa: S704  (JSON, not HTML)


def _json(event: str, channel: str, text: str) -> Rendered:
    try:
        body = json.loads(text)
    except ValueError as error:
        raise RenderError(f"{event}.{channel}.j2: it does not make JSON: {error}") from error
    return Rendered(text=text, plain=text, body=body)


def fit(marked: str, dialect: Dialect) -> str:
    """Return the marked lines without their marks, less those that must go to fit the dialect's limit."""
    lines = [_Line(line) for line in marked.strip("\n").split("\n")]
    while dialect.limit and dialect.measure(_join(lines)) > dialect.limit:
        ranked = [line for line in lines if line.rank]
        if not ranked:
            return _cut(lines, dialect)
        first = min(line.rank for line in ranked)
        lines.remove(next(line for line in reversed(ranked) if line.rank == first))
    return _join(lines)


class _Line:
    """One line of a message; `rank` 0 never goes. Compared by identity."""

    __slots__ = ("head", "rank", "text")

    def __init__(self, marked: str) -> None:
        mark = _MARK.search(marked)
        self.rank = int(mark[1]) if mark else 0
        self.head = bool(mark and mark[2])
        self.text = _MARK.sub("", marked).rstrip()


def _join(lines: Iterable[_Line]) -> str:
    """Join lines; a heading without lines under it goes, and blank lines never stand in a row."""
    kept: list[str] = []
    for line in reversed(list(lines)):
        below = kept[-1] if kept else ""
        if (line.head and not below) or (not line.text and not below):
            continue
        kept.append(line.text)
    return "\n".join(reversed(kept)).strip("\n")


def _cut(lines: list[_Line], dialect: Dialect) -> str:
    """Shorten a message of which every line must stay: whole lines from the end, then words of the first."""
    while len(lines) > 1 and dialect.measure(_join(lines)) > dialect.limit:
        lines.pop()
    text = _join(lines)
    room = dialect.limit
    while dialect.measure(text) > dialect.limit and room > 1:
        text = dialect.escape(figures.clip(dialect.read(lines[0].text), room))
        room = room * 9 // 10
    return text


def _line(error: BaseException) -> int | None:
    """Return the template's line in which `error` was raised."""
    trace, line = error.__traceback__, None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.endswith(".j2"):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
