"""API keys: what a key may, where, until it is taken back; and what its text is worth in the database."""

import json
from pathlib import Path
from typing import Any

import pytest

from cloud_sync.platform import api_keys
from cloud_sync.platform.__main__ import main
from tests.cloud_sync.conftest import SITE, World
from tests.cloud_sync.test_ingest import outgoing, post
from tests.cloud_sync.test_platform import TOML

NOTICE = {
    "id": "n1",
    "title_zh": "停水",
    "title_en": "Water off",
    "body_zh": "明天",
    "body_en": "Tomorrow",
    "from_ms": 0,
    "until_ms": 1,
}
Asked = tuple[int, Any]


async def make(world: World, *scopes: str, site: str = SITE) -> tuple[str, str]:
    return await world.platform.database.write(
        lambda c: api_keys.make_key(c, "erp", list(scopes), site=site, now_ms=world.clock.at_ms)
    )


async def ask(world: World, key: str, method: str, path: str, content: object = None) -> Asked:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    body = None if content is None else json.dumps(content).encode()
    answer = await world.client.request(method, f"/api/sites/{path}", data=body, headers=headers)
    raw = await answer.read()
    return answer.status, json.loads(raw) if raw else None


async def test_a_key_opens_its_scopes_at_its_site_and_nothing_else(world: World) -> None:
    world.record(3)
    await post(world, outgoing(world))
    _, reader = await make(world, "events:read")
    _, author = await make(world, "feed:write:notices", site="")
    _, other = await make(world, "figures:read", site="")
    assert (await ask(world, reader, "GET", f"{SITE}/streams"))[1]["streams"][0]["head_seq"] == 3
    status, page = await ask(world, reader, "GET", f"{SITE}/devices/k1/epochs/1/events?after=1&limit=1")
    assert (status, page["seq"], page["more"], page["events"][0]["seq"]) == (200, 2, True, 2)
    assert (await ask(world, other, "GET", f"{SITE}/figures"))[1]["devices"][0]["events"] == 3
    for key, method, path in (
        (reader, "GET", f"{SITE}/figures"),
        (reader, "GET", "elsewhere/streams"),
        (reader, "PUT", f"{SITE}/records/notices/n1"),
        (author, "PUT", f"{SITE}/records/bills/n1"),
        (author, "PUT", f"{SITE}/records/keyset/n1"),
        (author, "GET", f"{SITE}/streams"),
        (other, "GET", "elsewhere/figures"),
    ):
        assert (await ask(world, key, method, path, NOTICE))[0] == 403, (method, path)
    for wrong in ("", "cek_nobody", world.token):
        assert (await ask(world, wrong, "GET", f"{SITE}/streams"))[0] == 401
    assert (await ask(world, reader, "GET", f"{SITE}/devices/k7/epochs/1/events"))[0] == 404


async def test_a_key_is_no_device_and_a_device_no_key(world: World) -> None:
    _, key = await make(world, *api_keys.SCOPES)
    answer = await world.client.get(f"/v1/sites/{SITE}/feed", headers={"Authorization": f"Bearer {key}"})
    assert answer.status == 401
    assert (await ask(world, world.token, "GET", f"{SITE}/figures"))[0] == 401


async def test_a_record_is_authored_once_and_goes_down_the_feed(world: World) -> None:
    _, key = await make(world, "feed:write:notices")
    record = f"{SITE}/records/notices/n1"
    status, change = await ask(world, key, "PUT", record, NOTICE)
    assert (status, change["version"], change["data"]["title_en"]) == (200, 1, "Water off")
    assert (await ask(world, key, "PUT", record, NOTICE))[1] == change
    wrong_ones: tuple[object, ...] = ({"id": "n1"}, {**NOTICE, "id": "n2"}, {**NOTICE, "title_zh": 7}, [])
    for wrong in wrong_ones:
        assert (await ask(world, key, "PUT", record, wrong))[0] == 400, wrong
    assert (await ask(world, key, "DELETE", record))[0] == 204
    assert (await ask(world, key, "DELETE", f"{SITE}/records/notices/n9"))[0] == 404


async def test_a_key_is_taken_back_shows_its_use_and_is_kept_as_a_hash(world: World) -> None:
    key_id, key = await make(world, "figures:read")
    world.clock.at_ms += 5 * api_keys.SHOWN_EVERY_MS
    assert (await ask(world, key, "GET", f"{SITE}/figures"))[0] == 200
    rows = await world.platform.database.read(api_keys.list_keys)
    assert [(row.id, row.used_ms) for row in rows] == [(key_id, world.clock.at_ms)]
    kept = await world.platform.database.read(lambda c: c.execute("SELECT * FROM api_keys").fetchone())
    assert key not in map(str, tuple(kept))
    await world.platform.database.write(lambda c: api_keys.revoke_key(c, key_id, now_ms=world.clock.at_ms))
    assert (await ask(world, key, "GET", f"{SITE}/figures"))[0] == 401


def test_the_command_line_makes_lists_and_takes_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "platform.toml"
    config.write_text(TOML)
    main(["init", "--config", str(config)])
    capsys.readouterr()
    words = ["api-key", "--config", str(config)]
    assert main([*words, "make", "erp", "--scope", "events:read", "--site", SITE]) == 0
    made = json.loads(capsys.readouterr().out)
    assert main([*words, "revoke", made["id"]]) == main([*words, "list"]) == 0
    assert made["key"] not in (listed := capsys.readouterr().out)
    assert json.loads(listed.splitlines()[-1])["revoked_ms"] > 0
    for wrong in (["make", "x"], ["make", "x", "--scope", "root"], ["revoke", "key-1"]):
        assert main([*words, *wrong]) == 1
    assert main([*words, "make", "x", "--scope", "webhooks", "--site", "nowhere"]) == 1


async def test_the_shop_behind_the_app_tells_what_it_sold_in_the_site(world: World) -> None:
    _, key = await make(world, "feed:write:site_sales")
    day = "2026-11-21:shop"
    sold = {"id": day, "date": "2026-11-21", "payee": "shop", "count": 2, "sum_fen": 990}
    for times, version in ((2, 1), (3, 2)):
        status, change = await ask(
            world, key, "PUT", f"{SITE}/records/site_sales/{day}", sold | {"count": times}
        )
        assert (status, change["version"], change["data"]["count"]) == (200, version, times)
    wrong = {"id": day, "date": "2026-11-21", "payee": "shop", "count": "many"}
    assert (await ask(world, key, "PUT", f"{SITE}/records/site_sales/{day}", wrong))[0] == 400
