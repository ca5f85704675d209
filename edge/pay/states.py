"""The life of a payment attempt and of a part of a refund, as tables that the code runs and the docs print.

An answer is what we learned about an attempt; the table says where it leads from each state. `UNKNOWN` is
neither paid nor failed and stays until the channel gives a definite answer. Money that arrives after an
attempt was given up (`FAILED` or `REVERSED`) leads to `PAID` too: the caller then refunds it.
"""

from enum import StrEnum


class AttemptState(StrEnum):
    """Where an attempt stands."""

    CREATED = "created"
    SENT = "sent"
    UNKNOWN = "unknown"
    PAID = "paid"
    FAILED = "failed"
    REVERSING = "reversing"
    REVERSED = "reversed"


class Answer(StrEnum):
    """What we learned about an attempt. `RELEASED`: a supervisor gave the goods out before the outcome."""

    OFFERED = "offered"
    WAITING = "waiting"
    UNSURE = "unsure"
    PAID = "paid"
    FAILED = "failed"
    CLOSE_ASKED = "close_asked"
    REVERSED = "reversed"
    RELEASED = "released"


OPEN_STATES = frozenset(
    {AttemptState.CREATED, AttemptState.SENT, AttemptState.UNKNOWN, AttemptState.REVERSING}
)

_S, _A = AttemptState, Answer

#: state → answer → next state; an answer not named leaves the state as it is.
TRANSITIONS: dict[AttemptState, dict[Answer, AttemptState]] = {
    _S.CREATED: {
        _A.OFFERED: _S.SENT,
        _A.UNSURE: _S.UNKNOWN,
        _A.PAID: _S.PAID,
        _A.FAILED: _S.FAILED,
        _A.CLOSE_ASKED: _S.REVERSING,
        _A.REVERSED: _S.REVERSED,
    },
    _S.SENT: {
        _A.UNSURE: _S.UNKNOWN,
        _A.PAID: _S.PAID,
        _A.FAILED: _S.FAILED,
        _A.CLOSE_ASKED: _S.REVERSING,
        _A.REVERSED: _S.REVERSED,
        _A.RELEASED: _S.UNKNOWN,
    },
    _S.UNKNOWN: {
        _A.PAID: _S.PAID,
        _A.FAILED: _S.FAILED,
        _A.CLOSE_ASKED: _S.REVERSING,
        _A.REVERSED: _S.REVERSED,
    },
    _S.REVERSING: {
        _A.PAID: _S.PAID,
        _A.FAILED: _S.FAILED,
        _A.REVERSED: _S.REVERSED,
        _A.RELEASED: _S.UNKNOWN,
    },
    _S.PAID: {},
    _S.FAILED: {_A.PAID: _S.PAID},
    _S.REVERSED: {_A.PAID: _S.PAID},
}


def next_state(state: AttemptState, answer: Answer) -> AttemptState:
    """Return the state after `answer`; the same state when the answer changes nothing."""
    return TRANSITIONS[state].get(answer, state)


class PartState(StrEnum):
    """Where a part of a refund stands. `FAILED`: the channel refused for good; a person asks again."""

    REQUESTED = "requested"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    FAILED = "failed"


_P = PartState

#: state → states that may follow; a part keeps its identity in all of them.
PART_TRANSITIONS: dict[PartState, frozenset[PartState]] = {
    _P.REQUESTED: frozenset({_P.REFUNDING}),
    _P.REFUNDING: frozenset({_P.REFUNDED, _P.FAILED}),
    _P.REFUNDED: frozenset(),
    _P.FAILED: frozenset({_P.REQUESTED, _P.REFUNDED}),
}
