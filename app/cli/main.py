"""The `engine` command: finds the sub-command, and turns every failure into one line and a status.

Sub-commands are modules of this package, imported only when they are called, so that `engine --help`
and every light command start in a blink.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import NoReturn

import click

from app.failure import USAGE, Failure
from engine import __version__

COMMANDS = {
    "backtest": "Run strategies over history, without a database.",
    "candles": "Keep candles in a store: import, fetch, list.",
    "compare": "Tell every signal in which two backtests, or one and a database, differ, and why.",
    "db": "Migrate or back up the database.",
    "demo": "Replay a made market through the real engine and show what followers read.",
    "eval": "Print an expression's value on each candle of a file.",
    "explain": "Tell what every condition said on one candle, and what was decided.",
    "funnel": "Count over a span how often each condition held, and which blocks most.",
    "fmt": "Bring strategies and their tests into the canonical form.",
    "indicators": "List the functions of the strategy language, or find some.",
    "lookahead": "Prove on your candles that nothing a strategy says depends on what comes after.",
    "montecarlo": "Tell how else the trades of a backtest could have come out.",
    "optimize": "Search the params of a strategy, and say how little the best may mean.",
    "lint": "Report everything questionable in strategies.",
    "lsp": "Serve editors: findings, completion, hover, rename, as one types.",
    "report": "Print the numbers of each bot for a day.",
    "run": "Run the engine: live, once, or over a replay.",
    "stability": "Measure after how many candles a strategy no longer depends on where history began.",
    "status": "Show open positions, the outbox and how fresh everything is.",
    "test": "Run the tests of strategies.",
    "train": "Train the model of a strategy from candles.",
    "validate": "Prove that strategies make sense.",
    "warm": "Compile the kernels, once.",
}


class Commands(click.Group):
    """Lists the commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"app.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"; did you mean `engine {near[0]}`?" if near else "; see `engine --help`"
            raise click.UsageError(f"there is no command {args[0]!r}{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="engine")
def root() -> None:
    """Trading signals from YAML strategies: proved, run, followed to their end and published."""


def main() -> NoReturn:
    """Run the command line. Ends the process with a status of docs/commands.md: 0, 1, 2, 3 or 130."""
    try:
        status = root.main(prog_name="engine", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(USAGE)
    except click.ClickException as error:
        where = f" (see `{error.ctx.command_path} --help`)" if getattr(error, "ctx", None) else ""  # type: ignore[attr-defined]
        _line(f"{error.format_message()}{where}")
        sys.exit(USAGE)
    except Failure as failure:
        _line(str(failure))
        sys.exit(failure.status)
    except _expected() as problem:
        _line(str(problem))
        sys.exit(USAGE)
    except (KeyboardInterrupt, click.Abort):
        _line("stopped")
        sys.exit(130)
    except (BrokenPipeError, SystemExit):
        # The reader of our output went away (`engine indicators | head`): not an error. Click makes an exit of it.
        _say_no_more()
        sys.exit(0)
    except OSError as problem:
        _line(f"{problem.filename}: {problem.strerror}" if problem.filename else f"{problem.strerror or problem}")
        _say_no_more()
        sys.exit(USAGE)
    except MemoryError:
        _line("there is not enough memory for this")
        sys.exit(USAGE)
    except Exception as defect:  # noqa: BLE001  (the last resort: users are shown no traceback)
        _line(f"this is a defect of the engine: {type(defect).__name__}; report it with {_kept(defect)}")
        sys.exit(USAGE)
    sys.exit(status if isinstance(status, int) else 0)


def _say_no_more() -> None:
    """Let what is still to be written to standard output go nowhere: it has no reader, or no room."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)


def _kept(defect: Exception) -> str:
    """Return the file into which the way to a defect was written; users are not shown it."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="engine-", suffix=".txt", delete=False, encoding="utf-8") as file:
        file.write("".join(traceback.format_exception(defect)))
    return file.name


TROUBLES = (
    ("db.connection", "DatabaseProblem"),
    ("engine.ports", "FeedError"),
    ("notifiers._settings", "OptionError"),
    ("engine.learn.store", "ModelProblem"),
)
"""What may go wrong in the world below, each with one clear line. A module that was never imported raised nothing."""


def _expected() -> tuple[type[BaseException], ...]:
    return tuple(getattr(sys.modules[module], name) for module, name in TROUBLES if module in sys.modules)


def _line(text: str) -> None:
    click.echo(f"engine: {text}", err=True)
