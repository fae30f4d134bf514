"""The grammar: what each form of expression and sentence means, where its parts stand, and that nothing breaks it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl import ast
from dsl.errors import Source
from dsl.parser import MAX_DEPTH, MAX_LENGTH, STARTS, parse, parse_expression
from dsl.place import Text
from tests.dsl.shapes import shape


def _expr(text: str) -> ast.Expr:
    expr, found = parse_expression(text)
    assert not found, [d.message for d in found]
    assert expr is not None
    return expr


def _sentence(start: str, text: str) -> object:
    result, found = parse(start, Text.of(Source("x", text)))
    assert not found, [d.message for d in found]
    return result


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("30", "30"),
        ("5_000_000", "5e+06"),
        ("1.5e-3", "0.0015"),
        ("0.6%", "0.006%"),
        ("2.5R", "2.5R"),
        ("15m", "900000ms"),
        ("true and not false", "(and true (not false))"),
        ("a or b and not c", "(or a (and b (not c)))"),
        ("a or b or c", "(or (or a b) c)"),
        ("not a < b", "(not (< a b))"),
        ("not not a", "(not (not a))"),
        ("a + b * c - d / -e", "(- (+ a (* b c)) (/ d (- e)))"),
        ("(a + b) * c", "(* (+ a b) c)"),
        ("-a + b", "(+ (- a) b)"),
        ("a <= b", "(<= a b)"),
        ("a != b + 1", "(!= a (+ b 1))"),
        ("a between b and c and d", "(and (between a b c) d)"),
        ("a crosses above b", "(crosses above a b)"),
        ("a crosses below b + 1", "(crosses below a (+ b 1))"),
        ("a crosses b", "(crosses any a b)"),
        ("a < b for 3 bars", "(for (< a b) 3)"),
        ("a < b within n bars for 2 bars", "(for (within (< a b) n) 2)"),
        ("burst for 1 bar", "(for burst 1)"),
        ("a and b within 5 bars", "(and a (within b 5))"),
        ("(a and b) within 5 bars", "(within (and a b) 5)"),
        ("not a for 3 bars", "(not (for a 3))"),
        ("if a then b else if c then d else e", "(if a b (if c d e))"),
        ("if a > 1 then b + 1 else c", "(if (> a 1) (+ b 1) c)"),
        ("x[2]", "(back x 2)"),
        ("x[n + 1]", "(back x (+ n 1))"),
        ("x[1][2]", "(back (back x 1) 2)"),
        ("f()", "(f)"),
        ("macd(fast=12).hist", "(. (macd fast=12) hist)"),
        ("f(a, length=3 + 1, kind=day)", "(f a length=(+ 3 1) kind=day)"),
        ("stoch(14, 3, 3).k[1]@1h", "(@ (back (. (stoch 14 3 3) k) 1) 1h)"),
        ('close@"BTC/USDT"', "(@ close 'BTC/USDT')"),
        ("close@'BTC/USDT'", "(@ close 'BTC/USDT')"),
        ('(high - low)@"BTC/USDT"@1h', "(@ (@ (- high low) 'BTC/USDT') 1h)"),
        ("(close@1h)[1]", "(back (@ close 1h) 1)"),
        ("position.bars >= 40", "(>= (. position bars) 40)"),
        ("volume_lib.burst(20).level", "(. (volume_lib.burst 20) level)"),
        ("lib.x.y", "(. (. lib x) y)"),
        ("abs(roc(close, 5)@\"BTC/USDT\") < 1%", "(< (abs (@ (roc close 5) 'BTC/USDT')) 0.01%)"),
        ("default(x, y) > at_least(2, a, b, c)", "(> (default x y) (at_least 2 a b c))"),
        ("a\n  and\tb", "(and a b)"),
        # words of sentences, and words inside words, are names where only a name can stand
        ("above crosses above below", "(crosses above above below)"),
        ("android or oregon and notable", "(or android (and oregon notable))"),
        ("weight + take * market", "(+ weight (* take market))"),
        ("bars for bars bars", "(for bars bars)"),
        ("f(then_=1, stop)", "(f then_=1 stop)"),
    ],
)  # fmt: skip
def test_expressions(text: str, meaning: str) -> None:
    assert shape(_expr(text)) == meaning


@pytest.mark.parametrize("text", ["0.1%", "0.6%", "1.2%", "0.05%", "2.3%", "33.3%"])
def test_percentages_are_read_exactly(text: str) -> None:
    """0.07 % is the double nearest to 0.0007, which a division by 100 would not always give."""
    from decimal import Decimal

    number = _expr(text)
    assert isinstance(number, ast.Number)
    assert number.value == float(Decimal(text[:-1]) / 100)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("rsi14 > ema(close, 25)", ["rsi14", "ema(close, 25)", "ema", "close", "25"]),
        ("(a + b) * c", ["a + b", "c"]),
        ("stoch(14).k[1]@1h", ["stoch(14).k[1]", "stoch(14).k", "stoch(14)", "1"]),
        ('x@"BTC/USDT" < 3', ['x@"BTC/USDT"', "x", "3"]),
        ("a  crosses   below -b", ["a", "-b", "b"]),
        ("not (a and b) for 2 bars", ["(a and b) for 2 bars", "a and b", "a", "b", "2"]),
    ],
)
def test_every_part_has_its_span(text: str, parts: list[str]) -> None:
    expr = _expr(text)
    assert expr.span.text == text
    spans = {node.span.text for node in _walk(expr)} | {
        node.name_span.text for node in _walk(expr) if isinstance(node, ast.Call)
    }
    assert set(parts) <= spans, spans


def _walk(expr: ast.Expr) -> list[ast.Expr]:
    nodes = [expr]
    for name in getattr(expr, "__slots__", ()):
        value = getattr(expr, name)
        values = value if isinstance(value, tuple) else (value,)
        for item in values:
            inner = item.value if isinstance(item, ast.Argument) else item
            if isinstance(inner, ast.Expr):
                nodes += _walk(inner)
    return nodes


def test_conditions() -> None:
    condition = _sentence("condition", "must lowest(rsi14, 3) <= low_rsi")
    assert isinstance(condition, ast.Condition)
    assert (condition.must, condition.weight, shape(condition.expr)) == (True, None, "(<= (lowest rsi14 3) low_rsi)")
    condition = _sentence("condition", "burst or x weight 2.5")
    assert isinstance(condition, ast.Condition)
    assert (condition.must, condition.weight, shape(condition.expr)) == (False, 2.5, "(or burst x)")
    assert condition.weight_span is not None
    assert condition.weight_span.text == "2.5"
    assert _sentence("condition", "burst weight 0").weight == 0  # type: ignore[attr-defined]


def test_params() -> None:
    param = _sentence("param", "-30 in -45 to -10 step 0.5")
    assert isinstance(param, ast.ParamValue)
    assert param.low
    assert param.high
    assert param.step
    assert (param.default.value, param.low.value, param.high.value, param.step.value) == (-30, -45, -10, 0.5)
    param = _sentence("param", "0.3% in 0.1% to 1%")
    assert isinstance(param, ast.ParamValue)
    assert (param.default.value, param.default.unit, param.step) == (0.003, "%", None)
    assert _sentence("param", "14").low is None  # type: ignore[attr-defined]


def test_stops_and_targets() -> None:
    stop = _sentence("stop", "lowest(low, 10) - 0.25 * atr(14) clamp 0.5% to 1.5%")
    assert isinstance(stop, ast.Stop)
    assert stop.clamp is not None
    assert [shape(stop.level), shape(stop.clamp.low), shape(stop.clamp.high)] == [
        "(- (lowest low 10) (* 0.25 (atr 14)))", "0.005%", "0.015%",
    ]  # fmt: skip
    target = _sentence("target", "2R clamp 1% to 5% take 50% then stop to entry")
    assert isinstance(target, ast.Target)
    assert target.clamp
    assert target.take
    assert target.then
    assert (shape(target.level), shape(target.take), target.then.kind) == ("2R", "0.5%", "entry")


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("entry", "entry", None),
        ("+0.1%", "offset", "0.001%"),
        ("-0.1%", "offset", "(- 0.001%)"),
        ("target 1", "target", 1),
        ("lowest(low, 5)", "price", "(lowest low 5)"),
        ("entry + 0.2 * at_entry(atr(14))", "price", "(+ entry (* 0.2 (at_entry (atr 14))))"),
    ],
)
def test_moves_of_the_stop(text: str, kind: str, value: object) -> None:
    target = _sentence("target", f"2R then stop to {text}")
    assert isinstance(target, ast.Target)
    assert target.then is not None
    assert target.then.kind == kind
    got = target.then.target if kind == "target" else target.then.expr and shape(target.then.expr)
    assert got == value


def test_entries() -> None:
    legs = [
        _sentence("entry", text)
        for text in ("market", "market take 40%", "limit close - atr(14) for 6 bars", "stop high[1]", "2% take 30%")
    ]
    assert [
        (leg.kind, leg.price and shape(leg.price), leg.bars and shape(leg.bars), leg.take and shape(leg.take))
        for leg in legs
        if isinstance(leg, ast.EntryLeg)
    ] == [
        ("market", None, None, None),
        ("market", None, None, "0.4%"),
        ("limit", "(- close (atr 14))", "6", None),
        ("stop", "(back high 1)", None, None),
        ("add", "0.02%", None, "0.3%"),
    ]


def test_leaving() -> None:
    trails = [_sentence("trail", text) for text in ("supertrend().line", "1% after target 2", "2 * atr(14) after 1.5R",
                                                    "a after 1%")]  # fmt: skip
    assert [trail.after for trail in trails if isinstance(trail, ast.Trail)] == [
        None, ("target", 2.0), ("r", 1.5), ("percent", 0.01),
    ]  # fmt: skip
    leave = _sentence("exit", "position.bars >= 40 take 50%")
    assert isinstance(leave, ast.Exit)
    assert leave.take is not None
    assert (shape(leave.expr), shape(leave.take)) == ("(>= (. position bars) 40)", "0.5%")
    cooldown = _sentence("cooldown", "30m after stop")
    assert isinstance(cooldown, ast.CooldownRule)
    assert (cooldown.ms, cooldown.after) == (1_800_000, "stop")
    assert _sentence("duration", "4h") == 14_400_000


def test_times_and_gaps() -> None:
    rules = [_sentence("schedule", text) for text in ("on close", "every 15s", "*/5 * * * *", "0 9-17 * jan,6 mon-fri")]
    assert [(rule.kind, rule.ms, rule.cron) for rule in rules if isinstance(rule, ast.ScheduleRule)] == [
        ("close", 0, ""), ("every", 15_000, ""), ("cron", 0, "*/5 * * * *"), ("cron", 0, "0 9-17 * jan,6 mon-fri"),
    ]  # fmt: skip
    gaps = [_sentence("gaps", text) for text in ("skip 12", "fill", "stop")]
    assert [(rule.kind, rule.limit) for rule in gaps if isinstance(rule, ast.GapsRule)] == [
        ("skip", 12), ("fill", 0), ("stop", 0),
    ]  # fmt: skip


def test_models_and_definitions() -> None:
    label = _sentence("label", "1% before -1.5% within 24 bars")
    assert isinstance(label, ast.Label)
    assert (label.up.value, label.down.value, label.bars) == (0.01, -0.015, 24)
    signature = _sentence("signature", "macd(source=close, fast=12 in 1 to 500, slow in 1 to 500, level, band=0.5%)")
    assert isinstance(signature, ast.Signature)
    assert [(p.name, p.default and shape(p.default), p.low and p.low.value, p.constant) for p in signature.params] == [
        ("source", "close", None, False),
        ("fast", "12", 1, True),
        ("slow", None, 1, True),
        ("level", None, None, False),
        ("band", "0.005%", None, True),
    ]
    assert _sentence("signature", "doji()").params == ()  # type: ignore[attr-defined]
    assert [_sentence("bounds", text) for text in ("-1 to 1", "at least 0", "at most 100%")] == [
        (-1, 1), (0, None), (None, 1),
    ]  # fmt: skip


# -- mended on the way: told once, and the rest goes on --


@pytest.mark.parametrize(
    ("text", "meaning", "names"),
    [
        ("close[-1]", "(back close 1)", ["look-ahead"]),
        ("close[-n] > 0", "(> (back close n) 0)", ["look-ahead"]),
        ("close@1h[1]", "(@ (back close 1) 1h)", ["syntax"]),
        ("stoch(14)@1h.k", "(@ (. (stoch 14) k) 1h)", ["syntax"]),
        ("stoch(14)[1].k", "(back (. (stoch 14) k) 1)", ["syntax"]),
        ("RSI(close, 14) > EMA(close, 3)", "(> (rsi close 14) (ema close 3))", ["syntax", "syntax"]),
        ("ta.rsi(close, 14)", "(rsi close 14)", ["syntax"]),
        ("TRUE", "true", ["syntax"]),
        ("sma(close, 010)", "(sma close 10)", ["syntax"]),
    ],
)
def test_plain_meanings_are_mended(text: str, meaning: str, names: list[str]) -> None:
    expr, found = parse_expression(text)
    assert expr is not None
    assert shape(expr) == meaning
    assert [d.name for d in found] == names
    assert all(d.help for d in found)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("close@1h[1]", "write `close[1]@1h`"),
        ('(high - low)@"BTC/USDT"[n]', 'write `(high - low)[n]@"BTC/USDT"`'),
        ("stoch(14)@1h.k", "write `stoch(14).k@1h`"),
        ("f(x)[2].k", "write `f(x).k[2]`"),
        ("close[-3]", "write `close[3]` for the past"),
    ],
)
def test_the_advice_is_what_to_write(text: str, advice: str) -> None:
    assert parse_expression(text)[1][0].help == advice
    better = advice.split("`")[1]
    assert parse_expression(better)[1] == []


# -- limits --


def test_long_and_deep_texts_are_refused_with_a_place() -> None:
    for text in ("(" * 1_500 + "a" + ")" * 1_500, "not " * 900 + "a", "a" + " + a" * 900, "a[" * 900 + "1" + "]" * 900):
        expr, found = parse_expression(text)
        if expr is not None:
            assert text.startswith("("), "brackets alone nest nothing"
            continue
        assert [d.name for d in found] == ["syntax"]
        assert f"more than {MAX_DEPTH} deep" in found[0].message
        assert found[0].span.end <= len(text)
    _, found = parse_expression("a" * (MAX_LENGTH + 1))
    assert [d.name for d in found] == ["syntax"]


WORDS = st.sampled_from(
    ["a", "close", "1", "2.5%", "2R", "15m", "(", ")", "[", "]", ",", ".", "@", "1h", '"BTC/USDT"', "+", "-", "*", "/",
     "<", "<=", "==", "=", "and", "or", "not", "if", "then", "else", "between", "crosses", "above", "for", "within",
     "bars", "must", "weight", "take", "clamp", "to", "in", "step", "after", "target", "stop", "entry", "market",
     "limit", "before", "true", "&&", "!", "?", "é", "\n", "on", "every", "skip", "0", "%", "'"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(start=st.sampled_from(STARTS), words=st.lists(WORDS, max_size=14), glue=st.sampled_from([" ", ""]))
def test_no_text_makes_it_fall_over(start: str, words: list[str], glue: str) -> None:
    text = glue.join(words)
    result, found = parse(start, Text.of(Source("x", text)))
    assert result is not None or found
    for finding in found:
        assert 0 <= finding.span.start <= finding.span.end <= len(text)
        assert finding.message


NAMES = st.sampled_from(["close", "rsi14", "above", "take", "x_1"])
BINARY = st.sampled_from(["+", "-", "*", "/", "<", "<=", ">", ">=", "==", "!=", "and", "or"])


def _texts(inner: st.SearchStrategy[tuple[str, str]]) -> st.SearchStrategy[tuple[str, str]]:
    """(text in full brackets, shape) of bigger expressions from smaller ones."""
    pair = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(BINARY, pair).map(
            lambda p: (f"({p[1][0][0]}) {p[0]} ({p[1][1][0]})", f"({p[0]} {p[1][0][1]} {p[1][1][1]})")
        ),
        inner.map(lambda p: (f"-({p[0]})", f"(- {p[1]})")),
        inner.map(lambda p: (f"not ({p[0]})", f"(not {p[1]})")),
        inner.map(lambda p: (f"({p[0]})[3]", f"(back {p[1]} 3)")),
        inner.map(lambda p: (f"({p[0]})@4h", f"(@ {p[1]} 4h)")),
        inner.map(lambda p: (f"({p[0]}) for 3 bars", f"(for {p[1]} 3)")),
        pair.map(lambda p: (f"f({p[0][0]}, n={p[1][0]}).out", f"(. (f {p[0][1]} n={p[1][1]}) out)")),
        pair.map(lambda p: (f"({p[0][0]}) crosses below ({p[1][0]})", f"(crosses below {p[0][1]} {p[1][1]})")),
        pair.map(lambda p: (f"if ({p[0][0]}) then {p[1][0]} else a", f"(if {p[0][1]} {p[1][1]} a)")),
    )


@settings(max_examples=200, deadline=None)
@given(pair=st.recursive(NAMES.map(lambda name: (name, name)), _texts, max_leaves=8))
def test_any_expression_in_brackets_is_read_as_written(pair: tuple[str, str]) -> None:
    assert shape(_expr(pair[0])) == pair[1]


# -- the grammar, the cache and the start --


def test_the_grammar_has_no_conflicts() -> None:
    """lark settles a shift against a reduction in silence; there must be none to settle."""
    import io
    import logging
    from pathlib import Path

    import lark

    told = io.StringIO()
    handler = logging.StreamHandler(told)
    level = lark.logger.level
    lark.logger.addHandler(handler)
    lark.logger.setLevel(logging.DEBUG)
    try:
        text = Path(sys.modules["dsl"].__path__[0], "grammar.lark").read_text()
        lark.Lark(text, parser="lalr", start=list(STARTS), debug=True)
    finally:
        lark.logger.removeHandler(handler)
        lark.logger.setLevel(level)
    assert "onflict" not in told.getvalue()


def test_lark_is_not_imported_before_a_text_is_parsed() -> None:
    code = "import sys, dsl.read, dsl.report, dsl.parser; assert not {'lark', 'yaml', 'rapidfuzz'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("spoilt", [b"", b"not a pickle", b"\x80\x04N."])
def test_a_spoilt_cache_is_built_anew(tmp_path: object, spoilt: bytes) -> None:
    code = (
        "import sys, pathlib\n"
        "from dsl import grammar, parser\n"
        "grammar.grammar()\n"
        "folder = pathlib.Path(sys.argv[1]) / 'signal-engine' / 'language'\n"
        "[path] = folder.glob('grammar-*')\n"
        "good = path.read_bytes()\n"
        "path.write_bytes(bytes.fromhex(sys.argv[2]))\n"
        "grammar.grammar.cache_clear()\n"
        "assert parser.parse_expression('a + 1')[0] is not None\n"
        "assert len(path.read_bytes()) > len(good) // 2\n"
    )
    environment = {"XDG_CACHE_HOME": str(tmp_path), "PATH": ""}
    subprocess.run([sys.executable, "-c", code, str(tmp_path), spoilt.hex()], check=True, env=environment)


def test_a_cache_that_others_can_write_is_not_read(tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path)) / "signal-engine" / "grammar"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    code = "from dsl.parser import parse_expression; assert parse_expression('a')[0]"
    subprocess.run([sys.executable, "-c", code], check=True, env={"XDG_CACHE_HOME": str(tmp_path), "PATH": ""})
    assert list(folder.iterdir()) == []
