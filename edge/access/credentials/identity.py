"""Who stands at the kiosk without a phone: by card or fob, or by room and PIN (取件不用手机)."""

from edge.access.credentials.judging import check_not_revoked
from edge.access.credentials.reading import CredentialReader
from edge.access.events import PassRefused
from edge.access.refusals import RefusalLog
from edge.errors import Refusal
from edge.store.store import Store
from edge.trust.passes import Pass

KIOSK_PLACE = "kiosk"


class IdentityDesk:
    """Says who somebody is. What they may open or collect is decided elsewhere.

    Every refusal is written into the journal with its source before it is raised.
    """

    def __init__(self, *, store: Store, reader: CredentialReader, refusals: RefusalLog) -> None:
        self._store = store
        self._reader = reader
        self._refusals = refusals

    async def identify_by_card(self, number: str, *, source: str) -> str:
        """The person of a card. Raises NotACard, CardUnknown, CardRevoked, PassRevoked."""
        return await self._identify(number, "card", source)

    async def identify_by_pin(self, room: str, pin: str, *, source: str) -> str:
        """The person of a room's PIN; the room by its whole id. Raises RoomPinRefused, RoomPinLocked,
        PassRevoked."""
        return await self._identify(f"{room}#{pin}", "pin", source)

    async def _identify(self, text: str, symbology: str, source: str) -> str:
        try:
            shown = await self._reader.read(text, symbology, source=source)
            await self.check(shown)
        except Refusal as refusal:
            refused = PassRefused(source=source, place=KIOSK_PLACE, code=refusal.code)
            await self._refusals.refuse(source, refused)
            raise
        return shown.subject

    async def check(self, shown: Pass) -> None:
        """Whether something shown at the kiosk still counts. Raises PassRevoked, CardRevoked."""
        await self._store.read(lambda connection: check_not_revoked(connection, shown))
