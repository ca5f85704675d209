from pathlib import Path

import msgspec
import pytest

from edge.config import CORE_SECTIONS, BrokerSettings, Port, Section, SiteSettings, load
from edge.errors import ConfigError

SITE = """\
[site]
id = "heyuanli"
device = "k1"
name_zh = "和园里"
name_en = "Heyuan Court"
"""


class Listener(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    port: Port = 80
    lines: tuple[int, ...] = ()
    broker: BrokerSettings | None = None

    def __post_init__(self) -> None:
        if self.port in self.lines:
            raise ValueError("port is one of the lines")


SECTIONS = {"site": Section(SiteSettings), "listener": Section(Listener, many=True, required=False)}


def faults_of(folder: Path, text: str) -> list[str]:
    path = folder / "site.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, SECTIONS)
    return [str(fault) for fault in caught.value.faults]


def test_sections_come_back_as_their_structs(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(SITE + '[[listener]]\nid = "a"\n[[listener]]\nid = "b"\nlines = [1, 2]\n', "utf-8")
    config = load(path, SECTIONS)
    assert config.one("site", SiteSettings).name_zh == "和园里"
    assert [listener.id for listener in config.many("listener", Listener)] == ["a", "b"]
    assert config.many("listener", Listener)[1].lines == (1, 2)
    assert config.resolve("run/x.sock") == tmp_path / "run/x.sock"
    assert config.resolve("/run/x.sock") == Path("/run/x.sock")


def test_section_that_may_be_left_out_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(SITE, "utf-8")
    config = load(path, SECTIONS)
    assert config.many("listener", Listener) == ()
    with pytest.raises(KeyError):
        config.one("listener", Listener)


def test_all_faults_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    text = '[site]\nid = "HE"\ndevice = "k1"\nname_zh = 5\ncolour = "red"\n\n'
    text += '[[listener]]\nid = "a"\nport = 0\n\n[extra]\n'
    assert faults_of(tmp_path, text) == [
        "line 1: site.name_en: is missing",
        "line 2: site.id: Expected `str` matching regex '^[a-z][a-z0-9-]{0,31}$'",
        "line 4: site.name_zh: Expected `str`, got `int`",
        "line 5: site.colour: unknown key",
        "line 9: listener.0.port: Expected `int` >= 1",
        "line 11: extra: unknown section",
    ]


def test_line_of_a_later_table_is_its_own(tmp_path: Path) -> None:
    text = SITE + '[[listener]]\nid = "a"\n[[listener]]\nid = "b"\nport = "x"\n'
    assert faults_of(tmp_path, text) == ["line 10: listener.1.port: Expected `int`, got `str`"]


def test_nested_table_is_judged_too(tmp_path: Path) -> None:
    text = SITE + '[[listener]]\nid = "a"\n[listener.broker]\nhost = "h"\nuser = "u"\npassword_file = "p"\n'
    assert faults_of(tmp_path, text) == [
        "line 8: listener.0.broker.username: is missing",
        "line 10: listener.0.broker.user: unknown key",
    ]


def test_same_id_twice_is_a_fault(tmp_path: Path) -> None:
    text = SITE + '[[listener]]\nid = "a"\n[[listener]]\nid = "a"\n'
    assert faults_of(tmp_path, text) == ["line 9: listener.1.id: 'a' stands twice"]


def test_struct_may_refuse_a_combination(tmp_path: Path) -> None:
    text = SITE + '[[listener]]\nid = "a"\nport = 7\nlines = [7]\n'
    assert faults_of(tmp_path, text) == ["line 6: listener.0: port is one of the lines"]


def test_table_where_several_are_expected_is_a_fault(tmp_path: Path) -> None:
    text = SITE + '[listener]\nid = "a"\n'
    assert faults_of(tmp_path, text) == ["line 6: listener: write [[listener]], it may stand several times"]


def test_broken_file_names_the_line(tmp_path: Path) -> None:
    [fault] = faults_of(tmp_path, '[site]\nid = "x\n')
    assert fault.startswith("line 2: site.toml: ")


def test_missing_file_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "none.toml", CORE_SECTIONS)


def test_missing_sections_are_told(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text("", "utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, CORE_SECTIONS)
    assert {fault.where for fault in caught.value.faults} == {"site", "broker"}
