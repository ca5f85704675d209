"""The homes room's platform port over HTTP: how a bill stands at the platform now."""

from urllib.parse import quote

import msgspec

from cloud_sync.http import Patience, PlatformHttp
from cloud_sync.wire.feed import Change
from edge.homes.ports import FreshBill

PATIENCE = Patience(connect_s=1.0, silence_s=1.5, total_s=2.0)
"""A payer stands there, and the copy is an answer too."""


class HttpBillPlatform:
    """`edge.homes.ports.BillPlatform`; raises PlatformUnreachable or PlatformRejected."""

    def __init__(self, http: PlatformHttp) -> None:
        self._http = http

    async def look(self, bill_id: str) -> FreshBill:
        """Return the newest version of a bill."""
        path = f"{self._http.site_path}/bills/{quote(bill_id, safe='')}/state"
        change = await self._http.ask("GET", path, Change, patience=PATIENCE)
        data = change.data
        if data is not None and change.applied_through is not None:
            data = {**data, "applied_through": msgspec.to_builtins(change.applied_through)}
        return FreshBill(id=bill_id, version=change.version, data=data)
