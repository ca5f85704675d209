"""A payment platform with one channel that misbehaves on request. It remembers every attempt it ever got."""

from dataclasses import dataclass, field

from edge.errors import PlatformRejected, PlatformUnreachable
from edge.pay.attempts import Attempt
from edge.pay.ports import ChannelState, QrOffer

OFFER_LIFE_MS = 90_000


@dataclass
class _Held:
    amount_fen: int
    state: str = "waiting"
    expires_at_ms: int = 0
    order_id: str = ""


@dataclass
class FakePaymentPlatform:
    """`away` means that nothing arrives; `answers_lost` that everything arrives and no answer comes back.

    `confirmed` is false while nobody has said where the device's stream stands.
    """

    now_ms: int = 0
    away: bool = False
    answers_lost: bool = False
    reject_with: str = ""
    confirmed: bool = True
    held: dict[str, _Held] = field(default_factory=dict)

    async def ready(self) -> None:
        """Whether the platform knows this device; a wait takes no time here."""
        if not self.confirmed:
            raise PlatformUnreachable("not confirmed yet")

    async def request(self, attempt: Attempt) -> QrOffer:
        """Hold the attempt and offer a QR."""
        self._arrive()
        if self.reject_with:
            raise PlatformRejected(422, self.reject_with)
        fresh = _Held(
            attempt.amount_fen, expires_at_ms=self.now_ms + OFFER_LIFE_MS, order_id=attempt.order_id
        )
        held = self.held.setdefault(attempt.id, fresh)
        if held.order_id not in ("", attempt.order_id):
            raise PlatformRejected(409, "attempt_conflict")
        self._answer()
        return QrOffer(qr=f"https://pay.example/{attempt.id}", expires_at_ms=self.now_ms + OFFER_LIFE_MS)

    async def query(self, attempt_id: str) -> ChannelState:
        """Say what the channel knows."""
        self._arrive()
        held = self._find(attempt_id)
        self._answer()
        return self._state_of(attempt_id, held)

    async def close(self, attempt_id: str) -> ChannelState:
        """Close what waits; an unknown one stays unknown, a paid one paid."""
        self._arrive()
        held = self._find(attempt_id)
        if held.state == "waiting":
            held.state = "failed"
        self._answer()
        return self._state_of(attempt_id, held)

    def hold(self, attempt_id: str, amount_fen: int, state: str, *, order_id: str = "") -> None:
        """Remember an attempt from before a restart."""
        self.held[attempt_id] = _Held(amount_fen, state, order_id=order_id)

    def set_state(self, attempt_id: str, state: str, *, amount_fen: int | None = None) -> None:
        """Make the channel say `state` ("waiting", "paid", "failed", "unknown") from now on."""
        held = self.held[attempt_id]
        held.state = state
        if amount_fen is not None:
            held.amount_fen = amount_fen

    def captured_fen(self) -> int:
        """All the money that the channel took."""
        return sum(held.amount_fen for held in self.held.values() if held.state == "paid")

    def _state_of(self, attempt_id: str, held: _Held) -> ChannelState:
        paid = held.state == "paid"
        return ChannelState(
            state=held.state,
            amount_fen=held.amount_fen if paid else 0,
            channel_id=f"ch-{attempt_id}" if paid else "",
            order_id=held.order_id,
        )

    def _find(self, attempt_id: str) -> _Held:
        if attempt_id not in self.held:
            raise PlatformRejected(404, "attempt_unknown")
        return self.held[attempt_id]

    def _arrive(self) -> None:
        if self.away:
            raise PlatformUnreachable("the platform is away")

    def _answer(self) -> None:
        if self.answers_lost:
            raise PlatformUnreachable("no answer came back")
