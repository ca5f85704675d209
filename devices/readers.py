"""The one way from every reader into the hub: payment codes are taken out, floods and guesses locked out."""

import logging
from collections.abc import Callable, Iterable

import msgspec

from devices.readings import read_text
from devices.settings import ReaderSettings
from edge.links.findings import Findings
from edge.links.scans import CARD, MAY_BE_PAYMENT_CODES, PAYMENT_CODE, PIN, Scan
from edge.pay.codes import CodeTable
from edge.trust.clock import Clock, boot_time_ms

log = logging.getLogger(__name__)

MINUTE_MS = 60_000
WRONG_PER_MINUTE = 10
"""So many refused card numbers or PINs in a minute are guesses: both can be made up, a signed pass cannot."""


class ReaderView(msgspec.Struct, frozen=True, kw_only=True):
    """How a reader stands. `state` is live, lost, busy or unknown; times are milliseconds since the boot.

    `last` is the symbology of what it read last, never its text.
    """

    id: str
    driver: str
    serves: str
    state: str
    since_boot_ms: int
    locked_out: bool
    scans: int
    dropped: int
    last: str = ""


class _Standing:
    """What is counted of one reader."""

    def __init__(self, settings: ReaderSettings, now_ms: int) -> None:
        self.settings = settings
        self.state = "unknown"
        self.since_boot_ms = now_ms
        self.locked_until_ms = 0
        self.scans = 0
        self.dropped = 0
        self.last = ""
        self._minute_ms = now_ms
        self._in_minute = {"scan": 0, "wrong": 0}

    def count(self, what: str, now_ms: int) -> int:
        """Count one; return how many there were in this minute, which begins with its first."""
        if now_ms - self._minute_ms >= MINUTE_MS:
            self._minute_ms = now_ms
            self._in_minute = dict.fromkeys(self._in_minute, 0)
        self._in_minute[what] += 1
        return self._in_minute[what]

    def lock_out(self, now_ms: int) -> None:
        """Nothing goes through for a while."""
        self.locked_until_ms = now_ms + self.settings.lock_out_s * 1000
        self._in_minute = dict.fromkeys(self._in_minute, 0)


class ReaderDesk:
    """Takes what drivers read, and hands on what may go on to `route` as scans.

    A payment code leaves here only while the payer sees the amount at that reader (`pay_screen`); else a
    scan without text says that one was thrown away.
    """

    def __init__(
        self,
        readers: Iterable[ReaderSettings],
        *,
        clock: Clock,
        codes: CodeTable,
        route: Callable[[Scan], None],
        findings: Findings,
        now_ms: Callable[[], int] = boot_time_ms,
    ) -> None:
        self._clock = clock
        self._codes = codes
        self._route = route
        self._findings = findings
        self._now_ms = now_ms
        self._standing = {reader.id: _Standing(reader, now_ms()) for reader in readers}
        self._paying: set[str] = set()

    def pay_screen(self, reader: str, on: bool) -> None:
        """The payer sees the amount at this reader now, or no longer."""
        (self._paying.add if on else self._paying.discard)(reader)

    def state_of(self, reader: str) -> bool | None:
        """Whether a reader is there; None while nobody can tell."""
        state = self._standing[reader].state
        return None if state == "unknown" else state == "live"

    def views(self) -> list[ReaderView]:
        """Every reader, in the order of the site's file."""
        now_ms = self._now_ms()
        return [
            ReaderView(
                id=name,
                driver=each.settings.driver,
                serves=each.settings.serves,
                state=each.state,
                since_boot_ms=each.since_boot_ms,
                locked_out=now_ms < each.locked_until_ms,
                scans=each.scans,
                dropped=each.dropped,
                last=each.last,
            )
            for name, each in self._standing.items()
        ]

    def set_state(self, reader: str, state: str, why: str = "") -> None:
        """Its driver says how a reader is: live, lost, busy (somebody else has it), or unknown."""
        standing = self._standing.get(reader)
        if standing is None or standing.state == state:
            return
        log.info("reader %s: %s %s", reader, state, why)
        standing.state, standing.since_boot_ms = state, self._now_ms()
        name = f"reader:{reader}"
        for code, found in (("reader_lost", state == "lost"), ("reader_busy", state == "busy")):
            if found:
                self._findings.report(name, code, why or standing.settings.source_shown())
            elif state != "unknown":
                self._findings.clear(name, code)

    def take_text(self, reader: str, text: str) -> None:
        """Take the bare text of a HID or serial reader; what no such reader sends is a finding."""
        standing = self._standing[reader]
        found = read_text(text, standing.settings)
        if found is None:
            self.nonsense(reader, f"{len(text)} characters")
        else:
            self.take(reader, found.symbology, found.text)

    def take(self, reader: str, symbology: str, text: str) -> None:
        """Take what a reader read, its meaning known."""
        standing = self._standing.get(reader)
        if standing is None:
            return
        if symbology in MAY_BE_PAYMENT_CODES and reader not in self._paying and self._codes.owner(text):
            symbology, text = PAYMENT_CODE, ""
        if not self._may_pass(standing):
            standing.dropped += 1
            return
        standing.scans += 1
        standing.last = symbology
        self._route(Scan(reader=reader, symbology=symbology, text=text, at_ms=self._clock.now().at_ms))

    def discard(self, reader: str) -> None:
        """A payment code was shown and thrown away where it was read; its text never came here."""
        self.take(reader, PAYMENT_CODE, "")

    def refused(self, reader: str, symbology: str) -> None:
        """What this reader read was refused. Card numbers and PINs can be guessed, and guessing ends here."""
        standing = self._standing.get(reader)
        if standing is None or symbology not in (CARD, PIN):
            return
        now_ms = self._now_ms()
        if standing.count("wrong", now_ms) >= WRONG_PER_MINUTE:
            standing.lock_out(now_ms)
            self._findings.report(f"reader:{reader}", "reader_guesses", f"{WRONG_PER_MINUTE} in a minute")

    def nonsense(self, reader: str, what: str) -> None:
        """A reader sent what no such reader sends; `what` says so without its words."""
        self._standing[reader].dropped += 1
        self._findings.report(f"reader:{reader}", "reader_nonsense", what)

    def picture_refused(self, reader: str, reason: str) -> None:
        """A camera's picture was not decoded: too large, damaged, or made to burn time."""
        self._findings.report(f"reader:{reader}", "picture_refused", reason)

    def _may_pass(self, standing: _Standing) -> bool:
        now_ms, name = self._now_ms(), f"reader:{standing.settings.id}"
        if now_ms < standing.locked_until_ms:
            return False
        if standing.count("scan", now_ms) <= standing.settings.scans_per_minute:
            if standing.locked_until_ms and now_ms - standing.locked_until_ms > MINUTE_MS:
                standing.locked_until_ms = 0
                self._findings.clear(name, "reader_flood")
                self._findings.clear(name, "reader_guesses")
            return True
        standing.lock_out(now_ms)
        self._findings.report(name, "reader_flood", f"over {standing.settings.scans_per_minute} a minute")
        return False
