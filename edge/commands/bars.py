"""A line that says how far a long command is, at what rate, and how long it will take."""

import sys
import time

import click

WIDTH = 30
_EVERY_S = 0.2


class Bar:
    """One line on a terminal, drawn again at most five times a second; silent elsewhere."""

    def __init__(self) -> None:
        self._step = ""
        self._began_s = self._drawn_s = 0.0
        self._is_shown = sys.stderr.isatty()

    def tell(self, step: str, unit: str, done: int, whole: int) -> None:
        """So much of a step is done. `unit` is `MB` for bytes, else what is counted."""
        now_s = time.monotonic()
        if step != self._step:
            self.end()
            self._step, self._began_s, self._drawn_s = step, now_s, 0.0
        if self._is_shown and (done >= whole or now_s - self._drawn_s >= _EVERY_S):
            self._drawn_s = now_s
            click.echo("\r" + draw(step, unit, done, whole, now_s - self._began_s), nl=False, err=True)

    def end(self) -> None:
        """The step is over: the line stays."""
        if self._is_shown and self._step:
            click.echo(err=True)
        self._step = ""


def draw(step: str, unit: str, done: int, whole: int, seconds: float) -> str:
    """The line: a bar, per cent, rate, time left."""
    share = min(1.0, done / whole) if whole else 1.0
    rate = done / seconds if seconds > 0 else 0.0
    scaled = rate / 1e6 if unit == "MB" else rate
    left = f"{(whole - done) / rate:.0f} s left" if rate and done < whole else ""
    bar = "#" * round(share * WIDTH)
    return f"{step:<24} [{bar:.<{WIDTH}}] {share:4.0%}  {scaled:8.1f} {unit}/s  {left:<12}"
