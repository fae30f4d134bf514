"""The engine: turns closed candles into events. No YAML, no SQL; HTTP only in feeds."""

__version__ = "0.1.0"
