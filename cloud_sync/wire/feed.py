"""The change feed of a site: versions of records, each collection with one owner.

Of a change's fields `cursor`, `collection`, `id` and `version` come before `data`: a device that meets a page
beyond its limit asks for one change and reads no further than its head.
"""

from typing import Any, Literal

import msgspec

MAX_PAGE_CHANGES = 500
PAGE_BYTES = 262_144
"""The platform ends a page here; one record may be larger, and then is alone in its page."""
MAX_RECORD_BYTES = 400_000
"""Content of one record. The largest there is by design is a revocation list: 256 KB, 350 KB in base64."""
MAX_PAGE_BYTES = 1_000_000
"""What a device reads of an answer before it gives that page up."""
MAX_WAIT_S = 30
BEAT_S = 2.0
"""While a long poll waits, the platform sends one blank at least so often: some 11 MB a day for
a device's two, with TLS, TCP and acknowledgements."""
SILENCE_S = 3 * BEAT_S
"""Nothing heard for so long means a dead connection."""

LeftOut = Literal["", "too_new", "too_large"]
"""Why a change comes without its content: its shape is newer than the reader knows, or it is too long."""


class AppliedThrough(msgspec.Struct, frozen=True):
    """The last event of a device that this version of a record already contains."""

    device: str
    epoch: int
    seq: int


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One version of one record; `data` is absent when the record was deleted or `left_out`.

    `schema` is the version of the collection's shape that `data` has (`cloud_sync.wire.schemas`).
    """

    cursor: int
    collection: str
    id: str
    version: int
    data: dict[str, Any] | None = None
    deleted: bool = False
    applied_through: AppliedThrough | None = None
    schema: int = 1
    left_out: LeftOut = ""


class FeedPage(msgspec.Struct, frozen=True):
    """Changes after the cursor that was asked for, oldest first; `cursor` is what to ask with next.

    `newest` is the cursor of the site's newest change, so that a reader can say how far it is. A page that
    names another `site` than the reader's is refused as a whole.
    """

    changes: list[Change]
    cursor: int
    more: bool
    newest: int = 0
    site: str = ""
