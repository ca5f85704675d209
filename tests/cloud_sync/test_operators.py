"""Operators: signing in, the lock-out, what their pages say, and what nobody else gets."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cloud_sync.events import FeedRecordApplied, FeedRecordParked
from cloud_sync.platform import applying
from cloud_sync.platform.__main__ import main
from cloud_sync.platform.erasing import ask_erasure
from cloud_sync.platform.operators import accounts
from cloud_sync.platform.operators.charts import Axis, Point, draw_bars, draw_line, nice_top
from cloud_sync.platform.operators.overview import list_overview
from cloud_sync.platform.telemetry import take
from cloud_sync.wire.telemetry import TelemetryPosting, TelemetrySample
from edge.service.events import AlarmCleared, AlarmRaised
from edge.store.events import PersonErased
from tests.cloud_sync.conftest import DEVICE, SITE, World
from tests.cloud_sync.test_ingest import outgoing, post
from tests.cloud_sync.test_platform import TOML

LOGIN, PASSWORD = "wei", "correct-horse-battery"
Page = tuple[int, str]


async def enlist(world: World) -> None:
    hashed = accounts.HASHER.hash(PASSWORD)
    await world.platform.database.write(
        lambda c: accounts.put_operator(c, LOGIN, hashed, now_ms=world.clock.at_ms)
    )


async def get(world: World, path: str) -> Page:
    async with world.client.get(f"/operator{path}") as answer:
        return answer.status, await answer.text()


async def send(world: World, path: str, origin: str | None = "", **fields: str) -> Page:
    headers = {} if origin is None else {"Origin": origin or world.url}
    async with world.client.post(f"/operator{path}", data=fields, headers=headers) as answer:
        return answer.status, await answer.text()


async def sign_in(world: World, password: str = PASSWORD) -> int:
    return (await send(world, "/login", login=LOGIN, password=password))[0]


@pytest.fixture
async def desk(world: World) -> AsyncIterator[World]:
    """A platform with one operator, who is signed in."""
    await enlist(world)
    assert await sign_in(world) == 200
    yield world


async def test_pages_open_to_a_session_and_to_nobody_else(world: World) -> None:
    await enlist(world)
    for path in ("", f"/sites/{SITE}"):
        status, text = await get(world, path)
        assert status == 401 and "运维登录" in text and SITE not in text, path
    assert await sign_in(world, "wrong-password") == 401
    assert await sign_in(world) == 200
    status, text = await get(world, "")
    assert status == 200 and SITE in text and "和园里" in text
    assert (await get(world, "?lang=en"))[1].count("Heyuan Court") == 1
    assert (await get(world, "/sites/none"))[0] == 404
    assert (await send(world, "/logout"))[0] == 200
    assert (await get(world, ""))[0] == 401


async def test_a_session_ends_by_time_by_another_password_and_with_the_account(desk: World) -> None:
    units = desk.platform.database
    await enlist(desk)
    assert (await get(desk, ""))[0] == 401, "another password ends the session"
    assert await sign_in(desk) == 200
    desk.clock.at_ms += accounts.SESSION_MS
    assert (await get(desk, ""))[0] == 401, "twelve hours later"
    assert await sign_in(desk) == 200
    await units.write(lambda c: accounts.remove_operator(c, LOGIN))
    assert (await get(desk, ""))[0] == 401 and await sign_in(desk) == 401


async def test_the_account_locks_after_failures_and_opens_again(world: World) -> None:
    await enlist(world)
    for _ in range(accounts.FAILURES_ALLOWED):
        assert await sign_in(world, "wrong-password") == 401
    assert await sign_in(world) == 429, "the right password does not open a locked account"
    world.clock.at_ms += accounts.LOCKED_MS + 1
    assert await sign_in(world) == 200
    assert await sign_in(world, "wrong-password") == 401
    assert await sign_in(world) == 200, "a success begins the count anew"
    assert (await send(world, "/login", login="nobody", password="x"))[0] == 401


async def test_forms_are_taken_from_our_own_pages_only(desk: World) -> None:
    for origin in ("http://evil.example", "null", None):
        assert (await send(desk, "/logout", origin))[0] == 403, origin
        assert (await send(desk, "/login", origin, login=LOGIN, password=PASSWORD))[0] == 403
    assert (await get(desk, ""))[0] == 200


async def test_the_page_of_a_site_tells_what_needs_a_person(desk: World) -> None:
    desk.record(2)
    desk.journal(AlarmRaised(alarm="a1", kind="<b>gate</b>", source="gate", detail="forced & open"))
    desk.journal(AlarmRaised(alarm="a2", kind="cell_stuck", source="bank-a", detail=""))
    desk.journal(AlarmCleared(alarm="a2", kind="cell_stuck", source="bank-a"))
    await post(desk, outgoing(desk))
    sample = TelemetrySample(1, 1, desk.clock.at_ms, "holdover", {"uplink_waiting": 7, "battery_percent": 64})
    units = desk.platform.database
    await units.write(lambda c: take(c, DEVICE, TelemetryPosting(0, [sample]), now_ms=desk.clock.at_ms))
    await units.write(
        lambda c: (
            c.execute(
                "INSERT INTO parked (device, epoch, seq, type, reason, attempts, next_ms)"
                " VALUES (?,1,3,'community.edge.AlarmRaised.v1','orders/none',20,?)",
                (DEVICE, 2**50),
            ).rowcount
        )
    )
    await applied(desk)
    status, text = await get(desk, f"/sites/{SITE}")
    assert status == 200
    for words in (
        "&lt;b&gt;gate&lt;/b&gt;",
        "forced &amp; open",
        "自走",
        "orders/none",
        "电池",
        "community-edge/",
    ):
        assert words in text, words
    assert "cell_stuck" not in text and "<b>gate</b>" not in text
    assert text.count('<svg class="chart"') == 3
    row = (await get(desk, ""))[1]
    assert "要人处理" in row
    again = f"/sites/{SITE}/parked/{DEVICE}/1/3/again"
    assert (await send(desk, again))[0] == 200
    await applied(desk)
    assert (await send(desk, again))[0] == 404, "it was applied"


async def test_the_page_of_a_site_tells_what_hubs_could_not_use_and_have_erased(desk: World) -> None:
    units = desk.platform.database
    order = await units.write(lambda c: ask_erasure(c, "res-1203", now_ms=desk.clock.at_ms))
    why = "refers_to_nothing"
    desk.journal(FeedRecordParked(collection="products", record="p<1>", version=3, reason=why))
    await post(desk, outgoing(desk))
    await applied(desk)
    _, text = await get(desk, f"/sites/{SITE}?lang=en")
    for words in ("p&lt;1&gt;", why, order, "a device has not answered"):
        assert words in text, words
    assert "res-1203" not in text
    desk.journal(FeedRecordApplied(collection="products", record="p<1>", version=3))
    desk.journal(PersonErased(reason="erasure", erasure=order, tables=3, rows=7))
    await post(desk, outgoing(desk))
    await applied(desk)
    _, text = await get(desk, f"/sites/{SITE}?lang=en")
    assert f"{DEVICE}: 7 rows" in text and why not in text
    assert "a device has not answered" not in text


async def applied(world: World) -> None:
    """What is in custody was applied, by the platform's own role."""
    for _ in range(2):
        await world.platform.database.write(lambda c: applying.apply_next(c, now_ms=world.clock.at_ms))
        await world.platform.database.write(lambda c: applying.retry_parked(c, now_ms=world.clock.at_ms))


