"""Every key the configuration may have: what it means, what it holds, what it looks like.

`app.config` reads the file against this; `python -m app.sections` writes `schemas/config.schema.json` from it.
"""

from __future__ import annotations

from pathlib import Path

from dsl.json_schema import schema_text
from dsl.schema import Field, Section

VENUES = ("binanceusdm", "bybit", "phemex", "kraken")
EVENTS = ("signal", "opened", "added", "target", "stop_moved", "trailed", "part_exited", "closed", "report", "blocked")
DISCLAIMER = "Paper signals. Not financial advice."

BRAND = Section(
    "brand",
    "Whose posts these are.",
    (
        Field("name", "text", "The name at the head of every post.", ("Signal Engine",), required=True),
        Field("url", "text", "Where readers find more. On X a post with a link costs more.", ("https://example.com",)),
        Field("hashtag", "text", "A hashtag, without the sign.", ("SignalEngine",)),
        Field("disclaimer", "text", "The line at the foot of posts.", (DISCLAIMER,)),
    ),
)
COSTS = Section(
    "costs",
    "What trading costs, as percentages of the price.",
    (
        Field("fee", "text", "The fee of one fill.", ("0.05%",)),
        Field("slippage", "text", "What a market or stop fill loses.", ("0.02%",)),
    ),
)
KEEP = Section(
    "keep",
    "How long is kept what no decision needs any more: in days, or `always`.",
    (
        Field("blocks", "text", "Blocked signals, for `engine explain`, and notes.", ("90d",)),
        Field("candles", "text", "Candles older than all that a decision reads.", ("365d",)),
    ),
)
PACING = Section(
    "pace",
    "How fast the channel may be used.",
    (
        Field("interval", "text", "The least time between two posts.", ("1s",)),
        Field("per_minute", "integer", "The most posts in any minute.", ("20",)),
    ),
)
CHANNEL = Section(
    "channel",
    "A place that is published to.",
    (
        Field("kind", "text", "telegram, x, linkedin, webhook, apprise, console or feed.", ("telegram",), True),
        Field("events", "texts", f"What it gets: {', '.join(EVENTS)}.", ("signal", "target", "closed"), True),
        Field("bots", "texts", "Only these strategies; left out: all.", ("scalper", "trend")),
        Field("options", "values", "Options of the channel's kind; see docs/channels.", ("@my_channel",)),
        Field("secrets", "named", "For each secret the environment variable that holds it.", ("TELEGRAM_BOT_TOKEN",)),
        Field("pace", "table", "How fast the channel may be used.", inner=PACING),
    ),
)
CONFIG = Section(
    "config",
    "The configuration of the engine.",
    (
        Field("brand", "table", "Whose posts these are.", inner=BRAND),
        Field("home", "text", "The folder of the database, the feed page and the models.", ("../var",)),
        Field("strategies", "texts", "Strategy files and folders. Left out: the built-in ones.", ("../strategies",)),
        Field("templates", "texts", "Folders of templates that come before the built-in ones.", ("../templates",)),
        Field("watchlists", "lists", "Lists of symbols that strategies name.", ("BTC/USDT",)),
        Field("venues", "texts", "Exchanges, in the order in which they are tried.", VENUES),
        Field("venue_urls", "named", "Addresses in place of the venues' own.", ("http://127.0.0.1:8080",)),
        Field("costs", "table", "What trading costs.", inner=COSTS),
        Field("series", "named", "Files of external series, such as fng.", ("../data/fng.csv",)),
        Field("max_open", "integer", "The most live positions per strategy; 0: no limit.", ("5",)),
        Field("keep", "table", "How long is kept what no decision needs any more.", inner=KEEP),
        Field("channels", "definitions", "Which channel gets which events.", inner=CHANNEL),
    ),
)


def write(folder: Path) -> None:
    """Write the schema file into a folder."""
    (folder / "config.schema.json").write_text(schema_text(CONFIG), encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).parent.parent / "schemas")
