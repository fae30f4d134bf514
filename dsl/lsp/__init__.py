"""The language server: what an editor shows while a strategy is being written. One file per feature."""
