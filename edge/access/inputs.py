"""What the site's inputs (fire contact, exit button, parallel controller, loop, tamper) are and say."""

from enum import StrEnum

import msgspec


class InputKind(StrEnum):
    """What an input tells of; all of them are only heard: fire and exit button release the lock by wire."""

    FIRE = "fire"
    """消防联动: the fire panel's contact."""
    EXIT_BUTTON = "exit_button"
    """出门按钮: somebody inside asks to leave."""
    PARALLEL = "parallel"
    """Another controller (card, face, intercom) that releases the same lock."""
    LOOP = "loop"
    """地感: a vehicle stands under the barrier."""
    TAMPER = "tamper"
    """防拆: the cabinet is open."""


class InputState(StrEnum):
    """What an input last said; unknown from the loss of its device until it is read again."""

    ACTIVE = "active"
    IDLE = "idle"
    UNKNOWN = "unknown"


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """One input, apart from its wiring; `doors` are the doors that it belongs to (a fire input: all that it
    releases; none named means every fail-safe door of the site).
    """

    id: str
    kind: InputKind
    doors: tuple[str, ...] = ()