async def test_sites_are_found_and_the_oldest_backlog_comes_first(desk: World) -> None:
    def add(c: Any) -> None:
        for number, site in enumerate(("late", "later", "quiet")):
            c.execute(
                "INSERT INTO sites (id, name_zh, name_en, created_ms) VALUES (?,?,?,0)", (site, site, site)
            )
            c.execute("INSERT INTO devices (id, site, created_ms) VALUES (?,?,0)", (f"d-{site}", site))
            if site == "quiet":
                continue
            at_ms = desk.clock.at_ms - 10**7 * (2 - number)
            c.execute(
                "INSERT INTO streams (site, device, epoch, first_seq, head_seq, head_hash, applied_seq,"
                " last_ms, quarantine) VALUES (?,?,1,1,1,'h',0,?,NULL)",
                (site, f"d-{site}", at_ms),
            )
            c.execute(
                "INSERT INTO events (device, epoch, seq, id, type, at_ms, received_ms, line, hash)"
                " VALUES (?,1,1,?,'t',0,?,?,'h')",
                (f"d-{site}", f"d-{site}-1-1", at_ms, b"{}"),
            )

    def read(c: Any) -> list[list[str]]:
        # In the unit that adds them: the platform's own role would have them applied a moment later.
        add(c)
        now_ms, book = desk.clock.at_ms, desk.platform.presence
        asked: tuple[dict[str, str], ...] = ({}, {"words": "D-LATER"}, {"state": "away"}, {"state": "behind"})
        return [[row.id for row in list_overview(c, book, now_ms=now_ms, **one)] for one in asked]

    everything, found, away, behind = await desk.platform.database.write(read)
    assert everything[:2] == ["late", "later"] and set(everything) == {"late", "later", "quiet", SITE}
    assert found == ["later"] and "quiet" in away and behind == ["late", "later"]
    text = (await get(desk, "?q=D-LATER"))[1]
    assert "/operator/sites/later" in text and f"/operator/sites/{SITE}" not in text


def test_operators_are_made_listed_and_removed_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "platform.toml"
    config.write_text(TOML)
    assert main(["init", "--config", str(config)]) == 0
    capsys.readouterr()

    def run(*words: str) -> tuple[int, list[Any]]:
        status = main(["operator", "--config", str(config), *words])
        return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    status, made = run("add", LOGIN, "--generate")
    assert status == 0 and len(made[0]["password"]) == 23
    assert [one["login"] for one in run("list")[1]] == [LOGIN]
    database = b"".join(file.read_bytes() for file in tmp_path.glob("platform.db*"))
    assert made[0]["password"].encode() not in database
    assert run("remove", LOGIN)[0] == 0 and run("remove", LOGIN)[0] == 1 and run("list")[1] == []
    assert run("add", "Not A Login", "--generate")[0] == 1


def test_charts_draw_what_they_are_given() -> None:
    axis = Axis(0, 100, [(50, "11-22 <")])
    bars = draw_bars([Point(0, 3), Point(50, 0)], axis, step_ms=10, title="a & b")
    assert bars.count('class="bar"') == 1 and "a &amp; b" in bars and "11-22 &lt;" in bars
    line = draw_line([Point(0, 1), Point(10, 2), Point(90, 3)], axis, gap_ms=20, title="t")
    assert line.count("<polyline") == 1 and line.count("<circle") == 1
    assert [nice_top(value) for value in (0, 4, 5, 11, 21, 99, 101)] == [4, 4, 8, 20, 40, 100, 200]
    assert draw_line([], axis, gap_ms=1, title="t").startswith("<svg")
