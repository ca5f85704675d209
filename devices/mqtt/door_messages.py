"""The device convention on the site's broker, as far as remote doors use it; see docs/devices.md."""

import msgspec


class DoorCommand(msgspec.Struct, frozen=True, kw_only=True):
    """`d/{device}/cmd`: `pulse` a door once, `hold` it or `release` its hold; play a `signal`'s pattern.

    `nonce` is the device's own of this session: a command that waited past its end moves nothing. The pulse's
    length is the device's, and stands in its state.
    """

    id: str
    nonce: str
    action: str
    door: str = ""
    signal: str = ""
    pattern_ms: tuple[int, ...] = ()


class DoorState(msgspec.Struct, frozen=True, kw_only=True):
    """`d/{device}/state`, retained: contacts and inputs as they are read, the pulse that each door gets.

    `doors`: open, closed or unknown; `inputs`: active, idle or unknown; `pulses_ms`: door to the length that
    the device times itself; `held`: doors with a hold.
    """

    nonce: str
    doors: dict[str, str]
    pulses_ms: dict[str, int]
    held: tuple[str, ...] = ()
    inputs: dict[str, str] = {}


class DoorEvent(msgspec.Struct, frozen=True, kw_only=True):
    """`d/{device}/evt`: something moved. `kind`: `contact` (of a door), `input`; others are a reader's."""

    kind: str
    name: str = ""
    state: str = ""
