"""The live line: what the checker of the proofs found, counted and told to people."""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from edge.demo.stage.words import Said
from edge.proof.evidence import Evidence, Violation

STALE_MS = 30_000
"""A line that nobody has looked at for so long says that it does not know; ours."""


class Told(NamedTuple):
    """Which violations a row tells of: the invariant, and what stands in its words ("" for all)."""

    invariant: str
    part: str
    column: str
    words: Said


_ROWS = (
    ("I1", "settled 2 times", "doubled", "同一笔销售记了两次", "a sale was recorded twice"),
    ("I1", "in the journal 2 times", "doubled", "同一笔销售记了两次", "a sale was recorded twice"),
    ("I1", "", "lost", "告诉过人的销售，日志里没有", "a sale that was confirmed is not in the journal"),
    (
        "I2",
        "another one",
        "doubled",
        "平台收到的日志和设备上的不同",
        "hub and platform hold different events",
    ),
    (
        "I2",
        "counts as acknowledged",
        "lost",
        "没送到的当成送到了",
        "taken for delivered, the platform has it not",
    ),
    ("I2", "", "lost", "日志没有一条不少地到平台", "the platform does not have every event once"),
    ("I3", "", "other", "账不平", "the books do not balance"),
    ("I4", "", "other", "库存和进销对不上", "stock is not what came in less what was sold"),
    ("I5", "did not move", "other", "说开了，门磁没有动", "said to be open, and the contact did not move"),
    (
        "I5",
        "without an intent",
        "extra",
        "锁动了，没有记下是谁让它开的",
        "a lock was fired and nobody's authorisation is on record",
    ),
    ("I5", "opened without a pulse", "other", "说开了，锁没有动过", "said to be open, never fired"),
    ("I5", "told as opened", "lost", "告诉手机开了，日志里没有", "a phone was told *opened*, not on record"),
    ("I5", "the table says", "other", "开门的表和日志对不上", "table and journal of openings differ"),
    ("I5", "command ", "extra", "同一条开门命令开了不止一次", "a command opened more than once"),
    ("I5", "times of", "extra", "通行码用的次数超了", "a pass was used more often than it allows"),
    ("I5", "nobody issued", "extra", "没有人签发过的凭证开了门", "opened by what nobody issued"),
    ("I5", "was over", "extra", "过期的凭证开了门", "opened by what was over"),
    ("I5", "for which it is not", "extra", "凭证开了别的门", "a pass opened another door"),
    ("I5", "", "extra", "门多开了", "a door was opened that should not have been"),
    ("I6", "", "extra", "锁通电太久", "a lock was released for too long"),
    ("I7", "", "extra", "格口给别人开了", "a cell was opened for somebody else"),
    ("I8", "", "doubled", "收的钱不等于交的货加退的钱", "money taken is not goods given plus refunds"),
    ("I9", "", "doubled", "一张单收了两次钱", "an order was charged twice"),
    ("I10", "", "other", "积分或余额花得不对", "points or wallet were spent wrongly"),
    ("I11", "", "lost", "日志被改过或少了", "the journal was changed or cut short"),
    ("I12", "", "other", "个人信息或密码漏出来了", "personal data or a secret got out"),
    ("I13", "", "other", "故障过后没有按时恢复", "not recovered in time after a fault"),
    ("I14", "", "extra", "写不了日志时开了门或卖了货", "sold or opened while nothing could be written"),
)
TABLE: Sequence[Told] = tuple(Told(*row[:3], Said(*row[3:])) for row in _ROWS)
"""The first row that fits says in which column a violation counts, and why in words."""

COLUMNS = ("lost", "doubled", "extra", "other")


class Doubt(NamedTuple):
    """Why the line cannot say that all is well: since when (epoch ms), and in words."""

    since_ms: int
    words: Said


class Reason(NamedTuple):
    """One violation as the page tells it."""

    code: str
    column: str
    words: Said
    detail: str


class Line(NamedTuple):
    """What was found at the newest look. `doubt`: not all could be judged; it never hides a violation."""

    reasons: tuple[Reason, ...] = ()
    sales: int = 0
    openings: int = 0
    entries: int = 0
    checked_at_ms: int = 0
    doubt: Doubt | None = None

    @property
    def state(self) -> str:
        """What the mark says: ok, bad or unknown."""
        if self.reasons:
            return "bad"
        return "unknown" if self.doubt is not None or not self.checked_at_ms else "ok"

    def at(self, now_ms: int) -> "Line":
        """The line as it is to be told now: one that is too old knows nothing."""
        if self.checked_at_ms and now_ms - self.checked_at_ms <= STALE_MS:
            return self
        words = Said("还没有查过", "not looked at yet")
        if self.checked_at_ms:
            at = clock(self.checked_at_ms)
            words = Said(f"{at} 以后没有查过", f"not looked at since {at}")
        return self._replace(doubt=Doubt(self.checked_at_ms, words))

    def describe(self) -> dict[str, Any]:
        """As the page gets it."""
        counted = {column: sum(each.column == column for each in self.reasons) for column in COLUMNS}
        return {
            "state": self.state,
            **counted,
            "reasons": [
                {"code": each.code, "zh": each.words.zh, "en": each.words.en, "detail": each.detail}
                for each in self.reasons
            ],
            "sales": self.sales,
            "openings": self.openings,
            "entries": self.entries,
            "checked_at_ms": self.checked_at_ms,
            "why_unknown": None if self.doubt is None else self.doubt.words._asdict(),
        }


def tell(violation: Violation) -> Reason:
    """Which column a violation counts in, and why in words."""
    for row in TABLE:
        if row.invariant == violation.invariant and row.part in violation.why:
            return Reason(row.invariant, row.column, row.words, violation.why)
    raise AssertionError(f"no row tells of {violation}")


def draw(
    evidence: Evidence, violations: Sequence[Violation], *, doubt: Doubt | None, checked_at_ms: int
) -> Line:
    """The line of one look."""
    journal = evidence.journal
    return Line(
        tuple(tell(violation) for violation in violations),
        sales=len(journal.of("SaleSettled")),
        openings=len(journal.of("DoorOpened", "CellOpened")),
        entries=len(journal.entries),
        checked_at_ms=checked_at_ms,
        doubt=doubt,
    )


def clock(at_ms: int) -> str:
    """A moment as the clock on this machine's wall shows it."""
    return time.strftime("%H:%M:%S", time.localtime(at_ms / 1000))
