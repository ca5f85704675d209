"""How far a walk along a bank has come."""

import msgspec


class WalkCell(msgspec.Struct, frozen=True, kw_only=True):
    """One cell of the walk: waiting, opened, passed, failed, or skipped because it is in use."""

    cell: str
    state: str


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """A walk along one bank.

    `step`: `open` (the next door may be opened), `label` (a door opened: is it the right one?), `close` (wait
    for it to be closed), `proved`, `failed` with `reason` and the cells in `moved`.
    """

    bank: str
    account: str
    step: str
    cells: tuple[WalkCell, ...]
    current: str = ""
    closed_level: str = ""
    open_level: str = ""
    reason: str = ""
    moved: tuple[str, ...] = ()


def mark(walk: Walk, cell: str, state: str, *, step: str) -> Walk:
    """The walk with one cell in another state, at this step."""
    cells = tuple(WalkCell(cell=cell, state=state) if each.cell == cell else each for each in walk.cells)
    return msgspec.structs.replace(walk, cells=cells, step=step)
