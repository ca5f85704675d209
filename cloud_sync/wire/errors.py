"""How the platform says no: a stable code that the receiver decides on, never a sentence."""

import msgspec

CODES: dict[str, int] = {
    "batch_damaged": 400,
    "malformed": 400,
    "batch_malformed": 422,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "attempt_unknown": 404,
    "method_not_allowed": 405,
    "gap": 409,
    "fork": 409,
    "quarantined": 409,
    "superseded": 409,
    "epoch_not_begun": 422,
    "attempt_conflict": 409,
    "attempt_given_up": 409,
    "channel_refused": 409,
    "channel_silent": 503,
    "notice_forged": 401,
    "notice_refused": 422,
    "refund_conflict": 409,
    "refund_exceeds": 409,
    "refund_not_paid": 409,
    "refund_unknown": 404,
    "device_not_ready": 409,
    "door_not_allowed": 403,
    "not_the_owner": 403,
    "household_full": 409,
    "pin_weak": 409,
    "room_mismatch": 409,
    "not_a_card": 422,
    "command_in_flight": 409,
    "too_many_commands": 429,
    "qr_unknown": 404,
    "payment_not_open": 409,
    "wrong_stream": 422,
    "batch_too_large": 413,
    "broker_away": 503,
    "bill_unknown": 404,
    "bill_already_paid": 409,
    "overpayment_not_open": 404,
    "choice_not_possible": 409,
    "receipt_code_unknown": 404,
    "invoice_unknown": 404,
    "account_unknown": 404,
    "balance_exceeded": 409,
    "balance_limit": 409,
    "lease_ended": 409,
    "device_lost": 409,
    "device_revoked": 403,
    "device_quarantined": 403,
    "device_unknown": 403,
    "certificate_expired": 401,
    "certificate_superseded": 401,
    "code_unknown": 403,
    "code_used": 403,
    "code_expired": 403,
    "csr_bad": 422,
    "proof_stale": 403,
}
"""Every code that the platform answers with, and its HTTP status."""


class ErrorBody(msgspec.Struct, frozen=True):
    """Body of every answer from 400 on."""

    error: str
    details: dict[str, str | int] = {}
