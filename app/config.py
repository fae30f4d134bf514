"""The configuration: `config/engine.yaml`, read with the places and messages of a strategy.

Nothing here is secret: a channel names the environment variables that hold its secrets, and
`app.secrets` looks them up when the channel is opened. A little longer than a file should be: every key has its
field and its reader here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.sections import BRAND, CHANNEL, CONFIG, COSTS, DISCLAIMER, EVENTS, KEEP, PACING, VENUES
from dsl.document import Entry, Listing, Node, Scalar, Table, read_table
from dsl.errors import Diagnostic, Source, Span
from dsl.reading import Reader
from dsl.schema import NAME_PATTERN, Section
from engine.domain.message import Brand, Channel

BUILT_IN_STRATEGIES = Path(__file__).parent.parent / "strategies"
MAJORS = ("BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT", "ADA/USDT", "LINK/USDT", "LTC/USDT", "BCH/USDT", "SUI/USDT")
FILE = Path("config/engine.yaml")


@dataclass(frozen=True, slots=True)
class Costs:
    """What trading costs, as ratios of the price: a fee per fill, slippage on market and stop fills."""

    fee: float = 0.0005
    slippage: float = 0.0002


@dataclass(frozen=True, slots=True)
class Keep:
    """For how many days is kept what no decision needs any more; 0: always."""

    blocks: int = 90
    candles: int = 365


@dataclass(frozen=True, slots=True)
class Pacing:
    """How fast a channel may be used: ms between two posts, and posts in any minute (0: no limit)."""

    interval_ms: int = 0
    per_minute: int = 0


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a person sets. Paths are absolute or relative to the working folder."""

    brand: Brand = field(default_factory=lambda: Brand(name="Signal Engine", disclaimer=DISCLAIMER))
    home: Path = Path("var")
    strategies: tuple[Path, ...] = (BUILT_IN_STRATEGIES,)
    templates: tuple[Path, ...] = ()
    """Folders that are looked into before the built-in templates."""
    watchlists: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"majors": MAJORS})
    venues: tuple[str, ...] = VENUES
    venue_urls: Mapping[str, str] = field(default_factory=dict)
    costs: Costs = Costs()
    series: Mapping[str, Path] = field(default_factory=dict)
    max_open: int = 0
    keep: Keep = Keep()
    channels: tuple[Channel, ...] = field(
        default_factory=lambda: (
            Channel("feed", "feed", frozenset(EVENTS) - {"blocked", "opened", "added", "trailed"}),
        )
    )
    pacing: Mapping[str, Pacing] = field(default_factory=dict)
    page: Path | None = None
    """The feed page, where it is not the one in `home`: a replay has a page of its own."""
    path: Path | None = None

    @property
    def database(self) -> Path:
        return self.home / "engine.db"

    @property
    def feed_page(self) -> Path:
        return self.page or self.home / "feed.html"

    @property
    def models(self) -> Path:
        return self.home / "models"


def load_config(path: Path | None = None) -> tuple[Config, list[Diagnostic]]:
    """Read the configuration at `path`, else `config/engine.yaml` here, else the defaults.

    Every mistake is a diagnostic; with any error the returned configuration must not be used.
    """
    chosen = path or (FILE if FILE.is_file() else None)
    if chosen is None:
        return Config(), []
    table, source, found = read_table(chosen)
    if table is None:
        return Config(path=chosen), found
    reading = _Reading(Reader(found), chosen.parent)
    config = reading.config(table, Span(source, 0, 0), chosen)
    return config, hidden(found, reading.secret) if reading.secret else found


def hidden(found: Sequence[Diagnostic], places: Sequence[Span]) -> list[Diagnostic]:
    """Return the findings with stars where their source has something at `places` that must not be shown."""
    source = places[0].source
    text = source.text
    for span in places:
        stars = re.sub(r"[^\n]", "*", text[span.start : span.end])
        text = text[: span.start] + stars + text[span.end :]
    starred = Source(source.path, text)

    def over(span: Span) -> Span:
        return Span(starred, span.start, span.end) if span.source == source else span

    return [replace(one, span=over(one.span), notes=[(over(at), why) for at, why in one.notes]) for one in found]


