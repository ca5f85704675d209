"""The channels' bill files: gzip or zip around CSV, sums in yuan with decimals, one line a payment or refund.

Columns are found by their names: both channels say that the order may change.
"""

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Literal

from cloud_sync.platform.channels.port import ChannelSilent
from cloud_sync.wire.payments import BillLine
from edge.money import format_yuan, parse_yuan

LIMIT_BYTES = 64 * 1024 * 1024
"""A bill larger than this once unpacked is not a lobby's (about 200,000 lines)."""
SITE_TIME = timezone(timedelta(hours=8))
"""The channels' own time: China, UTC+8 all year."""
_NO_REFUND = ("", "0")


class BillUnreadable(ChannelSilent):
    """The file is not a bill; it is fetched again later."""


def unpack_gzip(packed: bytes) -> bytes:
    """Unpack up to LIMIT_BYTES. Raises BillUnreadable."""
    try:
        with gzip.open(io.BytesIO(packed)) as file:
            content = file.read(LIMIT_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise BillUnreadable("not a gzip file") from error
    return _limited(content)


def unpack_zip(packed: bytes) -> bytes:
    """The detailed file of Alipay's archive; the other one is the sums (汇总). Raises BillUnreadable."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed), metadata_encoding="gbk") as archive:
            names = [name for name in archive.namelist() if name.endswith(".csv") and "汇总" not in name]
            with archive.open(names[0]) as file:
                return _limited(file.read(LIMIT_BYTES + 1))
    except (zipfile.BadZipFile, IndexError, zlib.error, UnicodeDecodeError) as error:
        raise BillUnreadable("not an archive with a bill") from error


def _limited(content: bytes) -> bytes:
    if len(content) > LIMIT_BYTES:
        raise BillUnreadable(f"more than {LIMIT_BYTES} bytes")
    return content


def read_wechat_bill(text: str, payee: str) -> list[BillLine]:
    """Lines of WeChat's bill "ALL": every field begins with `` ` ``, the sums at the end are left out.

    A reversed payment (REVOKED) is a refund without a number. Raises BillUnreadable.
    """
    rows = list(csv.reader(line for line in text.splitlines() if line.strip()))
    return _lines(
        _wechat_line(dict(zip(rows[0], (field.removeprefix("`") for field in row), strict=False)), payee)
        for row in rows[1:]
        if row[0].startswith("`") and len(row) == len(rows[0])
    )


def _wechat_line(row: dict[str, str], payee: str) -> BillLine:
    refund = row["交易状态"] in ("REFUND", "REVOKED")
    amount = (
        row.get("申请退款金额") or row["退款金额"] if refund else row.get("订单金额") or row["应结订单金额"]
    )
    return BillLine(
        channel="wechat",
        payee=payee,
        kind="refund" if refund else "payment",
        attempt=row["商户订单号"],
        refund=row["商户退款单号"] if row["商户退款单号"] not in _NO_REFUND else "",
        amount_yuan=_yuan(amount),
        channel_id=row["微信退款单号"] if refund else row["微信订单号"],
        at_ms=_at_ms(row["交易时间"]),
    )


def read_alipay_bill(text: str, payee: str) -> list[BillLine]:
    """Lines of Alipay's detailed bill: comments begin with #, fields end with blanks, refunds are negative.

    Raises BillUnreadable.
    """
    rows = csv.reader(line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    cleaned = [[field.strip() for field in row] for row in rows]
    if not cleaned:
        return []
    head = [name.replace("(", "（").replace(")", "）") for name in cleaned[0]]
    return _lines(
        _alipay_line(dict(zip(head, row, strict=False)), payee)
        for row in cleaned[1:]
        if len(row) >= len(head) - 1
    )


def _alipay_line(row: dict[str, str], payee: str) -> BillLine:
    kind: Literal["payment", "refund"] = "refund" if row["业务类型"] == "退款" else "payment"
    return BillLine(
        channel="alipay",
        payee=payee,
        kind=kind,
        attempt=row["商户订单号"],
        refund=row["退款批次号/请求号"] if kind == "refund" else "",
        amount_yuan=_yuan(row["订单金额（元）"]),
        channel_id=row["支付宝交易号"],
        at_ms=_at_ms(row["完成时间"]),
    )


def _lines(lines: Iterator[BillLine]) -> list[BillLine]:
    try:
        return list(lines)
    except (KeyError, ValueError) as error:
        raise BillUnreadable(f"a line without {error}") from error


def _yuan(text: str) -> str:
    """A sum as a positive number of yuan with two decimals."""
    return format_yuan(abs(parse_yuan(text)))


def _at_ms(text: str) -> int:
    """Milliseconds of a time of the channels' own clock, UTC+8."""
    return int(datetime.fromisoformat(text).replace(tzinfo=SITE_TIME).timestamp() * 1000)
