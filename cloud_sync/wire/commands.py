"""Commands to a device: topics, nonce notice, answers. The command itself is edge.trust.commands."""

from typing import Annotated, Literal

import msgspec

AnswerState = Literal["accepted", "refused", "fired", "opened", "unknown"]

MAX_PULLED = 32
"""Commands in one answer to a pull; more of them wait for the next."""
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


class PulledCommand(msgspec.Struct, frozen=True):
    """A command fetched over HTTPS: `message` is base64 of the very bytes that MQTT carries."""

    id: str
    message: str


class PulledCommands(msgspec.Struct, frozen=True):
    """What waits for a device and was not answered yet, oldest first."""

    commands: list[PulledCommand]


def command_topic(site: str, device: str) -> str:
    """Where the platform publishes commands: QoS 1, never retained."""
    return f"s/{site}/d/{device}/cmd"


def answer_topic(site: str, device: str) -> str:
    """Where the device publishes answers: QoS 1, never retained."""
    return f"s/{site}/d/{device}/evt"
