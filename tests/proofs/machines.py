"""What simulations in one thread share: a folder in memory, one loop, and how Hypothesis runs a machine."""

import asyncio
import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

FIRST_SOAK_SEED = 1000
"""Seeds from here on are a soak's: their runs are twice as long as the suite's."""
_MEMORY = Path("/dev/shm")


@contextmanager
def simulation() -> Iterator[tuple[Path, asyncio.AbstractEventLoop]]:
    """A folder in memory and one loop for all runs; logging is off, faults are what they are about."""
    loop = asyncio.new_event_loop()
    logging.disable(logging.CRITICAL)
    try:
        with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
            yield Path(folder), loop
    finally:
        logging.disable(logging.NOTSET)
        loop.close()


def run_machine(
    kind: type[RuleBasedStateMachine],
    shared: Mapping[str, Any],
    *,
    number: int,
    runs: int,
    steps: int,
    hunting: bool,
) -> int:
    """Run a machine with a seed, `runs` times of at most `steps` steps, and return the runs that held.

    While a planted bug is hunted, that it is found is enough; how small it can be told is not asked.
    """
    how = settings(
        max_examples=runs,
        stateful_step_count=2 * steps if number >= FIRST_SOAK_SEED and not hunting else steps,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    if hunting:
        how = settings(how, phases=[Phase.generate], report_multiple_bugs=False)
    machine: Any = seed(number)(type(kind.__name__, (kind,), dict(shared)))
    run_state_machine_as_test(machine, settings=how)
    return runs
