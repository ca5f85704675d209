"""Numbers of cards and fobs (门禁卡), kept only as a hash under the site's own salt.

The salt makes every site's table worthless at another. It does not make a short number hard to try out for
somebody who holds the hub's database: that is what the file's own protection is for.
"""

import hashlib
import hmac

from edge.errors import Refusal

SALT_BYTES = 32
NUMBER_LIMIT = 32


class NotACard(Refusal):
    """What the reader read is no card number."""

    code = "not_a_card"


def plain_number(number: str) -> str:
    """The number as every reader and every person writes it: capitals and digits, no leading zeros.

    Raises NotACard.
    """
    plain = "".join(one for one in number.upper() if one.isascii() and one.isalnum()).lstrip("0")
    if not 0 < len(plain) <= NUMBER_LIMIT:
        raise NotACard()
    return plain


def card_hash(salt: bytes, number: str) -> str:
    """HMAC-SHA256 under the site's salt over `card:` and the plain number, in hex. Raises NotACard."""
    return hmac.new(salt, f"card:{plain_number(number)}".encode(), hashlib.sha256).hexdigest()


def pickup_hash(salt: bytes, code: str) -> str:
    """HMAC-SHA256 under the site's salt over `pickup:` and the eight digits of a pickup code, in hex."""
    return hmac.new(salt, f"pickup:{code}".encode(), hashlib.sha256).hexdigest()
