"""Expressions as short text, so that a test can say what a parse must give."""

from __future__ import annotations

from dsl import ast


def shape(expr: ast.Expr) -> str:
    """Return an expression as nested lists: `(and (< rsi14 30) (crosses above close (ema close 25)))`."""
    match expr:
        case ast.Number(value=value, unit=unit):
            return f"{value:g}{unit}"
        case ast.Boolean(value=truth):
            return str(truth).lower()
        case ast.Name(name=name):
            return name
        case ast.Attribute(base=base, name=name):
            return f"(. {shape(base)} {name})"
        case ast.Call(name=name, args=args):
            return f"({' '.join([name, *(_argument(argument) for argument in args)])})"
        case ast.Index(base=base, ago=ago):
            return f"(back {shape(base)} {shape(ago)})"
        case ast.At(base=base, timeframe=timeframe, symbol=symbol):
            return f"(@ {shape(base)} {timeframe or repr(symbol)})"
        case ast.Unary(op=op, operand=operand):
            return f"({op} {shape(operand)})"
        case ast.Binary(op=op, left=left, right=right):
            return f"({op} {shape(left)} {shape(right)})"
        case ast.Between(value=value, low=low, high=high):
            return f"(between {shape(value)} {shape(low)} {shape(high)})"
        case ast.Crosses(direction=direction, left=left, right=right):
            return f"(crosses {direction} {shape(left)} {shape(right)})"
        case ast.Window(kind=kind, condition=condition, bars=bars):
            return f"({kind} {shape(condition)} {shape(bars)})"
        case ast.If(condition=condition, then=then, otherwise=otherwise):
            return f"(if {shape(condition)} {shape(then)} {shape(otherwise)})"
    raise AssertionError(f"no shape for {expr!r}")


def _argument(argument: ast.Argument) -> str:
    return shape(argument.value) if argument.name is None else f"{argument.name}={shape(argument.value)}"
