"""The floor of `checkout`: the rows of one sale written by hand with plain sqlite3, and nothing else.

Same settings of the database, same rows with the same texts, same chain of hashes; no checks, no triggers, no
second index on anything, one thread.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from edge.bench import till
from edge.money import PPM
from edge.store.connections import open_writer

_SCHEMA = """
CREATE TABLE products (id TEXT PRIMARY KEY, name_zh TEXT, name_en TEXT, price INTEGER, payee TEXT)
    WITHOUT ROWID;
CREATE TABLE promotions (id TEXT PRIMARY KEY, threshold INTEGER, saving INTEGER) WITHOUT ROWID;
CREATE TABLE contracts (version INTEGER PRIMARY KEY, points_ppm INTEGER);
CREATE TABLE lots (id INTEGER PRIMARY KEY, sku TEXT UNIQUE, lot TEXT, expires_on TEXT, on_hand INTEGER);
CREATE TABLE stock_moves (seq INTEGER PRIMARY KEY, lot INTEGER, quantity INTEGER, reason TEXT, source TEXT);
CREATE TABLE orders (key INTEGER PRIMARY KEY, state TEXT, at_ms INTEGER, receipt INTEGER, body TEXT);
CREATE TABLE attempts (key INTEGER PRIMARY KEY, order_id TEXT, payee TEXT, amount INTEGER, channel TEXT,
    state TEXT, qr TEXT, expires_at_ms INTEGER, channel_id TEXT, created_at_ms INTEGER,
    changed_at_ms INTEGER);
CREATE TABLE postings (source INTEGER, line INTEGER, account INTEGER, amount INTEGER,
    PRIMARY KEY (source, line)) WITHOUT ROWID;
CREATE TABLE balances (account INTEGER PRIMARY KEY, fen INTEGER);
CREATE TABLE receipts (number INTEGER PRIMARY KEY, order_id TEXT, attempt_id TEXT, purpose TEXT, payee TEXT,
    total INTEGER, business_date TEXT, at_ms INTEGER, trust TEXT, body BLOB);
CREATE TABLE journal (seq INTEGER PRIMARY KEY, id TEXT, type TEXT, version INTEGER, at_ms INTEGER, trust TEXT,
    actor TEXT, body BLOB, previous_hash BLOB, hash BLOB);
