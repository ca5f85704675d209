"""The switches of the stage: one module a group, listed here in the order of the page."""

from collections.abc import Sequence

from edge.demo.stage.switches.attack import attack_switches
from edge.demo.stage.switches.broker import broker_switches
from edge.demo.stage.switches.door import door_switches
from edge.demo.stage.switches.hardware import hardware_switches
from edge.demo.stage.switches.network import network_switches
from edge.demo.stage.switches.other import other_switches
from edge.demo.stage.switches.overhearing import Ear
from edge.demo.stage.switches.port import Reach, Switch
from edge.demo.stage.switches.power import power_switches


def build_switches(reach: Reach, ear: Ear) -> Sequence[Switch]:
    """Every switch of the page; `ear` hears the commands that the attacks send again."""
    return (
        *network_switches(reach),
        *broker_switches(reach),
        *power_switches(reach),
        *door_switches(reach),
        *hardware_switches(reach),
        *attack_switches(reach, ear),
        *other_switches(reach),
    )
