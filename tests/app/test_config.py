"""The configuration: every mistake at its place, nothing secret in it, and the schema that editors use."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from app import wiring
from app.config import BUILT_IN_STRATEGIES, Config, Costs, Pacing, load_config
from app.failure import Failure
from app.secrets import read_secrets
from app.sections import CONFIG
from dsl import report
from dsl.errors import Diagnostic
from dsl.json_schema import json_schema, schema_text
from dsl.schema import Section
from engine.domain.message import Channel

ROOT = Path(__file__).parents[2]
OURS = ROOT / "config" / "engine.yaml"
VALID = jsonschema.Draft7Validator(json_schema(CONFIG))

EVERYTHING = """
brand: {name: Mine, url: "https://example.com", hashtag: Mine, disclaimer: No advice.}
home: data
strategies: [rules, ../more/one.yaml]
watchlists: {Small ones: [SUI/USDT, ENA/USDT], one: BTC/USDT}
venues: [kraken, bybit]
venue_urls: {kraken: "http://127.0.0.1:8080/"}
costs: {fee: 0.04%, slippage: 0%}
series: {fng: mood.csv}
max_open: 5
keep: {blocks: 30d, candles: always}
channels:
  group:
    kind: telegram
    events: [signal, closed]
    bots: [scalper]
    options: {chat_id: "-100", thread: 7, silent: true, scale: 0.5, tags: [a, b]}
    secrets: {token: TELEGRAM_BOT_TOKEN}
    pace: {interval: 500ms, per_minute: 20}
x-mine: {anything: [goes]}
"""


def loaded(folder: Path, text: str | bytes) -> tuple[Config, list[Diagnostic]]:
    path = folder / "engine.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_config(path)


def test_everything_that_can_be_set_is_read(tmp_path: Path) -> None:
    config, found = loaded(tmp_path, EVERYTHING)
    assert found == []
    assert (config.brand.name, config.brand.url, config.brand.hashtag) == ("Mine", "https://example.com", "Mine")
    assert config.home == tmp_path / "data"
    assert config.database == tmp_path / "data" / "engine.db"
    assert config.strategies == (tmp_path / "rules", tmp_path.parent / "more" / "one.yaml")
    assert config.watchlists["Small ones"] == ("SUI/USDT", "ENA/USDT")
    assert config.watchlists["one"] == ("BTC/USDT",)
    assert "BTC/USDT" in config.watchlists["majors"], "the built-in strategies name it"
    assert config.venues == ("kraken", "bybit")
    assert config.venue_urls == {"kraken": "http://127.0.0.1:8080"}
    assert config.costs == Costs(0.0004, 0.0)
    assert config.series == {"fng": tmp_path / "mood.csv"}
    assert config.max_open == 5
    assert (config.keep.blocks, config.keep.candles) == (30, 0)
    options = {"chat_id": "-100", "thread": 7, "silent": True, "scale": 0.5, "tags": ("a", "b")}
    secrets = {"token": "TELEGRAM_BOT_TOKEN"}
    events = frozenset({"signal", "closed"})
    assert config.channels == (Channel("group", "telegram", events, frozenset({"scalper"}), options, secrets),)
    assert config.pacing == {"group": Pacing(500, 20)}
    assert VALID.is_valid(yaml.safe_load(EVERYTHING))


def test_without_a_file_there_are_defaults_that_need_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config, found = load_config()
    assert (config, found) == (Config(), [])
    assert config.strategies == (BUILT_IN_STRATEGIES,)
    assert [channel.kind for channel in config.channels] == ["feed"]
    assert not any(channel.secrets for channel in config.channels)
    assert config.costs.fee > 0
    assert config.costs.slippage > 0


def test_what_is_left_out_is_as_without_a_file(tmp_path: Path) -> None:
    config, found = loaded(tmp_path, "max_open: 0\n")
    assert found == []
    default = Config()
    for name in ("brand", "home", "strategies", "watchlists", "venues", "costs", "series", "channels", "pacing"):
        assert getattr(config, name) == getattr(default, name), name


def test_ours_loads_and_says_what_the_defaults_say() -> None:
    config, found = load_config(OURS)
    assert found == []
    default = Config()
    assert config.strategies == (ROOT / "strategies",)
    assert config.home == ROOT / "var"
    assert config.watchlists == default.watchlists
    assert config.channels == default.channels
    assert (config.venues, config.costs, config.brand.name) == (default.venues, default.costs, default.brand.name)
    assert VALID.is_valid(yaml.safe_load(OURS.read_text()))


def test_what_is_commented_out_in_ours_is_right_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every example becomes a channel that opens when its comment signs are taken away."""
    text = OURS.read_text()
    head, _, examples = text.partition("\n\n  # telegram_vip:")
    lines = ("# telegram_vip:" + examples).splitlines()
    config, found = loaded(tmp_path, head + "\n" + "\n".join("  " + line.strip().removeprefix("# ") for line in lines))
    assert [(d.name, d.message) for d in found] == []
    assert [c.kind for c in config.channels[1:]] == ["telegram", "telegram", "x", "linkedin", "webhook", "apprise"]
    assert all(channel.secrets for channel in config.channels[1:])
    opens(config, monkeypatch)


