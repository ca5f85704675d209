"""Leases over HTTP, for `edge.pay.leases.LeaseDesk`."""

from urllib.parse import quote

from cloud_sync.http import Patience, PlatformHttp
from cloud_sync.wire.accounts import LeaseRaise
from cloud_sync.wire.collections import Lease
from edge.pay.leases import LeaseRecord

PATIENCE = Patience(connect_s=2.5, silence_s=3.0, total_s=4.0)
"""A payer stands there, and without an answer the lease as it is may do."""


class HttpLeasePlatform:
    """Asks the platform for more of a lease; see `edge.pay.leases.LeasePlatform`."""

    def __init__(self, http: PlatformHttp) -> None:
        self._http = http

    async def raise_lease(self, account: str, *, lease: str, epoch: int, granted_fen: int) -> LeaseRecord:
        """Ask for `granted_fen` in all; a retry is the same. Raises PlatformUnreachable, PlatformRejected."""
        told = await self._http.ask(
            "POST",
            f"{self._http.device_path}/leases/{quote(account, safe='')}/raise",
            Lease,
            content=LeaseRaise(epoch, granted_fen, lease),
            patience=PATIENCE,
        )
        return LeaseRecord(
            id=told.id,
            account=told.account,
            device=told.device,
            epoch=told.epoch,
            granted_fen=told.granted_fen,
            recall=told.recall,
            closed=told.closed,
        )
