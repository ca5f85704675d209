"""Forms of the operators' pages: API keys, and what a form says that cannot be taken."""

import re
from collections.abc import AsyncIterator

import pytest

from tests.cloud_sync.conftest import SITE, World
from tests.cloud_sync.test_operators import LOGIN, enlist, get, send, sign_in


@pytest.fixture
async def desk(world: World) -> AsyncIterator[World]:
    """A platform with one operator, who is signed in."""
    await enlist(world)
    assert await sign_in(world) == 200
    yield world


async def ask_with(world: World, key: str) -> int:
    headers = {"Authorization": f"Bearer {key}"}
    async with world.client.get(f"/api/sites/{SITE}/streams", headers=headers) as answer:
        return answer.status


async def test_a_key_is_made_shown_once_and_taken_back(desk: World) -> None:
    status, text = await send(desk, "/keys", name="<accounts>", site=SITE, scope="events:read")
    found = re.search(r"cek_[\w-]+", text)
    assert status == 200 and found is not None and "&lt;accounts&gt;" in text
    assert await ask_with(desk, found[0]) == 200
    listed = (await get(desk, "/keys"))[1]
    assert found[0] not in listed and "&lt;accounts&gt;" in listed
    [revoke] = re.findall(r'action="/operator(/keys/[^"]+/revoke)"', listed)
    assert "已收回" in (await send(desk, revoke))[1]
    assert await ask_with(desk, found[0]) == 401
    assert (await send(desk, "/keys/key-none/revoke"))[0] == 404


@pytest.mark.parametrize(
    ("path", "fields", "mend"),
    [
        ("/keys", {"name": " ", "scope": "webhooks"}, "写上这把密钥给谁用"),
        ("/keys", {"name": "erp"}, "至少选一项权限"),
        ("/keys", {"name": "erp", "scope": "webhooks", "site": "nowhere"}, "没有这个站点"),
        ("/webhooks", {"url": "http://example.com/hook"}, "https://"),
        ("/webhooks", {"url": "https://10.0.0.1/hook"}, "allowed_networks"),
        ("/webhooks", {"url": "https://example.com/hook", "types": "Sale;"}, "像 SaleSettled"),
        (f"/sites/{SITE}/codes", {"device": "k1"}, "device_listener"),
    ],
)
async def test_a_form_that_cannot_be_taken_says_how_to_mend_it(
    desk: World, path: str, fields: dict[str, str], mend: str
) -> None:
    status, text = await send(desk, path, **fields)
    assert status in (400, 409, 422) and mend in text


async def test_a_refused_form_leads_back_to_its_page_and_nowhere_else(desk: World) -> None:
    for before, back in (
        (f"{desk.url}/operator/webhooks?lang=en", "/operator/webhooks"),
        (f"{desk.url}/operator/keys", "/operator/keys"),
        ("http://evil.example/operator/webhooks", "/operator"),
        ("", "/operator"),
    ):
        headers = {"Origin": desk.url, "Referer": before}
        async with desk.client.post("/operator/keys", data={"name": ""}, headers=headers) as answer:
            assert f'<a class="key" href="{back}">' in await answer.text(), before


async def test_after_a_wrong_password_only_the_password_is_typed_again(world: World) -> None:
    await enlist(world)
    status, text = await send(world, "/login", login=LOGIN, password="wrong")
    assert status == 401 and f'name="login" value="{LOGIN}"' in text
