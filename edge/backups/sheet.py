"""The recovery sheet: one page to print, in Chinese and English, with the key as groups and as a QR."""

import html
from pathlib import Path
from string import Template

import segno

from edge.backups.recovery import RecoveryKey

_PAGE = Path(__file__).with_name("sheet.html")


def make_sheet(key: RecoveryKey, *, site: str, name_zh: str, name_en: str) -> str:
    """The page as HTML that needs no other file."""
    code = segno.make("-".join(key.groups), error="m", micro=False)
    return Template(_PAGE.read_text("utf-8")).substitute(
        site=html.escape(site),
        name_zh=html.escape(name_zh),
        name_en=html.escape(name_en),
        key=key.recipient.name,
        groups="".join(f"<li><b>{n}</b>{group}</li>" for n, group in enumerate(key.groups, 1)),
        qr=code.svg_inline(border=1, scale=4),
    )
