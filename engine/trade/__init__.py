"""The one trade simulator: a signal quoted from its rules, then followed over candles to its end."""
