"""Shapes of the phone's API."""

from typing import Annotated, Any

import msgspec


class Persona(msgspec.Struct, frozen=True):
    """Somebody whom the demo's login offers."""

    subject: str
    name: str
    room: str


class Login(msgspec.Struct, frozen=True):
    """The demo's login: by pseudonym, without a secret."""

    subject: Annotated[str, msgspec.Meta(max_length=64)]


class DoorView(msgspec.Struct, frozen=True):
    """A door that the person may open."""

    id: str
    name_zh: str
    name_en: str


class Profile(msgspec.Struct, frozen=True):
    """Who the phone belongs to."""

    subject: str
    name: str
    room: str
    site: str
    site_zh: str
    site_en: str
    doors: list[DoorView]
    camera_url: str
    is_owner: bool = True


class OrderView(msgspec.Struct, frozen=True):
    """An order or parcel with its cells; the pass and the 8-digit code while it lies there."""

    id: str
    state: str
    cells: list[dict[str, Any]]
    pass_text: str | None
    code: str = ""
    kind: str = "order"
    overdue_ms: int = 0


class CertificateRequest(msgspec.Struct, frozen=True):
    """The public key that the phone made: 32 raw bytes in base64."""

    public_key: Annotated[str, msgspec.Meta(max_length=64)]


class Certificate(msgspec.Struct, frozen=True):
    """The holder certificate, base64 of a COSE_Sign1, and when it ends."""

    certificate: str
    expires_ms: int
    now_ms: int


class CommandTicket(msgspec.Struct, frozen=True):
    """The command that was sent; what became of it is asked for by id."""

    command: str
