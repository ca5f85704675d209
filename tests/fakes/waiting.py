"""Waiting for a condition, with a bound."""

import asyncio
import time
from collections.abc import Callable


async def until(condition: Callable[[], object], *, within_s: float = 10.0) -> None:
    """Let the loop run until the condition holds; fail when it does not in time."""
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, f"did not come true within {within_s:.0f} s"
        await asyncio.sleep(0.005)
