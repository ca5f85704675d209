"""The device convention on the site's broker, as far as lockers use it; see docs/devices.md."""

import msgspec


class OpenCell(msgspec.Struct, frozen=True, kw_only=True):
    """`d/{device}/cmd`: open one cell, once, within `ttl_ms` of its arrival. `nonce` is the board's own."""

    id: str
    nonce: str
    action: str = "open"
    cell: str
    ttl_ms: int = 5000


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """`d/{device}/res`: the board took the command, or refused it and did nothing."""

    id: str
    ok: bool
    why: str = ""


class BoardState(msgspec.Struct, frozen=True, kw_only=True):
    """`d/{device}/state`, retained: every cell as its contact says, and the nonce of this session."""

    nonce: str
    cells: dict[str, str]
    at: int = 0


class CellEvent(msgspec.Struct, frozen=True, kw_only=True):
    """`d/{device}/evt`: a cell's contact moved."""

    cell: str
    state: str
