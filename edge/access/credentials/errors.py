"""Why a credential opens nothing, beside what `edge.trust` and `edge.access.errors` say."""

from edge.errors import Refusal


class RevocationListOld(Refusal):
    """The site has not heard for too long what was revoked; this door then waits for the platform."""

    code = "revocation_list_old"


class CardUnknown(Refusal):
    """No card or fob of this number here, or its time is over."""

    code = "card_unknown"


class CardRevoked(Refusal):
    """The card or fob was reported lost."""

    code = "card_revoked"


class Denied(Refusal):
    """The deny list (黑名单) names whoever showed this."""

    code = "denied"


class RoomPinRefused(Refusal):
    """Room and PIN do not belong together; which of them is wrong is not said."""

    code = "room_pin_refused"


class RoomPinLocked(Refusal):
    """Too many wrong PINs for this room, or at this reader; other ways in stay open."""

    code = "room_pin_locked"


class CredentialUnknown(Refusal):
    """The reader read something that is no credential at a door, such as the barcode of goods."""

    code = "credential_unknown"