def opens(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Check that every channel's options and secrets are those its kind takes."""
    for channel in config.channels:
        for option, variable in channel.secrets.items():
            monkeypatch.setenv(variable, "json://127.0.0.1" if option == "url" else "123:abc")
    assert len(wiring.outlets(config, config.channels)) == len(config.channels)


PAGES = sorted((ROOT / "docs").glob("channels/*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_example_of_each_channels_page_opens(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        config, found = loaded(tmp_path, f"home: home\n{block}")
        assert [d.message for d in found] == []
        assert [channel.kind for channel in config.channels] == [page.stem]
        opens(config, monkeypatch)


MISTAKES = [
    ("hom: x", 1, "home"),
    ("home: [a]", 1, "`home` must be a single value"),
    ("venues: [binanse]", 1, "binanceusdm"),
    ("venues: []", 1, "must not be empty"),
    ("venue_urls: {binanse: 'http://127.0.0.1'}", 1, "there is no venue `binanse`"),
    ("venue_urls: {kraken: nonsense}", 1, "is not the address of a server"),
    ("watchlists: {a: [BTCUSDT]}", 1, "`BTCUSDT` is not a symbol"),
    ("watchlists: {a: [BTC/USDT, BTC/USDT]}", 1, "second time"),
    ("costs: {fee: 0.05}", 1, "`fee` must be a percentage"),
    ("costs: {fee: 50%}", 1, "at most 10%"),
    ("costs: {fees: 0.05%}", 1, "did you mean `fee`"),
    ("series: {FnG: a.csv}", 1, "cannot be the name of a series"),
    ("max_open: -1", 1, "`max_open`"),
    ("keep: {blocks: 0d}", 1, "`blocks` must be a number of days or `always`"),
    ("keep: {candles: 2 years}", 1, "`candles` must be a number of days or `always`"),
    ("keep: 90d", 1, "`keep` must hold keys and values"),
    ("keep: {block: 90d}", 1, "unknown key `block`"),
    ("max_open: two", 1, "`max_open` must be a whole number"),
    ("brand: {url: x}", 1, "name"),
    ("channels:\n  a: {kind: pigeon, events: [signal]}", 2, "telegram"),
    ("channels:\n  a: {kind: console}", 2, "events"),
    ("channels:\n  a:\n    kind: console\n    events: [signals]", 4, "signal"),
    (
        "channels:\n  a:\n    kind: telegram\n    events: signal\n    secrets: {token: '123:abc'}",
        5,
        "NAME of an environ",
    ),
    ("channels:\n  a:\n    kind: feed\n    events: signal\n    pace: {interval: fast}", 5, "must be a duration"),
    ("channels:\n  a:\n    kind: feed\n    events: signal\n    pace: {per_minute: -2}", 5, "`per_minute`"),
    ("channels: []", 1, "`channels` must hold keys and values"),
    ("home: a\nhome: b", 2, "home"),
    ("home: {", 1, ""),
    ("- a\n- b", 1, ""),
    ("home: yes: no", 1, ""),
]


@pytest.mark.parametrize(("text", "line", "says"), MISTAKES, ids=[text.replace("\n", " ") for text, _, _ in MISTAKES])
def test_a_mistake_is_told_at_its_place(tmp_path: Path, text: str, line: int, says: str) -> None:
    _, found = loaded(tmp_path, text)
    assert found, "it is not taken"
    assert found[0].severity == 2
    assert found[0].span.line == line
    assert says in f"{found[0].message} {found[0].help}"


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    _, found = loaded(tmp_path, "max_open: x\nvenues: [nope]\ncosts: {fee: free}\nwatchlists: {a: [b]}\n")
    assert sorted(d.span.line for d in found) == [1, 2, 3, 4]


def test_what_might_be_a_secret_is_not_repeated(tmp_path: Path) -> None:
    secret = "815:AAsecret-of-mine"
    text = f"channels:\n  a: {{kind: telegrem, events: signal, secrets: {{token: '{secret}'}}}}\n"
    config, found = loaded(tmp_path, text)
    assert len(found) == 2
    assert [piece for piece in ("815", "AAsecret") if piece in repr(config) + repr(found)] == []
    shown = report.text(found)
    assert "must be the NAME of an environment variable" in shown
    assert "{token: *" in shown
    assert [piece for piece in ("815", "AAsecret") if piece in shown] == []


@pytest.mark.parametrize("text", [b"\xff\xfe\x00", b"home: \x00", b"home: \xe9", b"", b"# nothing\n"])
def test_odd_bytes_are_answered(tmp_path: Path, text: bytes) -> None:
    config, found = loaded(tmp_path, text)
    assert found or config.home == Config().home


# -- the schema --


def test_the_checked_in_schema_is_current() -> None:
    """`python -m app.sections` writes it."""
    text = (ROOT / "schemas" / "config.schema.json").read_text(encoding="utf-8")
    assert text == schema_text(CONFIG)
    jsonschema.Draft7Validator.check_schema(json.loads(text))
    assert "anyOf" not in text, "editors give useless messages under it"
    assert "oneOf" not in text


@pytest.mark.parametrize("text", [text for text, _, _ in MISTAKES])
def test_the_schema_is_never_stricter_than_reading(tmp_path: Path, text: str) -> None:
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError:
        return
    if not VALID.is_valid(data):
        assert loaded(tmp_path, text)[1]


def test_the_schema_sees_what_editors_should_mark() -> None:
    for text in ("hom: x", "costs: {fees: 1%}", "channels: []", "channels: {a: {kind: console}}", "brand: {url: x}"):
        assert not VALID.is_valid(yaml.safe_load(text)), text


def test_every_key_says_what_it_means() -> None:
    def check(section: Section) -> None:
        for field in section.fields:
            assert field.about.endswith("."), field.name
            if field.inner is not None:
                check(field.inner)

    check(CONFIG)


# -- secrets --


def test_secrets_come_from_the_environment_then_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("ENGINE_TEST_ONE=file\nENGINE_TEST_TWO='quoted #1'\n")
    monkeypatch.setenv("ENGINE_TEST_ONE", "environment")
    names = {"token": "ENGINE_TEST_ONE", "other": "ENGINE_TEST_TWO"}
    assert read_secrets("vip", names, (tmp_path,)) == {"token": "environment", "other": "quoted #1"}


def test_every_absent_secret_is_named_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE_TEST_EMPTY", "")
    names = {"a": "ENGINE_TEST_NO_B", "b": "ENGINE_TEST_NO_A", "c": "ENGINE_TEST_EMPTY"}
    with pytest.raises(Failure, match=r"'vip' needs ENGINE_TEST_EMPTY, ENGINE_TEST_NO_A, ENGINE_TEST_NO_B"):
        read_secrets("vip", names, (tmp_path,))
