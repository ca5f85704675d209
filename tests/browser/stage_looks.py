"""What a stage can look like: each look changes a made-up state to the end that it says."""

from collections.abc import Callable

from tests.browser.stage_stand import State, both

LONG = both(
    "被拒绝：这条命令用过了（command_replayed），门没有动，日志第 1042 条写着，平台也收到了",
    "refused: this command was used before (command_replayed); the door did not move; entry 1042 says so",
)


def all_is_well(_: State) -> None:
    """As it was made up."""


def nothing_yet(state: State) -> None:
    """The first seconds: no journal, nothing read, nothing checked."""
    state["journal"] = {"entries": [], "waiting": 0, "gaps": 0}
    state["camera"]["said"] = both("", "")
    state["line"] |= {
        "state": "unknown",
        "checked_at_ms": 0,
        "why_unknown": both("刚开始，还没有读到日志。", "It has just begun; no journal was read yet."),
    }


def hub_away(state: State) -> None:
    """The plug is pulled: nobody can say where doors and cells stand."""
    state["health"]["hub"] = "away"
    state["journal"] |= {"waiting": None, "gaps": None}
    state["camera"]["said"] = both("主机不在", "The hub is away")
    state["doors"][0]["world"] = {"open": None, "jammed": None, "cut": None}
    state["line"] |= {
        "state": "unknown",
        "why_unknown": both(
            "主机不在，18:03:12 起没有回答；查到第 1042 条为止。",
            "The hub has not answered since 18:03:12; everything is checked up to entry 1042.",
        ),
    }


def line_red(state: State) -> None:
    """Something is lost, doubled and opened once too often."""
    reasons = [
        {
            "code": "I3",
            **both("同一条开门命令开了两次门", "One open command opened the door twice"),
            "detail": "a",
        },
        {"code": "I1", **both("付了款的销售没有记进日志", "A paid sale is not in the journal"), "detail": ""},
    ]
    counts = {"lost": 1, "doubled": 12, "extra": 1, "other": 1}
    state["line"] |= {"state": "bad", "reasons": reasons} | counts


def everything_broken(state: State) -> None:
    """Every switch that stays is on, one is busy, one cannot be; every door is jammed with its wire cut."""
    for switch in state["switches"]:
        switch["state"] = "off" if switch["one_shot"] else "on"
    named = {switch["id"]: switch for switch in state["switches"]}
    named["power.hub"]["state"], named["other.clock"]["state"] = "busy", "unavailable"
    state["journal"] |= {"waiting": 12_345, "gaps": 3}
    for entry in state["journal"]["entries"]:
        entry.update(LONG)
    for door in state["doors"]:
        door.update(world={"open": True, "jammed": True, "cut": True}, hub="unknown")
    state["doors"][0] |= {"hub": "open", "held_open": True}
    state["camera"]["said"] = LONG


LOOKS: dict[str, Callable[[State], None]] = {
    look.__name__: look for look in (all_is_well, nothing_yet, hub_away, line_red, everything_broken)
}
