"""Ending a task for certain."""

import asyncio
from typing import Any

AGAIN_S = 1.0


async def end_task(task: "asyncio.Task[Any]") -> None:
    """Cancel a task until it has ended; its result is the caller's to read.

    Once is not always enough: `asyncio.wait_for` of Python 3.11 swallows the request when its future is done
    at the same moment (python/cpython#86296), a TaskGroup when a child failed at the same moment.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=AGAIN_S)
