"""The switches of the stage: one module a group, listed here in the order of the page."""

from collections.abc import Sequence

from edge.demo.stage.switches.network import network_switches
from edge.demo.stage.switches.port import Reach, Switch


def build_switches(reach: Reach) -> Sequence[Switch]:
    """Every switch of the page."""
    return (*network_switches(reach),)
