"""The platform as a server and as a program: description, health, pages, command line."""

import json
import re
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloud_sync.platform.__main__ import main
from cloud_sync.platform.app import ROUTES
from cloud_sync.platform.settings import PlatformConfigInvalid, load_settings
from cloud_sync.wire.commands import answer_topic, command_topic
from cloud_sync.wire.errors import CODES
from cloud_sync.wire.examples import EXAMPLES
from tests.cloud_sync.conftest import COMMUNITY, World

DOCUMENT = Path(__file__).parents[2] / "docs" / "protocol.md"
STATIC = Path(__file__).parents[2] / "cloud_sync" / "platform" / "static"
TOML = """\
site = "heyuanli"
name_zh = "和园里"
name_en = "Heyuan Court"
demo = true
[[device]]
id = "k1"
token_file = "keys/k1.token"
"""


async def test_the_description_names_every_route_and_resolves_every_reference(world: World) -> None:
    answer = await world.client.get("/openapi.json")
    document: dict[str, Any] = await answer.json()
    for route in ROUTES:
        assert route.method.lower() in document["paths"][route.path], route.path
    text = json.dumps(document)
    for reference in set(re.findall(r'"#/components/schemas/([^"]+)"', text)):
        assert reference in document["components"]["schemas"], reference


async def test_every_code_that_a_route_names_is_in_the_table() -> None:
    for route in ROUTES:
        for code in route.codes:
            assert code in CODES, (route.path, code)


async def test_health_and_metrics_answer(world: World) -> None:
    assert (await world.client.get("/health")).status == 200
    assert "platform_sales_total 0" in await (await world.client.get("/metrics")).text()


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/v1/sites/heyuanli/feed", 401)])
async def test_every_no_has_a_code(world: World, path: str, status: int) -> None:
    answer = await world.client.get(path)
    assert answer.status == status
    assert (await answer.json())["error"] in CODES


async def test_pages_come_with_a_policy_and_without_inline_script(world: World) -> None:
    for path in ("/", "/phone"):
        answer = await world.client.get(path)
        text = await answer.text()
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert not re.search(r"<script(?![^>]*src=)|style=|\son\w+=", text), path


def test_no_static_file_asks_anyone_else() -> None:
    for file in STATIC.iterdir():
        text = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, file.name
        assert "https://" not in text, file.name


@pytest.mark.parametrize("query", ["cursor=x", "limit=-1", "wait_s=1.5", "cursor=99999999999999999999"])
async def test_a_malformed_parameter_is_a_four_hundred(world: World, query: str) -> None:
    headers = {"Authorization": f"Bearer {world.token}"}
    answer = await world.client.get(f"/v1/sites/heyuanli/feed?{query}", headers=headers)
    assert answer.status == 400


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[]", b'{"attempt":""}', b'{"attempt":"a","amount_fen":-1}']
)
async def test_a_malformed_payment_is_a_four_hundred(world: World, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {world.token}", "Content-Type": "application/json"}
    answer = await world.client.post("/v1/sites/heyuanli/payments", data=body, headers=headers)
    assert answer.status == 400


def test_init_makes_private_files_and_keeps_what_is_there(tmp_path: Path) -> None:
    config = tmp_path / "platform.toml"
    config.write_text(TOML)
    assert main(["init", "--config", str(config)]) == 0
    files = {path: path.read_bytes() for path in (tmp_path / "keys").iterdir()}
    assert len(files) == 11
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)
    assert main(["init", "--config", str(config)]) == 0
    assert {path: path.read_bytes() for path in files} == files


def test_seed_fills_the_feed_and_the_second_time_changes_nothing(tmp_path: Path) -> None:
    from cloud_sync.platform.feed import read_page
    from cloud_sync.platform.settings import load_settings
    from cloud_sync.platform.store.opening import open_database

    config, file = tmp_path / "platform.toml", tmp_path / "community.json"
    config.write_text(TOML)
    file.write_bytes(msgspec.json.encode(COMMUNITY))
    main(["init", "--config", str(config)])

    def cursor() -> int:
        assert main(["seed", "--config", str(config), str(file)]) == 0
        database = open_database(load_settings(config))
        page = database.write_now(lambda c: read_page(c, 0, 500))
        database.close()
        assert {change.collection for change in page.changes} >= {"bills", "orders", "contract", "keyset"}
        return page.cursor

    assert cursor() == cursor()


@pytest.mark.parametrize(
    "community",
    [{"nonsense": []}, {"bills": [{"id": "b"}]}, {"bills": [{}]}, {"revocations": []}],
)
def test_a_wrong_community_is_refused_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], community: dict[str, Any]
) -> None:
    config, file = tmp_path / "platform.toml", tmp_path / "community.json"
    config.write_text(TOML)
    file.write_bytes(msgspec.json.encode(community))
    main(["init", "--config", str(config)])
    assert main(["seed", "--config", str(config), str(file)]) == 1
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "site = 3", TOML + "\nmystery = 1", "[["])
def test_a_wrong_configuration_is_named(tmp_path: Path, text: str) -> None:
    config = tmp_path / "platform.toml"
    config.write_text(text)
    with pytest.raises(PlatformConfigInvalid):
        load_settings(config)


def test_run_without_init_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "platform.toml"
    config.write_text(TOML)
    assert main(["--config", str(config)]) == 1
    assert "run `init` first" in capsys.readouterr().err


async def test_what_is_served_of_events_resolves_and_names_the_topics(world: World) -> None:
    document: dict[str, Any] = await (await world.client.get("/asyncapi.json")).json()
    assert document["asyncapi"] == "3.0.0"
    addresses = {channel["address"] for channel in document["channels"].values()}
    assert {command_topic("{site}", "{device}"), answer_topic("{site}", "{device}")} <= addresses
    for reference in set(re.findall(r'"#/([^"]+)"', json.dumps(document))):
        found: Any = document
        for name in reference.split("/"):
            found = found[name]
    sale = document["components"]["messages"]["SaleSettled"]
    assert sale["payload"]["properties"]["type"]["const"] == sale["name"]


async def test_every_route_is_tagged_and_the_forms_of_the_line_have_examples(world: World) -> None:
    document: dict[str, Any] = await (await world.client.get("/openapi.json")).json()
    tags = {tag["name"] for tag in document["tags"]}
    operations = [one for path in document["paths"].values() for one in path.values()]
    assert all(set(one["tags"]) <= tags and one["tags"] for one in operations)
    page = document["paths"]["/v1/sites/{site}/feed"]["get"]["responses"]["200"]["content"][
        "application/json"
    ]
    assert page["example"] == msgspec.to_builtins(EXAMPLES["feed_page"])
    assert {p["name"] for p in document["paths"]["/v1/sites/{site}/feed"]["get"]["parameters"]} == {
        "site",
        "cursor",
        "limit",
        "wait_s",
        "schemas",
    }
