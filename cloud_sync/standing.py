"""Where our stream stands at the platform: asked before the first batch, after a failure, and in doubt."""

import logging
from functools import partial
from http import HTTPStatus

from cloud_sync import identity, records
from cloud_sync.http import DetailedRejection, Patience, PlatformHttp
from cloud_sync.identity import Verdict
from cloud_sync.wire.batches import BatchAccepted, BatchHeader, StreamStanding
from edge.errors import PlatformRejected, PlatformUnreachable
from edge.store.journal import Head
from edge.store.lanes import Lane
from edge.store.store import Store

log = logging.getLogger(__name__)


class StreamCheck:
    """Compares our journal with what the platform says that it holds of it.

    Every question raises PlatformUnreachable, PlatformRejected.
    """

    def __init__(self, *, store: Store, http: PlatformHttp, patience: Patience) -> None:
        self._store = store
        self._http = http
        self._patience = patience

    async def ask(self, link: Head, *, patience: Patience | None = None) -> StreamStanding:
        """Where custody stands, and whether it has this link."""
        path = self._http.device_path + "/standing"
        query: dict[str, str | int] = {"seq": link.seq, "hash": link.hash.hex()}
        return await self._http.ask(
            "GET", path, StreamStanding, query=query, patience=patience or self._patience
        )

    async def probe(self, link: Head, patience: Patience) -> None:
        """A short question, to learn whether anybody is there; "nothing in custody" is an answer, too."""
        try:
            await self.ask(link, patience=patience)
        except PlatformRejected as rejected:
            if rejected.status != HTTPStatus.NOT_FOUND:
                raise

    async def confirm(self, started_at: Head) -> None:
        """Begin a new epoch when custody is ahead of where this process started.

        Raises DetailedRejection when the platform holds another history of ours.
        """
        try:
            standing = await self.ask(started_at)
        except PlatformRejected as rejected:
            if rejected.status != HTTPStatus.NOT_FOUND:
                raise
            return
        verdict = await self._store.read(lambda c: identity.judge(c, standing, started_at))
        if verdict is Verdict.AHEAD:
            log.warning("the platform holds %d, we started at %d", standing.head_seq, started_at.seq)
            await self._store.run(
                lambda unit: identity.go_on_in_new_epoch(unit, started_at, epoch=standing.epoch),
                lane=Lane.BULK,
            )
        elif verdict is not Verdict.IN_STEP:
            code = verdict.value if standing.quarantine is None else "quarantined"
            raise DetailedRejection(
                HTTPStatus.CONFLICT, code, {"epoch": standing.epoch, "seq": standing.head_seq}
            )

    async def is_ours(self, header: BatchHeader, answer: BatchAccepted) -> bool:
        """Tell whether an acknowledgement names our history.

        More than we have, in our epoch, is another's (`fork`). An entry of a later epoch of ours cannot be
        compared with a longer end of the older stream: then the platform is asked for the link that we sent.
        """
        seq, last_seq = answer.acknowledged_seq, header.last_seq
        if answer.epoch != header.epoch:
            return False
        if seq < last_seq:
            raise PlatformUnreachable("the platform acknowledged less than it was sent")
        if seq == last_seq:
            return answer.hash == header.last_hash
        head = await self._store.read(records.read_head_seq)
        if seq > head and header.epoch == self._store.epoch:
            raise DetailedRejection(HTTPStatus.CONFLICT, "fork", {"epoch": header.epoch, "seq": head + 1})
        if seq <= head:
            epoch, digest = await self._store.read(partial(records.read_recorded, seq=seq))
            if epoch <= header.epoch:
                return answer.hash == digest
        standing = await self.ask(Head(last_seq, bytes.fromhex(header.last_hash)))
        return standing.known

    async def find_common(self) -> int:
        """Halve the way between what was acknowledged and our head until the last common event is found."""
        low = await self._store.read(records.read_acknowledged)
        high = await self._store.read(records.read_head_seq)
        while low < high:
            middle = (low + high + 1) // 2
            link = await self._store.read(partial(records.read_link, seq=middle))
            if (await self.ask(link)).known:
                low = middle
            else:
                high = middle - 1
        return low
