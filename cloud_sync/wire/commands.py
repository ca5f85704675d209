"""Commands to a device: topics, nonce notice, answers. The command itself is edge.trust.commands."""

from typing import Annotated, Literal

import msgspec

AnswerState = Literal["accepted", "refused", "fired", "opened", "unknown"]

MAX_COMMAND_BYTES = 512
"""Limit of a signed message (architecture.md, Trust)."""
MOVING_COMMAND_LIFE_MS = 30_000
"""A command that moves something lives at most this long (architecture.md, Commands)."""


class NonceNotice(msgspec.Struct, frozen=True):
    """The device's fresh nonce, posted after its subscription was acknowledged."""

    nonce: Annotated[str, msgspec.Meta(min_length=16, max_length=64)]


class CommandAnswer(msgspec.Struct, frozen=True):
    """What became of a command, told by the device; `opened` only when the contact said so."""

    command: str
    state: AnswerState
    at_ms: int
    reason: str = ""


def command_topic(site: str, device: str) -> str:
    """Where the platform publishes commands: QoS 1, never retained."""
    return f"s/{site}/d/{device}/cmd"


def answer_topic(site: str, device: str) -> str:
    """Where the device publishes answers: QoS 1, never retained."""
    return f"s/{site}/d/{device}/evt"
