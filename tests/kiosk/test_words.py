"""Both languages say everything, and every refusal of the product has its words."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import kiosk
from edge.errors import Refusal
from edge.pay.errors import ClaimRefused
from kiosk.banners import BANNERS
from kiosk.explain import SCANS, explanation_of
from kiosk.refusals import REASONS, REFUSALS
from kiosk.words import Text

FOLDER = Path(kiosk.__file__).parent
TEMPLATES = sorted((FOLDER / "templates").glob("*.html"))
CJK = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")
PAIR = re.compile(r'\bw\(\s*"((?:[^"\\]|\\.)*)"\s*,\s*"((?:[^"\\]|\\.)*)"')
PLACE = re.compile(r"\{(\w+)\}")
BOTH_LANGUAGES_ON_PURPOSE = ("屏幕和主机断开了", "正在重新连上，东西都还在", "中文")


def all_refusals() -> Iterator[type[Refusal]]:
    """Every refusal class of the hub; the reference platform is another program with words of its own."""
    for root in ("edge", "devices", "cloud_sync"):
        package = importlib.import_module(root)
        for module in pkgutil.walk_packages(package.__path__, f"{root}."):
            skipped = ("__main__", ".platform", ".simulator", "edge.bench", "edge.commands", "edge.demo")
            if not any(part in module.name for part in skipped):
                importlib.import_module(module.name)
    seen = [Refusal]
    while seen:
        kind = seen.pop()
        yield kind
        seen += [
            sub
            for sub in kind.__subclasses__()
            if not sub.__module__.startswith(("tests", "cloud_sync.platform"))
        ]


def test_every_refusal_code_has_words_in_both_languages() -> None:
    codes = {kind.code for kind in all_refusals()}
    assert len(codes) > 40
    assert codes - set(REFUSALS) == set()


def test_no_words_for_codes_that_do_not_exist() -> None:
    assert set(REFUSALS) - {kind.code for kind in all_refusals()} == set()


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_a_refusal_says_what_happened_and_the_way_on(code: str) -> None:
    for text in REFUSALS[code]:
        assert CJK.search(text.zh) and not CJK.search(text.en)
        assert text.en and not text.en.endswith("!")
    assert REFUSALS[code][1].zh.endswith(("。", "？"))
    assert len(REFUSALS[code][0].zh) <= 20, "a headline is one line"


@pytest.mark.parametrize("key", sorted(REASONS))
def test_a_reason_says_what_happened_and_belongs_to_a_refusal(key: str) -> None:
    assert key.partition(":")[0] in REFUSALS
    for text in REASONS[key]:
        assert CJK.search(text.zh) and not CJK.search(text.en)
    assert len(REASONS[key][0].zh) <= 20, "a headline is one line"


def test_a_refusal_with_a_reason_gets_the_words_of_the_reason() -> None:
    refusal = ClaimRefused(reason="claimed")
    assert explanation_of(refusal).title == REASONS["claim_refused:claimed"][0]
    assert explanation_of(ClaimRefused(reason="new")).title == REFUSALS["claim_refused"][0]


def test_an_unforeseen_refusal_still_gets_words() -> None:
    class Strange(Refusal):
        """Never heard of."""

        code = "never_heard_of"

    assert explanation_of(Strange()).title == REFUSALS["refused"][0]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_say_everything_twice_with_the_same_places(path: Path) -> None:
    source = path.read_text()
    for zh, en in PAIR.findall(source):
        assert zh.strip() and en.strip(), (zh, en)
        assert not CJK.search(en.replace("酱油", "").replace("“", "").replace("”", "")), en
        assert set(PLACE.findall(zh)) >= set(PLACE.findall(en)) - {"h"}, (zh, en)
    rest = PAIR.sub("", re.sub(r"\{#.*?#\}", "", source, flags=re.S))
    for words in BOTH_LANGUAGES_ON_PURPOSE:
        rest = rest.replace(words, "")
    assert not re.search(r"[\u4e00-\u9fff]", rest), "Chinese outside of w()"


def test_banners_and_scans_are_said_in_both_languages() -> None:
    texts: list[Text] = [text for banner in BANNERS.values() for text in (banner.title, banner.body)]
    texts += [text for explanation in SCANS.values() for text in explanation]
    for text in texts:
        assert CJK.search(text.zh) and text.en and not CJK.search(text.en)


def test_a_text_is_filled_in_its_own_language() -> None:
    text = Text("{name}放进篮子了", "{name} is in the basket")
    assert text.say("zh", name=Text("酱油", "Soy sauce")) == "酱油放进篮子了"
    assert text.say("en", name=Text("酱油", "Soy sauce")) == "Soy sauce is in the basket"
    assert Text("100%{x}", "{x}").fill(x=1) == Text("100%1", "1")


def test_braces_in_what_was_filled_in_are_only_text() -> None:
    filled = Text("{name}", "{name}").fill(name="{oops}")
    assert filled.say("zh") == "{oops}"
