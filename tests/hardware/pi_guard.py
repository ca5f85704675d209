"""`python -m tests.hardware.pi_guard ARGUMENTS`, in the guest: the guard as on a Raspberry Pi.

gpiozero asks for a Pi's revision, and the guest has none: it is given one, nothing else.
"""

import sys
from collections.abc import Sequence

from devices.guard import __main__ as guard_program

PI_4 = 0xC03114
"""Revision code of a Raspberry Pi 4."""


def pi_factory() -> type:
    """gpiozero's factory over lgpio, on a Pi 4."""
    from gpiozero.pins.lgpio import LGPIOFactory

    class OnPi(LGPIOFactory):  # type: ignore[misc]  # gpiozero has no types
        def _get_revision(self) -> int:
            return PI_4

    return OnPi


def run_on_a_pi(arguments: Sequence[str]) -> int:
    """Run the guard in this process."""
    factory = pi_factory()
    sys.modules["gpiozero.pins.lgpio"].LGPIOFactory = factory  # type: ignore[attr-defined]
    sys.argv[1:] = arguments
    return guard_program.main()


if __name__ == "__main__":
    sys.exit(run_on_a_pi(sys.argv[1:]))
