"""`engine warm`: compile the kernels, so that no later command waits for the compiler."""

from __future__ import annotations

import time

import click

from app.cli import show


@click.command()
def command() -> None:
    """Compile the kernels, once; they are cached for every later start."""
    from engine.kernels import warm

    begun = time.perf_counter()
    count = warm()
    show.say(f"{count} kernels ready in {time.perf_counter() - begun:.1f} s")
