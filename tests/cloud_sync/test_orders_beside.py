"""Orders on the command line beside a platform that runs on SQLite: it carries them out itself."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp import web

from cloud_sync.platform.__main__ import main
from cloud_sync.platform.app import build_platform, make_runner
from cloud_sync.platform.context import PLATFORM
from cloud_sync.platform.control import listen_for_orders, socket_of
from cloud_sync.platform.enrolment import find_device
from cloud_sync.platform.settings import load_settings
from cloud_sync.platform.store.opening import hold_store
from tests.cloud_sync.test_platform import TOML

LISTENER = "\n[device_listener]\nport = 8093\n"


class Running(NamedTuple):
    """A platform that runs in this process, and its configuration's file."""

    app: web.Application
    config: Path

    async def type(self, *words: str) -> int:
        """A command line of another process, as far as the file's lock goes."""
        return await asyncio.to_thread(main, [words[0], "--config", str(self.config), *words[1:]])


@pytest.fixture
async def running(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Running]:
    config = tmp_path / "platform.toml"
    config.write_text(TOML + LISTENER, "utf-8")
    assert main(["init", "--config", str(config)]) == 0
    settings = load_settings(config)
    with hold_store(settings):
        app = build_platform(settings)
        runner = make_runner(app)
        await runner.setup()
        async with listen_for_orders(app[PLATFORM]):
            capsys.readouterr()
            yield Running(app, config)
        await runner.cleanup()
    assert not socket_of(settings).exists()


async def test_codes_and_revocations_are_carried_out_by_the_platform_that_runs(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await running.type("enrolment-code", "k7") == 0
    code, _, line, _ = capsys.readouterr().out.split("\n")
    assert code.startswith("K7-") and line == f"edge enrol --url https://127.0.0.1:8093 {code}"
    platform = running.app[PLATFORM]
    assert await running.type("revoke-device", "k7") == 0
    found = await platform.database.read(lambda c: find_device(c, "k7"))
    assert found is not None and found.state == "revoked"
    assert await running.type("devices") == 0 and "k7" in capsys.readouterr().out


async def test_keys_operators_and_erasures_too(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ("api-key", "make", "erp", "--scope", "events:read"),
        ("operator", "add", "wei", "--generate"),
        ("operator", "list"),
        ("erase", "r-1"),
    ):
        assert await running.type(*words) == 0, words
    made, added, listed, erasure, _ = capsys.readouterr().out.split("\n")
    assert json.loads(made)["key"].startswith("cek_") and len(json.loads(added)["password"]) == 23
    assert json.loads(listed)["login"] == "wei" and erasure.startswith("e-")


async def test_what_is_refused_says_why(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    for words, why in (
        (("enrolment-code", "Not A Name"), "a lower-case letter"),
        (("revoke-device", "k9"), "device_unknown"),
        (("api-key", "revoke", "key-none"), "no key"),
        (("rotate", "passes"), "a platform runs on it; stop it first"),
        (("run",), "a platform runs on it; stop it first"),
    ):
        assert await running.type(*words) == 1, words
        assert why in capsys.readouterr().err, words


async def test_the_socket_is_for_the_platforms_own_account(running: Running) -> None:
    mode = socket_of(load_settings(running.config)).stat().st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600


async def test_a_socket_that_a_killed_platform_left_is_in_nobodys_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "platform.toml"
    config.write_text(TOML + LISTENER, "utf-8")
    assert main(["init", "--config", str(config)]) == 0
    left = await asyncio.start_unix_server(lambda reader, writer: None, socket_of(load_settings(config)))
    left.close()
    assert socket_of(load_settings(config)).exists()
    assert await asyncio.to_thread(main, ["enrolment-code", "k1", "--config", str(config)]) == 0
    assert "K1-" in capsys.readouterr().out
