"""A payment platform with one channel that misbehaves on request. It remembers every attempt it ever got."""

from dataclasses import dataclass, field

from edge.errors import PlatformRejected, PlatformUnreachable
from edge.pay.attempts import Attempt
from edge.pay.codes import PaymentCode
from edge.pay.ports import ChannelState, QrOffer, RefundAsk, RefundState

OFFER_LIFE_MS = 90_000


@dataclass
class Held:
    """An attempt as the channel has it; `charges` counts how often it was asked to charge."""

    amount_fen: int
    state: str = "waiting"
    expires_at_ms: int = 0
    order_id: str = ""
    reason: str = ""
    charges: int = 0


@dataclass
class FakePaymentPlatform:
    """`away` means that nothing arrives; `answers_lost` that everything arrives and no answer comes back.

    `confirmed` is false while nobody has said where the device's stream stands. `charge_state` is what a
    charge of a payment code comes to ("waiting": the payer enters a password), `reverse_state` what a
    reversal does to money that was taken, `refund_state` what a refund comes to.
    """

    now_ms: int = 0
    away: bool = False
    answers_lost: bool = False
    reject_with: str = ""
    confirmed: bool = True
    charge_state: str = "paid"
    reverse_state: str = "reversed"
    refund_state: str = "refunded"
    held: dict[str, Held] = field(default_factory=dict)
    refunds: dict[str, RefundAsk] = field(default_factory=dict)
    refund_states: dict[str, str] = field(default_factory=dict)

    async def ready(self) -> None:
        """Whether the platform knows this device; a wait takes no time here."""
        if not self.confirmed:
            raise PlatformUnreachable("not confirmed yet")

    async def request(self, attempt: Attempt) -> QrOffer:
        """Hold the attempt and offer a QR."""
        self._arrive()
        if self.reject_with:
            raise PlatformRejected(422, self.reject_with)
        fresh = Held(attempt.amount_fen, expires_at_ms=self.now_ms + OFFER_LIFE_MS, order_id=attempt.order_id)
        held = self.held.setdefault(attempt.id, fresh)
        if held.order_id not in ("", attempt.order_id):
            raise PlatformRejected(409, "attempt_conflict")
        self._answer()
        return QrOffer(qr=f"https://pay.example/{attempt.id}", expires_at_ms=self.now_ms + OFFER_LIFE_MS)

    async def charge(self, attempt: Attempt, code: PaymentCode) -> ChannelState:
        """Charge a payment code; an attempt that is known already is only told of."""
        self._arrive()
        assert code.reveal()
        if self.reject_with:
            raise PlatformRejected(422, self.reject_with)
        if attempt.id not in self.held:
            reason = "user_paying" if self.charge_state == "waiting" else ""
            self.held[attempt.id] = Held(
                attempt.amount_fen, self.charge_state, order_id=attempt.order_id, reason=reason
            )
        held = self._find(attempt.id)
        if held.order_id not in ("", attempt.order_id):
            raise PlatformRejected(409, "attempt_conflict")
        held.charges += 1
        self._answer()
        return self._state_of(attempt.id, held)

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

    async def reverse(self, attempt_id: str) -> ChannelState:
        """Take a charge back, also one that succeeded; an unknown one stays unknown."""
        self._arrive()
        held = self._find(attempt_id)
        if held.state == "waiting":
            held.state = "reversed"
        elif held.state == "paid":
            held.state = self.reverse_state
        self._answer()
        return self._state_of(attempt_id, held)

    async def refund(self, ask: RefundAsk) -> RefundState:
        """Give money back once for each part; refuses more than was taken and a part with other content."""
        self._arrive()
        known = self.refunds.setdefault(ask.part_id, ask)
        if known != ask:
            raise PlatformRejected(409, "refund_conflict")
        held = self._find(ask.attempt_id)
        back_fen = sum(each.amount_fen for each in self.refunds.values() if each.attempt_id == ask.attempt_id)
        if held.state != "paid" or back_fen > held.amount_fen:
            del self.refunds[ask.part_id]
            raise PlatformRejected(422, "above_captured")
        if self.refund_states.get(ask.part_id, "unknown") == "unknown":
            self.refund_states[ask.part_id] = self.refund_state
        self._answer()
        return self._refund_state(ask.part_id)

    async def query_refund(self, part_id: str) -> RefundState:
        """Say what became of a part."""
        self._arrive()
        if part_id not in self.refunds:
            raise PlatformRejected(404, "refund_unknown")
        self._answer()
        return self._refund_state(part_id)

    def _refund_state(self, part_id: str) -> RefundState:
        state = self.refund_states[part_id]
        done = state == "refunded"
        return RefundState(
            state=state,  # type: ignore[arg-type]
            amount_fen=self.refunds[part_id].amount_fen,
            channel_id=f"re-{part_id}" if done else "",
            refunded_at_ms=self.now_ms if done else 0,
            reason="" if state != "unknown" else "absent",
        )

    def refunded_fen(self) -> int:
        """All the money that went back."""
        return sum(
            ask.amount_fen
            for part_id, ask in self.refunds.items()
            if self.refund_states[part_id] == "refunded"
        )

    def hold(self, attempt_id: str, amount_fen: int, state: str, *, order_id: str = "") -> None:
        """Remember an attempt from before a restart."""
        self.held[attempt_id] = Held(amount_fen, state, order_id=order_id)

    def set_state(self, attempt_id: str, state: str, *, amount_fen: int | None = None) -> None:
        """Make the channel say `state` ("waiting", "paid", "failed", "unknown") from now on."""
        held = self.held[attempt_id]
        held.state = state
        if amount_fen is not None:
            held.amount_fen = amount_fen

    def captured_fen(self) -> int:
        """All the money that the channel took."""
        return sum(held.amount_fen for held in self.held.values() if held.state == "paid")

    def _state_of(self, attempt_id: str, held: Held) -> ChannelState:
        paid = held.state == "paid"
        return ChannelState(
            state=held.state,
            amount_fen=held.amount_fen if paid else 0,
            channel_id=f"ch-{attempt_id}" if paid else "",
            order_id=held.order_id,
            reason=held.reason if held.state == "waiting" else "",
            paid_at_ms=self.now_ms if paid else 0,
        )

    def _find(self, attempt_id: str) -> Held:
        if attempt_id not in self.held:
            raise PlatformRejected(404, "attempt_unknown")
        return self.held[attempt_id]

    def _arrive(self) -> None:
        if self.away:
            raise PlatformUnreachable("the platform is away")

    def _answer(self) -> None:
        if self.answers_lost:
            raise PlatformUnreachable("no answer came back")
