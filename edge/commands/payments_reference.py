"""`docs/payments.md`: the life of a payment and the policy of each channel, read off the tables that run."""

from collections.abc import Iterator

from edge.pay.codes import TODAY, PaymentCodeSettings
from edge.pay.policy import CHANNELS, POLICIES, REFUND_FIRST_MS, REFUND_LONGEST_MS, Method, Policy
from edge.pay.refunds import BACK_ORDER
from edge.pay.states import OPEN_STATES, PART_TRANSITIONS, TRANSITIONS, Answer, AttemptState, PartState

HEAD = """\
# Payments

Written by `edge reference --payments` from the tables that the code runs; a check compares it with them.
Change `edge/pay/states.py`, `policy.py` or `codes.py`, not this file.

A payment is **asked about, never charged again**: every step is on disk before the next one leaves, an order
has at most one open attempt, and whatever a restart finds open is settled before anything new begins.
*Unknown* is neither paid nor failed: the order is parked with a slip, the screen is free for the next person,
and the outcome comes to phone and counter.

## States of an attempt
"""

MEANINGS: dict[AttemptState, str] = {
    AttemptState.CREATED: "on disk, not known to have left",
    AttemptState.SENT: "with the channel: a QR is shown, or a code was charged and the outcome is to come",
    AttemptState.UNKNOWN: "nobody could say; asked about until the channel answers",
    AttemptState.REVERSING: "being closed, reversed or cancelled, repeated until answered",
    AttemptState.PAID: "the channel has the money; the order was settled in the same commit",
    AttemptState.FAILED: "ended without money; watched for late money for a day",
    AttemptState.REVERSED: "taken back by the channel; watched for late money for a day",
}

AFTER_STATES = """
Money that comes for an attempt that had *failed* or was *reversed* is late: it becomes a refund, recorded, in
the commit that notes it. So does money for an order that cannot be settled any more. A sum that differs from
the asked one settles nothing: the attempt is *unknown*, for a person to judge. When a supervisor **released**
the goods, the attempt is only asked about, never undone: money that comes clears what is owed.

## How a channel is followed
"""

AFTER_POLICY = """
At the end of the wait the channel is asked once more, then the attempt is undone, unless it was released.
An undoing that nobody answers goes on, and parks the order. What is parked is asked about ever more slowly,
at most once a minute. WeChat sends no notice for payment codes: questions are all there is.

## Payment codes

A bearer secret: read only where an amount is shown, anywhere else thrown away and explained; in no row,
event, log or message. `[[payment_code]]` in `site.toml` replaces this table.
"""

AFTER_CODES = """
## Refunds

Money goes back by the tenders that paid it, the last one first: {order}.
Whole fen, and of each at most what it paid; more than was captured is refused. Parts of accounts are done
with the request. A part of a channel keeps its identity in every try: one that may have been asked for is
asked about before it is sent again, after {first} s, then twice as long each time, at most {longest} minutes
apart.
"""


def text() -> str:
    """The whole document."""
    return "\n".join([HEAD, *_states(), AFTER_STATES, *_policies(), AFTER_POLICY, *_codes(), *_refunds()])


def _states() -> Iterator[str]:
    yield "```mermaid"
    yield from _diagram()
    yield "```\n\n| state | open | meaning |\n|---|---|---|"
    for state in AttemptState:
        yield f"| `{state}` | {'yes' if state in OPEN_STATES else 'no'} | {MEANINGS[state]} |"
    answers = tuple(answer for answer in Answer if answer is not Answer.WAITING)
    yield "\n| in state | " + " | ".join(f"`{answer}`" for answer in answers) + " |"
    yield "|---|" + "---|" * len(answers)
    for state, moves in TRANSITIONS.items():
        cells = (f"`{moves[answer]}`" if answer in moves else "" for answer in answers)
        yield f"| `{state}` | " + " | ".join(cells) + " |"
    yield "\nAn answer without an entry, and `waiting`, leave the state as it is."


def _diagram() -> Iterator[str]:
    yield "stateDiagram-v2"
    yield "    [*] --> created"
    for state, moves in TRANSITIONS.items():
        for target in AttemptState:
            answers = [answer for answer, to in moves.items() if to is target]
            if answers:
                late = " (late)" if state not in OPEN_STATES else ""
                yield f"    {state} --> {target}: {', '.join(answers)}{late}"


def _policies() -> Iterator[str]:
    heads = (
        "channel",
        "method",
        "asked every",
        "waits",
        "undone by",
        "not before",
        "again every",
        "parked after",
    )
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for (channel, method), policy in POLICIES.items():
        yield _policy_row(channel, method, policy)


def _policy_row(channel: str, method: Method, policy: Policy) -> str:
    wait = "until the QR expires" if policy.wait_ms is None else _seconds(policy.wait_ms)
    cells = (
        channel,
        "payment code 付款码" if method is Method.PAYMENT_CODE else "collection QR 收款码",
        _seconds(policy.ask_every_ms),
        wait,
        policy.undo,
        _seconds(policy.undo_not_before_ms) if policy.undo_not_before_ms else "at once",
        _seconds(policy.undo_every_ms),
        _seconds(policy.park_after_ms),
    )
    return f"| {' | '.join(cells)} |"


def _codes() -> Iterator[str]:
    yield "| channel | begins with | digits | taken |\n|---|---|---|---|"
    for rule in TODAY:
        yield _code_row(rule)


def _code_row(rule: PaymentCodeSettings) -> str:
    prefix = _range(rule.first_prefix, rule.last_prefix)
    taken = "yes" if rule.channel in CHANNELS else "answered: not supported here"
    return f"| {rule.channel} | {prefix} | {_range(rule.least_digits, rule.most_digits)} | {taken} |"


def _refunds() -> Iterator[str]:
    yield AFTER_CODES.format(
        order=", ".join(kind.replace("_", " ") for kind in BACK_ORDER),
        first=REFUND_FIRST_MS // 1000,
        longest=REFUND_LONGEST_MS // 60_000,
    )
    yield "| part | may become |\n|---|---|"
    for state in PartState:
        follows = ", ".join(f"`{each}`" for each in PartState if each in PART_TRANSITIONS[state])
        yield f"| `{state}` | {follows or 'nothing more'} |"
    yield ""


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"


def _seconds(duration_ms: int) -> str:
    return f"{duration_ms // 1000} s"
