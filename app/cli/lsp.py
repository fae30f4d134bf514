"""`engine lsp`: the language server that editors start."""

from __future__ import annotations

import click

from engine import __version__


@click.command()
@click.option("--stdio", is_flag=True, help="Accepted for editors that give it; there is no other way.")
def command(stdio: bool) -> None:
    """Serve editors over standard input and output (Language Server Protocol). Set-up: docs/editors.md."""
    from dsl.lsp.server import serve

    serve(__version__)
