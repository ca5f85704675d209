"""A platform of one file: what a site asks of it, and nothing more. docs/connector.md says what and why.

`python docs/examples/connector.py FOLDER SITE DEVICE PORT` makes keys, a token and a database in FOLDER and
serves on loopback; elsewhere a server that ends mutual TLS stands before it. It shares no code with the hub.
Commands, telemetry and payments are parts that a platform may leave out, as this one does.
"""

# fmt: off
import asyncio, cbor2, functools, hashlib, io, json, secrets, sqlite3, sys, time, zstandard
from pathlib import Path
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

EVENTS, LINE_BYTES, BATCH_BYTES, PROTOCOL = 1_000, 66_560, 8 << 20, "Community-Edge-Protocol"
PURPOSES = ("passes", "commands", "contract", "feed", "time", "custody")
TABLES = """
CREATE TABLE IF NOT EXISTS events (device, epoch, seq, hash, line, PRIMARY KEY (device, epoch, seq));
CREATE TABLE IF NOT EXISTS streams (device, epoch, seq, hash, fork, PRIMARY KEY (device, epoch));"""
encode, DEVICE = functools.partial(cbor2.dumps, canonical=True), web.RequestKey("device", str)

class No(Exception):
    """A refusal: its status, its stable code, its details."""

class Connector:
    def __init__(self, folder, site, device):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        raw = {name: kept(folder / f"{name}.key", secrets.token_hex(32)) for name in ("root", *PURPOSES)}
        self.keys = {name: Ed25519PrivateKey.from_private_bytes(bytes.fromhex(raw[name])) for name in raw}
        kept(folder / "root.pub", self.keys["root"].public_key().public_bytes_raw().hex())
        self.tokens = {kept(folder / f"{device}.token", secrets.token_urlsafe(32)): device}
        self.site, self.records = site, folder / "records.ndjson"
        self.db = sqlite3.connect(folder / "platform.db")
        self.db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + TABLES)

    def one(self, query, *values):
        return self.db.execute(query, values).fetchone()
    def newest(self, device):
        return self.one("SELECT epoch, seq, hash, fork FROM streams WHERE device=? ORDER BY 1 DESC", device)
    def has(self, *link):
        query = "SELECT 1 FROM events WHERE (device, seq, hash)=(?,?,?)"
        return link[1] == 0 or self.one(query, *link) is not None
    def sign(self, purpose, payload):
        """COSE_Sign1 (RFC 9052): EdDSA, key id in the protected header, canonical CBOR."""
        protected, body = encode({1: -8, 4: f"{purpose}-1".encode()}), encode(payload)
        signature = self.keys[purpose].sign(encode(["Signature1", protected, b"", body]))
        message = encode(cbor2.CBORTag(18, [protected, {}, body, signature]))
        return web.Response(body=message, content_type="application/cose")

    def read_batch(self, device, raw):
        """Header, lines, hashes, type of the first event; ValueError and KeyError become batch_malformed."""
        first, *lines = raw.rstrip(b"\n").split(b"\n")
        if len(raw) > BATCH_BYTES or len(lines) > EVENTS or any(len(line) > LINE_BYTES for line in lines):
            raise No(413, "batch_too_large")
        head = json.loads(first)
        start, digest, epoch = head["first_seq"], head["previous_hash"], head["epoch"]
        if not len(lines) == head["count"] > 0 or start < 1 or epoch < 1 or len(bytes.fromhex(digest)) != 32:
            raise ValueError("header")
        if head["device"] != device:
            raise No(422, "wrong_stream")
        # The chain goes over the raw bytes, never over parsed JSON.
        hashes = [digest := hashlib.sha256(digest.encode() + line).hexdigest() for line in lines]
        if digest != head["last_hash"]:
            raise No(400, "batch_damaged")
        events = [json.loads(line) for line in lines]
        source = f"/sites/{self.site}/devices/{device}/epochs/{head.get('recorded_epoch') or epoch}"
        if any((event["seq"], event["source"]) != (seq, source) for seq, event in enumerate(events, start)):
            raise ValueError("events")
        return head, lines, hashes, events[0]["type"]

    def take(self, device, head, lines, hashes, first_type):
        """Custody: what is here already must be the same, what is new must follow the head."""
        epoch, first, before = head["epoch"], head["first_seq"], head["previous_hash"]
        query = "SELECT seq, hash FROM events WHERE device=? AND epoch=? AND seq BETWEEN ? AND ? ORDER BY seq"
        mine, last = dict(enumerate(hashes, first)), first + len(lines) - 1
        here = dict(self.db.execute(query, (device, epoch, first, last)))
        newest, seq, digest, fork = self.newest(device) or (0, 0, "0" * 64, None)
        if epoch < newest:  # a closed epoch: only what is here already is acknowledged again
            if here != mine:
                raise No(409, "superseded", {"epoch": newest, "seq": first})
            seq, digest, fork = last, hashes[-1], None
        if epoch > newest:  # a new epoch goes on from an entry that is in custody, and says that it began
            if (newest or epoch == 1) and not self.has(device, first - 1, before):
                fork = No(409, "fork", {"seq": first - 1, "epoch": newest})
                raise fork if first - 1 <= seq else No(409, "gap", {"expected_seq": seq + 1})
            if epoch > 1 and not head.get("recorded_epoch") and ".EpochBegan." not in first_type:
                raise No(422, "epoch_not_begun", {"epoch": epoch})
            seq, digest, fork = first - 1, before, None
        if fork:
            raise No(409, "quarantined", {"seq": seq, "epoch": epoch})
        if first > seq + 1:
            raise No(409, "gap", {"expected_seq": seq + 1})
        broken = [seq] if first == seq + 1 and before != digest else []
        if other := [n for n in here if here[n] != mine[n]] or broken:
            with self.db:  # two histories carry one name: nothing more until a new epoch
                self.one("UPDATE streams SET fork=1 WHERE device=? AND epoch=?", device, epoch)
            raise No(409, "fork", {"seq": other[0], "epoch": epoch})
        if new := [(device, epoch, n, mine[n], lines[n - first]) for n in range(seq + 1, last + 1)]:
            with self.db:  # one transaction, and not a word to the device before its COMMIT
                self.db.executemany("INSERT INTO events VALUES (?,?,?,?,?)", new)
                self.one("REPLACE INTO streams VALUES (?,?,?,?,NULL)", device, epoch, last, hashes[-1])
            seq, digest = last, hashes[-1]
        return {"acknowledged_seq": seq, "epoch": epoch, "hash": digest}

    async def batches(self, request):
        body, encoding = await request.read(), request.headers.get("Content-Encoding", "identity")
        if encoding == "zstd":  # one byte more than is allowed: a bomb costs no memory
            body = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(body)).read(BATCH_BYTES + 1)
        elif encoding != "identity":
            raise No(415, "encoding_unsupported")
        return web.json_response(self.take(request[DEVICE], *self.read_batch(request[DEVICE], body)))

    async def standing(self, request):
        epoch, seq, digest, fork = self.newest(request[DEVICE]) or missing()
        known = self.has(request[DEVICE], int(request.query.get("seq", 0)), request.query.get("hash"))
        answer = {"epoch": epoch, "head_seq": seq, "head_hash": digest, "known": known}
        return web.json_response(answer | {"quarantine": "fork" if fork else None})

    async def checkpoint(self, request):
        epoch, seq, digest, fork = self.newest(request[DEVICE]) or missing()
        if fork:
            raise No(409, "quarantined", {"seq": seq})
        head = {"epoch": epoch, "seq": seq, "hash": digest, "at_ms": time.time_ns() // 1_000_000}
        return self.sign("custody", head | {"site": self.site, "device": request[DEVICE]})

    async def event(self, request):
        query, asked = "SELECT line FROM events WHERE device=? AND epoch=? AND seq=?", request.match_info
        line = self.one(query, request[DEVICE], int(asked["epoch"]), int(asked["seq"])) or missing()
        return web.Response(body=line[0], content_type="application/json")

    async def feed(self, request):
        """A line of the file is a change; a record's next version moves its line to the end."""
        asked = {"cursor": 0, "limit": 200, "wait_s": 0, **request.query}
        cursor, limit, wait_s = (int(asked[name]) for name in ("cursor", "limit", "wait_s"))
        def page():
            changes = map(json.loads, kept(self.records, "").splitlines())
            after = [change for change in changes if change["cursor"] > cursor]
            end = after[:limit][-1]["cursor"] if after else cursor
            return {"changes": after[:limit], "cursor": end, "more": len(after) > limit}
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while wait_s > 0 and not page()["changes"]:  # a blank a second: silence means a dead connection
            wait_s -= 1
            await asyncio.sleep(1)
            await response.write(b" ")
        await response.write(json.dumps(page()).encode())
        return response

    async def time(self, request):
        nonce = (await request.json())["nonce"]
        if not 16 <= len(nonce) <= 64:
            raise ValueError("nonce")
        return self.sign("time", {"nonce": nonce, "at_ms": time.time_ns() // 1_000_000})

    async def keyset(self, request):
        rows = [[f"{p}-1", p, self.keys[p].public_key().public_bytes_raw(), None, None] for p in PURPOSES]
        return self.sign("root", {"document": "edge.keyset.v1", "version": 1, "keys": rows})

    @web.middleware
    async def guard(self, request, handler):
        asked, token = request.match_info, request.headers.get("Authorization", "")
        request[DEVICE] = device = self.tokens.get(token.removeprefix("Bearer "))
        try:
            if "site" in asked and not request.path.endswith(("/time", "/keyset")):
                if device is None:
                    raise No(401, "unauthorized")
                if (asked["site"], asked.get("device", device)) != (self.site, device):
                    raise No(403, "forbidden")
            if request.headers.get(PROTOCOL, "1").split(".")[0] != "1":
                raise No(426, "protocol_unsupported", {"supported": "1"})
            return await handler(request)
        except No as no:
            said = no.args
        except web.HTTPException as error:
            said = error.status, {404: "not_found", 405: "method_not_allowed"}.get(error.status, "malformed")
        except (ValueError, KeyError, TypeError, zstandard.ZstdError):
            said = (422, "batch_malformed") if request.path.endswith("/batches") else (400, "malformed")
        body = dict(zip(("error", "details"), said[1:], strict=False))
        return web.json_response(body, status=said[0], headers={"Accept-Encoding": "zstd, identity"})
async def tell_protocol(request, response):
    response.headers[PROTOCOL] = "1"
def missing():
    raise No(404, "not_found")
def kept(path, text):
    if not path.exists():
        path.touch(0o600)
        path.write_text(text)
    return path.read_text("utf-8")
def build(folder, site, device):
    it, own = Connector(folder, site, device), "/v1/sites/{site}/devices/{device}/"
    app = web.Application(middlewares=[it.guard], client_max_size=BATCH_BYTES + 1024)
    app.on_response_prepare.append(tell_protocol)
    app.add_routes([web.post(own + "batches", it.batches), web.post(own + "time", it.time)])
    app.add_routes([web.get(own + "standing", it.standing), web.get(own + "checkpoint", it.checkpoint)])
    app.router.add_get(own + "epochs/{epoch}/events/{seq}", it.event)
    app.add_routes([web.get("/v1/sites/{site}/feed", it.feed), web.get("/v1/sites/{site}/keyset", it.keyset)])
    return app

if __name__ == "__main__":
    app = build(Path(sys.argv[1]), *sys.argv[2:4])
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[4]), auto_decompress=False)
