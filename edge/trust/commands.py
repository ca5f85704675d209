"""Commands of the platform to a device: one signed COSE message each.

``open_command`` checks size, encoding, key and signature; ``check_command`` audience, nonce, counter and
expiry, in the order of the architecture. Policy and the intent table belong to ``edge.access``.
"""

from typing import Any

import msgspec

from edge.errors import Refusal
from edge.trust import cose
from edge.trust.clock import Reading
from edge.trust.keys import KeySet, SigningKey
from edge.trust.time_policy import Decision, has_begun, is_over

LIFETIME_LIMIT_MS = 30_000
"""Architecture, Trust: at most 30 s between iat and exp for what moves."""

_LABELS = {
    "id": 7,
    "subject": 2,
    "site": 3,
    "device": -70020,
    "target": -70021,
    "action": -70022,
    "arguments": -70023,
    "iat_ms": -70024,
    "exp_ms": -70025,
    "nonce": -70026,
    "counter": -70027,
}


class NotACommand(Refusal):
    """The message is signed, but its claims are no command."""

    code = "not_a_command"


class CommandForAnother(Refusal):
    """The command names another site or device."""

    code = "command_for_another"


class CommandReplayed(Refusal):
    """The nonce is not the present one, or the counter did not rise."""

    code = "command_replayed"


class CommandExpired(Refusal):
    """The command is over, not yet valid, or lives longer than a command may."""

    code = "command_expired"


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What a command says. ``nonce`` is the device's own word since its last reconnect."""

    id: str
    site: str
    device: str
    target: str
    action: str
    arguments: dict[str, str | int] = {}
    subject: str
    iat_ms: int
    exp_ms: int
    nonce: str
    counter: int


def issue_command(key: SigningKey, command: Command) -> bytes:
    """Sign a command. Raises MessageTooLarge."""
    claims = {label: getattr(command, name) for name, label in _LABELS.items()}
    return cose.sign(key, claims)


def open_command(message: bytes, keys: KeySet, at_ms: int | None) -> Command:
    """Verify a command and read it. Raises NotACommand and the refusals of ``cose.open_signed``."""
    claims = cose.open_signed(message, keys, purpose="commands", at_ms=at_ms)
    if set(claims) != set(_LABELS.values()):
        raise NotACommand(part="claims")
    fields: dict[str, Any] = {name: claims[label] for name, label in _LABELS.items()}
    try:
        return msgspec.convert(fields, Command, strict=True)
    except msgspec.ValidationError as error:
        raise NotACommand(part="claims") from error


def check_command(
    command: Command, *, site: str, device: str, nonce: str, last_counter: int, now: Reading
) -> None:
    """Judge a verified command. Raises CommandForAnother, CommandReplayed, CommandExpired."""
    if (command.site, command.device) != (site, device):
        raise CommandForAnother(site=command.site, device=command.device)
    if command.nonce != nonce or command.counter <= last_counter:
        raise CommandReplayed(counter=command.counter, last_counter=last_counter)
    lifetime_ms = command.exp_ms - command.iat_ms
    if is_over(command.exp_ms, now) or not 0 < lifetime_ms <= LIFETIME_LIMIT_MS:
        raise CommandExpired(exp_ms=command.exp_ms)
    if not has_begun(Decision.COMMAND_END, command.iat_ms - LIFETIME_LIMIT_MS, now):
        raise CommandExpired(iat_ms=command.iat_ms)
