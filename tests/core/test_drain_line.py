"""What `edge status` and the health of the uplink say of a backlog."""

import pytest

from cloud_sync.progress import Progress
from edge.commands.status import drain_line
from edge.standing import drain_words


@pytest.mark.parametrize(
    ("uplink", "line"),
    [
        (None, None),
        ({"waiting": 0, "sent": 0, "rate_per_s": 0.0, "left_s": 0}, None),
        (
            {"waiting": 750_000, "sent": 250_000, "rate_per_s": 800.4, "left_s": 3_661},
            "uplink [#######.......................] 750,000 wait, 250,000 sent, 800 a second, 1:01:01 left",
        ),
        (
            {"waiting": 5, "sent": 0, "rate_per_s": 0.0, "left_s": None},
            "uplink [..............................] 5 wait, 0 sent, 0 a second, nothing moves",
        ),
    ],
)
def test_status_draws_a_bar_while_something_waits(uplink: dict[str, float | None] | None, line: str) -> None:
    assert drain_line(uplink) == line


def test_health_speaks_of_a_backlog_only() -> None:
    assert drain_words(None) == drain_words(Progress(250, 0, 0.0, None)) == ""
    assert drain_words(Progress(251, 10, 5.2, 50)) == "251 wait, 10 sent, 5 a second, 50 s left"
    assert drain_words(Progress(251, 10, 0.0, None)) == "251 wait, 10 sent, 0 a second"
