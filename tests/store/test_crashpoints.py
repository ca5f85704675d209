import os
import signal
import subprocess
import sys

import pytest

from edge.store.crashpoints import VARIABLE

PROGRAM = "from edge.store.crashpoints import reach; reach('sale.after_commit'); print('alive')"


@pytest.mark.parametrize(
    ("named", "returncode"), [("sale.after_commit", -signal.SIGKILL), ("sale.before_commit", 0), ("", 0)]
)
def test_only_the_named_place_kills(named: str, returncode: int) -> None:
    environment = os.environ | {VARIABLE: named}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, check=False)
    assert done.returncode == returncode
    assert (done.stdout == b"alive\n") is (returncode == 0)