class _Reading:
    """Reads the parts of one configuration file; relative paths are relative to its folder."""

    def __init__(self, reader: Reader, folder: Path) -> None:
        self._reader, self._folder = reader, folder
        self.secret: list[Span] = []

    def config(self, table: Table, place: Span, path: Path) -> Config:
        entries = self._keys(table, CONFIG, place)
        default = Config()
        channels, pacing = self._channels(entries)
        watchlists = {name: self._symbols(node, name) for name, node in self._named(entries, "watchlists")}
        listed = self._texts(entries, "strategies")
        worded = self._texts(entries, "templates")
        return Config(
            brand=self._brand(entries) or default.brand,
            home=self._path(entries["home"].value, "home") if "home" in entries else default.home,
            strategies=tuple(_joined(self._folder, text) for text in listed) or default.strategies,
            templates=tuple(_joined(self._folder, text) for text in worded),
            watchlists={**default.watchlists, **watchlists},
            venues=self._venues(entries) or default.venues,
            venue_urls=self._venue_urls(entries),
            costs=self._costs(entries),
            series=self._series(entries),
            max_open=self._reader.integer(entries["max_open"].value, "`max_open`", 0) or 0
            if "max_open" in entries
            else 0,
            keep=self._keep(entries),
            channels=channels if "channels" in entries else default.channels,
            pacing=pacing,
            path=path,
        )

    def _keys(self, table: Table, section: Section, place: Span) -> dict[str, Entry]:
        return self._reader.keys(table, {f.name: f.required for f in section.fields}, place)

    def _inner(self, entry: Entry, section: Section, what: str) -> dict[str, Entry]:
        table = self._reader.table(entry.value, what)
        return {} if table is None else self._keys(table, section, entry.key.span)

    def _texts(self, entries: Mapping[str, Entry], key: str) -> tuple[str, ...]:
        if key not in entries:
            return ()
        return tuple(text for text, _ in self._reader.texts(entries[key].value, f"`{key}`"))

    def _table(self, entries: Mapping[str, Entry], key: str) -> Mapping[str, Entry]:
        table = self._reader.table(entries[key].value, f"`{key}`") if key in entries else None
        return {} if table is None else table.entries

    def _named(self, entries: Mapping[str, Entry], key: str) -> list[tuple[str, Node]]:
        return [(name, entry.value) for name, entry in self._table(entries, key).items()]

    def _text(self, entries: Mapping[str, Entry], key: str) -> str:
        return (self._reader.text(entries[key].value, f"`{key}`") or "") if key in entries else ""

    def _path(self, node: Node, what: str) -> Path:
        return _joined(self._folder, self._reader.text(node, f"`{what}`") or "")

    def _brand(self, entries: Mapping[str, Entry]) -> Brand | None:
        if "brand" not in entries:
            return None
        inner = self._inner(entries["brand"], BRAND, "`brand`")
        return Brand(
            name=self._text(inner, "name"),
            url=self._text(inner, "url"),
            disclaimer=self._text(inner, "disclaimer"),
            hashtag=self._text(inner, "hashtag"),
        )

    def _symbols(self, node: Node, what: str) -> tuple[str, ...]:
        symbols = self._reader.texts(node, f"the watchlist `{what}`")
        for text, span in symbols:
            if not re.fullmatch(r"[A-Z0-9]+/[A-Z0-9]+(:[A-Z0-9]+)?", text):
                self._reader.refuse("wrong-type", f"`{text}` is not a symbol", span, "write it as in BTC/USDT")
        return tuple(text for text, _ in symbols)

    def _series(self, entries: Mapping[str, Entry]) -> dict[str, Path]:
        for name, entry in self._table(entries, "series").items():
            if not re.match(NAME_PATTERN, name):
                self._reader.refuse(
                    "wrong-type", f"`{name}` cannot be the name of a series", entry.key.span, "as in fng"
                )
        return {name: self._path(node, name) for name, node in self._named(entries, "series")}

    def _venues(self, entries: Mapping[str, Entry]) -> tuple[str, ...]:
        from engine.feeds.venues import VENUES as KNOWN

        for node in self._reader.items(entries["venues"].value, "`venues`") if "venues" in entries else ():
            self._reader.choice(node, "each venue", tuple(KNOWN))
        return self._texts(entries, "venues")

    def _venue_urls(self, entries: Mapping[str, Entry]) -> dict[str, str]:
        from engine.feeds.venues import VENUES as KNOWN

        found = {}
        for name, entry in self._table(entries, "venue_urls").items():
            if name not in KNOWN:
                message = f"there is no venue `{name}`"
                self._reader.refuse("unknown-key", message, entry.key.span, f"there is {', '.join(KNOWN)}")
            url = self._reader.text(entry.value, f"the address of `{name}`") or ""
            if url and not re.fullmatch(r"https?://[^/\s]+/?", url):
                self._reader.refuse(
                    "wrong-type",
                    f"`{url}` is not the address of a server",
                    entry.value.span,
                    "as in http://127.0.0.1:8080",
                )
            found[name] = url.rstrip("/")
        return found

    def _costs(self, entries: Mapping[str, Entry]) -> Costs:
        if "costs" not in entries:
            return Costs()
        inner, default = self._inner(entries["costs"], COSTS, "`costs`"), Costs()
        return Costs(self._percentage(inner, "fee", default.fee), self._percentage(inner, "slippage", default.slippage))

    def _keep(self, entries: Mapping[str, Entry]) -> Keep:
        if "keep" not in entries:
            return Keep()
        inner, default = self._inner(entries["keep"], KEEP, "`keep`"), Keep()
        return Keep(self._days(inner, "blocks", default.blocks), self._days(inner, "candles", default.candles))

    def _days(self, entries: Mapping[str, Entry], key: str, default: int) -> int:
        if key not in entries:
            return default
        text = self._text(entries, key)
        match = re.fullmatch(r"([1-9][0-9]{0,4})d", text)
        if match is None and text != "always":
            self._reader.refuse(
                "wrong-type", f"`{key}` must be a number of days or `always`", entries[key].value.span, "as in 90d"
            )
            return default
        return int(match[1]) if match is not None else 0

    def _percentage(self, entries: Mapping[str, Entry], key: str, default: float) -> float:
        if key not in entries:
            return default
        match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)%", self._text(entries, key))
        if match is None or float(match[1]) > 10:
            self._reader.refuse(
                "wrong-type", f"`{key}` must be a percentage of at most 10%", entries[key].value.span, "as in 0.05%"
            )
            return default
        return float(match[1]) / 100

    def _channels(self, entries: Mapping[str, Entry]) -> tuple[tuple[Channel, ...], dict[str, Pacing]]:
        channels, pacing = [], {}
        table = self._reader.table(entries["channels"].value, "`channels`") if "channels" in entries else None
        for name, entry in (table.entries if table else {}).items():
            inner = self._inner(entry, CHANNEL, f"the channel `{name}`")
            channels.append(self._channel(name, inner))
            if "pace" in inner:
                pacing[name] = self._pacing(inner["pace"])
        return tuple(channels), pacing

    def _channel(self, name: str, inner: Mapping[str, Entry]) -> Channel:
        from notifiers import NOTIFIERS

        kind = self._reader.choice(inner["kind"].value, "`kind`", NOTIFIERS.names()) if "kind" in inner else None
        events = self._texts(inner, "events")
        for node in self._reader.items(inner["events"].value, "`events`") if "events" in inner else ():
            self._reader.choice(node, "each event", EVENTS)
        options = {key: self._value(node) for key, node in self._named(inner, "options")}
        secrets = {key: self._variable(node, key) for key, node in self._named(inner, "secrets")}
        bots = frozenset(self._texts(inner, "bots"))
        return Channel(name, kind or "", frozenset(events), bots, options, secrets)

    def _variable(self, node: Node, key: str) -> str:
        name = self._reader.text(node, f"the secret `{key}`") or ""
        if name and not re.fullmatch(r"[A-Z_][A-Z0-9_]*", name):
            # The text itself is not shown: it may be the secret.
            self.secret.append(node.span)
            self._reader.refuse(
                "wrong-type", f"`{key}` must be the NAME of an environment variable", node.span,
                "put the secret into the environment or a .env file, and its variable's name here (TELEGRAM_BOT_TOKEN)",
            )  # fmt: skip
            return ""
        return name

    def _pacing(self, entry: Entry) -> Pacing:
        inner = self._inner(entry, PACING, "`pace`")
        match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m)", self._text(inner, "interval") or "0s")
        if match is None:
            self._reader.refuse("wrong-type", "`interval` must be a duration", inner["interval"].value.span, "as in 1s")
            return Pacing()
        unit = {"ms": 1, "s": 1000, "m": 60_000}[match[2]]
        most = self._reader.integer(inner["per_minute"].value, "`per_minute`", 0) if "per_minute" in inner else 0
        return Pacing(round(float(match[1]) * unit), most or 0)

    def _value(self, node: Node) -> Any:
        """Return an option as its writer means it: a quoted value is text, else a number or boolean if it looks so."""
        if isinstance(node, Listing):
            return tuple(self._value(item) for item in node.items)
        if isinstance(node, Table):
            return {key: self._value(entry.value) for key, entry in node.entries.items()}
        if not isinstance(node, Scalar):
            return None
        if node.quoted:
            return node.value
        if node.value in ("true", "false"):
            return node.value == "true"
        if re.fullmatch(r"-?(0|[1-9][0-9]*)", node.value):
            return int(node.value)
        if re.fullmatch(r"-?(0|[1-9][0-9]*)\.[0-9]+", node.value):
            return float(node.value)
        return node.value


def _joined(folder: Path, text: str) -> Path:
    """Return `text` relative to `folder`, without the `..` that reads badly in messages."""
    return Path(os.path.normpath(folder / Path(text).expanduser()))
