"""No image of this process's memory is written anywhere: for seconds it holds what nothing may keep."""

import ctypes
import os
import resource

PR_SET_DUMPABLE = 4
"""prctl(2)."""


def forbid_core_dumps() -> None:
    """From here on a crash leaves no core file, and no other account's debugger may read the memory.

    A payer's payment code passes through the hub and the vision process; its digits stay in freed memory
    until something else is written there. Raises OSError where the kernel refuses.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
