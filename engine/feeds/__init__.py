"""Feeds: where closed candles come from. One file per source, one contract test over all of them."""