"""
_EPOCH_KEY = 1 << 40
_BUSINESS_DATE = "2026-11-22"
_encode = msgspec.json.Encoder(order="sorted").encode

Line = tuple[str, str, str, int, int, int]
"""Number, Chinese name, English name, quantity, price, lot."""


class LeanTill:
    """One sale after another; each step expects to stand in a transaction of the caller."""

    def __init__(self, path: Path) -> None:
        self.connection = open_writer(path)
        self._counter = 0
        self._seq = 0
        self._hash = bytes(32)
        self._lines: list[Line] = []
        self._payee = ""
        self._total = self._gross = self._saving = self._points = 0
        self._order = self._attempt = 0
        self._fill()

    def close(self) -> None:
        """Let the file go."""
        self.connection.close()

    def commit(self, *steps: Callable[[], None]) -> None:
        """Run steps in one transaction."""
        self.connection.execute("BEGIN IMMEDIATE")
        for step in steps:
            step()
        self.connection.execute("COMMIT")

    def steps(self, sale: int) -> tuple[Callable[[], None], ...]:
        """Place, request, show, settle: the steps of the nth sale."""
        chosen = till.choose(sale)
        return (lambda: self._place(chosen), self._request, self._show, self._settle)

    def _place(self, chosen: Sequence[tuple[int, int]]) -> None:
        execute, gross, lines = self.connection.execute, 0, []
        for number, quantity in chosen:
            sku = till.sku_of(number)
            name_zh, name_en, price, self._payee = execute(
                "SELECT name_zh, name_en, price, payee FROM products WHERE id = ?", (sku,)
            ).fetchone()
            (lot,) = execute("SELECT id FROM lots WHERE sku = ? AND on_hand >= ?", (sku, quantity)).fetchone()
            gross += price * quantity
            lines.append((sku, name_zh, name_en, quantity, price, lot))
        (saving,) = execute("SELECT max(saving) FROM promotions WHERE threshold <= ?", (gross,)).fetchone()
        (points_ppm,) = execute("SELECT points_ppm FROM contracts ORDER BY version DESC LIMIT 1").fetchone()
        self._lines, self._gross, self._saving = lines, gross, saving or 0
        self._total = gross - self._saving
        self._points = self._total * points_ppm // PPM
        self._order = self._next()
        body = _encode({"kiosk": till.DEVICE, "resident": till.RESIDENT, "lines": lines, **self._sums()})
        execute(
            "INSERT INTO orders VALUES (?, 'placed', ?, NULL, ?)", (self._order, _now_ms(), body.decode())
        )
        placed = {"kiosk": till.DEVICE, "payee": self._payee, "total_fen": self._total}
        self._record("OrderPlaced", "kiosk", {"order_id": _text(self._order), **placed})

    def _request(self) -> None:
        self._attempt, now_ms = self._next(), _now_ms()
        self.connection.execute(
            "INSERT INTO attempts VALUES (?, ?, ?, ?, 'wechat', 'created', '', NULL, '', ?, ?)",
            (self._attempt, _text(self._order), self._payee, self._total, now_ms, now_ms),
        )
        asked = {"purpose": "sale", "payee": self._payee, "amount_fen": self._total, "channel": "wechat"}
        self._record("PaymentRequested", "pay", {**self._ids(), **asked})

    def _show(self) -> None:
        now_ms = _now_ms()
        self.connection.execute(
            "UPDATE attempts SET state = 'sent', qr = ?, expires_at_ms = ?, changed_at_ms = ? WHERE key = ?",
            (till.QR, now_ms + 60_000, now_ms, self._attempt),
        )

    def _settle(self) -> None:
        execute, now_ms = self.connection.execute, _now_ms()
        execute(
            "UPDATE attempts SET state = 'paid', channel_id = ?, changed_at_ms = ? WHERE key = ?",
            (till.CHANNEL_ID, now_ms, self._attempt),
        )
        paid = {"amount_fen": self._total, "channel": "wechat", "channel_id": till.CHANNEL_ID, "late": False}
        self._record("PaymentPaid", "pay", {**self._ids(), **paid, "payee": self._payee})
        for _, _, _, quantity, _, lot in self._lines:
            execute("UPDATE lots SET on_hand = on_hand - ? WHERE id = ?", (quantity, lot))
            execute(
                "INSERT INTO stock_moves(lot, quantity, reason, source) VALUES (?, ?, 'sold', ?)",
                (lot, -quantity, _text(self._order)),
            )
        amounts = (self._total, -self._gross, self._saving, self._points, -self._points)
        posted = [(self._order, line, line, amount) for line, amount in enumerate(amounts, 1) if amount]
        self.connection.executemany("INSERT INTO postings VALUES (?, ?, ?, ?)", posted)
        self.connection.executemany(
            "INSERT INTO balances VALUES (?, ?) ON CONFLICT DO UPDATE SET fen = fen + excluded.fen",
            [(account, amount) for _, _, account, amount in posted],
        )
        self._finish(now_ms)

    def _finish(self, now_ms: int) -> None:
        shown = [(zh, en, price * count, count, price) for _, zh, en, count, price, _ in self._lines]
        ids = (_text(self._order), _text(self._attempt))
        number = self.connection.execute(
            "INSERT INTO receipts VALUES (NULL, ?, ?, 'sale', ?, ?, ?, ?, 'synced', ?)",
            (
                *ids,
                self._payee,
                self._total,
                _BUSINESS_DATE,
                now_ms,
                _encode({"lines": shown, **self._sums()}),
            ),
        ).lastrowid
        self.connection.execute(
            "UPDATE orders SET state = 'paid', receipt = ? WHERE key = ?", (number, self._order)
        )
        lines = [
            {"sku": sku, "quantity": count, "price_fen": price, "net_fen": price * count}
            for sku, _, _, count, price, _ in self._lines
        ]
        sold = {"kiosk": till.DEVICE, "resident": till.RESIDENT, "lines": lines, "receipt": number}
        day = {"business_date": _BUSINESS_DATE}
        self._record("SaleSettled", "kiosk", {**self._ids(), **self._sums(), **sold, **day})

    def _sums(self) -> dict[str, object]:
        return {
            "payee": self._payee,
            "gross_fen": self._gross,
            "saving_fen": self._saving,
            "total_fen": self._total,
            "points": self._points,
            "promotion_id": "p1",
            "contract_version": 1,
        }

    def _ids(self) -> dict[str, object]:
        return {"order_id": _text(self._order), "attempt_id": _text(self._attempt)}

    def _record(self, kind: str, actor: str, event: dict[str, object]) -> None:
        self._seq += 1
        identity, now_ms, body = _text(self._next()), _now_ms(), _encode(event)
        line = b'{"actor":"%b","data":%b,"id":"%b","seq":%d,"source":"/sites/%b/devices/%b/epochs/1",' % (
            actor.encode(), body, identity.encode(), self._seq, till.SITE.encode(), till.DEVICE.encode()
        )  # fmt: skip
        line += b'"specversion":"1.0","timems":%d,"timetrust":"synced","type":"%b"}' % (now_ms, kind.encode())
        previous = self._hash
        self._hash = hashlib.sha256(previous.hex().encode() + line).digest()
        self.connection.execute(
            "INSERT INTO journal VALUES (?, ?, ?, 1, ?, 'synced', ?, ?, ?, ?)",
            (self._seq, identity, kind, now_ms, actor, body, previous, self._hash),
        )

    def _next(self) -> int:
        self._counter += 1
        return _EPOCH_KEY | self._counter

    def _fill(self) -> None:
        self.connection.executescript(_SCHEMA)
        numbers = range(till.PRODUCTS)
        with self.connection:
            self.connection.executemany(
                "INSERT INTO products VALUES (?, '古法酱油', 'Soy sauce', ?, 'shop')",
                [(till.sku_of(number), till.price_fen_of(number)) for number in numbers],
            )
            self.connection.executemany(
                "INSERT INTO lots(sku, lot, expires_on, on_hand) VALUES (?, 'L1', '2099-08-30', ?)",
                [(till.sku_of(number), till.PIECES) for number in numbers],
            )
        self.connection.execute(
            "INSERT INTO promotions VALUES ('p1', ?, ?)", (till.THRESHOLD_FEN, till.SAVING_FEN)
        )
        self.connection.execute("INSERT INTO contracts VALUES (1, ?)", (till.POINTS_PPM,))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _text(key: int) -> str:
    return f"{till.DEVICE}-1-{key & (_EPOCH_KEY - 1)}"
