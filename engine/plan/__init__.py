"""The plan: a graph of nodes, its evaluation over blocks of candles, and what explains the values."""
