"""Statistics: the numbers of trades and of equity curves. Every formula is named in docs/backtest.md."""
