"""What becomes of an opening in the journal, once its contact or its time has decided."""

from edge.access import records
from edge.access.contacts import ContactDesk
from edge.access.late import cannot_write
from edge.access.openings import record_unknown
from edge.access.ports import Patience
from edge.access.records import Opening
from edge.access.waits import Waits
from edge.errors import StoreError
from edge.store.condition import STORE_TOPIC
from edge.store.store import Store
from edge.store.unit import Unit


def watch_openings(*, store: Store, contacts: ContactDesk, patience: Patience) -> Waits:
    """Waits that write their decision to the store.

    What moved is written by the report of the contact itself (`edge.access.contacts`); an opening that is
    decided already stays as it is.
    """

    async def decide(opening_id: str, moved: bool, reason: str) -> Opening:
        del moved

        def settle(unit: Unit) -> Opening:
            record_unknown(unit, opening_id, reason)
            opening = records.find_opening(unit.connection, opening_id)
            assert opening is not None
            return opening

        with store.notifier.subscribe(STORE_TOPIC) as changes:
            while True:
                try:
                    return await store.run(settle)
                except StoreError:
                    # The result is still owed: a pass without a count would wait for it for ever.
                    if not cannot_write(store):
                        raise
                    await changes.wait()

    return Waits(contacts=contacts, patience=patience, decide=decide)
