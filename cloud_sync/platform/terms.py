"""The contract's figures as the platform uses them: by version, in plain; the feed has them signed."""

from typing import Literal

import msgspec

from cloud_sync.platform.store.port import Connection

DAY_MS = 86_400_000


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What decides about accounts here; a blank in the contract gives nothing.

    points_return_days: so long after the sale its points are pending
    points_claim_days: so long after the sale they may be claimed by the receipt; 0 is not at all
    points_expire_days: so long after they begin to count they end; None is never
    wallet_limit_fen: most that a wallet may hold; None is no top-up of wallets
    lease_limit_fen: standing lease of one account at one device, what it may spend while offline
    """

    version: int = 0
    points_return_days: int = 0
    points_claim_days: int = 0
    points_shortfall: Literal["shrink", "negative"] = "shrink"
    points_expire_days: int | None = None
    wallet_limit_fen: int | None = None
    lease_limit_fen: int = 0


def read_terms(connection: Connection, version: int | None = None) -> Terms:
    """The figures of one version, the newest without one; all blank where there is none."""
    row = connection.execute(
        "SELECT figures FROM contract_figures WHERE version=coalesce(?, version)"
        " ORDER BY version DESC LIMIT 1",
        (version,),
    ).fetchone()
    return Terms() if row is None else msgspec.json.decode(row["figures"], type=Terms)
