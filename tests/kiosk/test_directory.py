"""The service directory: numbers, and the way to a place as a code."""

import pytest

from kiosk.assets import Assets
from kiosk.render import Renderer
from tests.fakes.kiosk_stand import Stand

CODE = "去那里的二维码"


@pytest.fixture
async def stand() -> Stand:
    """A kiosk on paper, at the directory."""
    stand = Stand()
    await stand.do("touch", "open=directory")
    return stand


def shown(stand: Stand) -> str:
    return Renderer(Assets()).fragment(stand.session)


async def test_the_way_to_a_place_is_a_code_for_the_phone(stand: Stand) -> None:
    assert CODE not in shown(stand)
    await stand.do("way=e2")
    assert "社区医院" in shown(stand) and CODE in shown(stand)
    assert "门卫室" not in shown(stand)
    await stand.do("list")
    assert "门卫室" in shown(stand)


async def test_a_place_without_a_way_offers_none(stand: Stand) -> None:
    assert shown(stand).count('data-do="way"') == 2
    await stand.do("way=e1", "way=nothing")
    assert CODE not in shown(stand)


async def test_whoever_comes_next_begins_with_the_list(stand: Stand) -> None:
    await stand.do("way=e2", "home", "open=directory")
    assert CODE not in shown(stand)
