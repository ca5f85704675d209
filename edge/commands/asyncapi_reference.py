"""AsyncAPI 3, from the types: what goes over the platform's broker, and every event of a journal."""

import json
from typing import Any

import msgspec

from cloud_sync.wire.clock import COSE_MEDIA_TYPE
from cloud_sync.wire.commands import CommandAnswer, answer_topic, command_topic
from cloud_sync.wire.protocol import PROTOCOL_VERSION
from edge.store.events import Event, cloud_type
from edge.trust.commands import Command

_REF = "#/components/schemas/{name}"
_BATCHES = "/v1/sites/{site}/devices/{device}/batches"


def text() -> str:
    """The whole document as JSON, the same bytes for the same types."""
    return json.dumps(build(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def build() -> dict[str, Any]:
    """The whole document as plain values."""
    from edge.tables import EVENTS

    kinds = sorted(EVENTS, key=lambda event: event.TYPE)
    _, schemas = msgspec.json.schema_components([Command, CommandAnswer, *kinds], ref_template=_REF)
    messages = {kind.TYPE: _event(kind) for kind in kinds}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "community-edge: commands, answers and journal events",
            "version": PROTOCOL_VERSION,
            "description": "Prose: docs/protocol.md and docs/journal.md. HTTP: /openapi.json.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "broker": {
                "host": "broker.example:8883",
                "protocol": "secure-mqtt",
                "protocolVersion": "3.1.1",
                "description": "The platform's broker: QoS 1, clean session, never retained.",
            },
            "platform": {
                "host": "platform.example",
                "protocol": "https",
                "description": "Custody of events.",
            },
        },
        "channels": _channels(messages),
        "operations": _operations(),
        "components": {"messages": {**_moving(), **messages}, "schemas": schemas},
    }


def _channels(events: dict[str, Any]) -> dict[str, Any]:
    place = {"site": {"description": "Id of the site."}, "device": {"description": "Id of the device."}}
    mqtt = {"parameters": place, "servers": [{"$ref": "#/servers/broker"}]}
    return {
        "commands": {**mqtt, "address": command_topic("{site}", "{device}"), "messages": _refs("Command")},
        "answers": {
            **mqtt,
            "address": answer_topic("{site}", "{device}"),
            "messages": _refs("CommandAnswer"),
        },
        "journal": {
            "parameters": place,
            "servers": [{"$ref": "#/servers/platform"}],
            "address": _BATCHES,
            "description": "Lines of a batch after its header, in order of seq, exactly as they were hashed.",
            "messages": _refs(*events),
        },
    }


def _operations() -> dict[str, Any]:
    """What the device does; a platform does the other half of each."""
    words = {
        "commands": ("receive", "Obey a signed command, once."),
        "answers": ("send", "Tell what became of a command."),
        "journal": ("send", "Hand events over into custody."),
    }
    return {
        f"{action}_{channel}": {
            "action": action,
            "channel": {"$ref": f"#/channels/{channel}"},
            "summary": summary,
        }
        for channel, (action, summary) in words.items()
    }


def _moving() -> dict[str, Any]:
    return {
        "Command": {
            "title": "A command",
            "contentType": COSE_MEDIA_TYPE,
            "summary": "COSE_Sign1 of purpose commands, at most 512 bytes; its claims are the schema Command,"
            " by the labels of docs/protocol.md.",
            "payload": {"type": "string", "format": "binary"},
        },
        "CommandAnswer": {
            "title": "What became of a command",
            "contentType": "application/json",
            "payload": {"$ref": _REF.format(name="CommandAnswer")},
        },
    }


def _event(kind: type[Event]) -> dict[str, Any]:
    """A journal event as the CloudEvent that leaves the site."""
    envelope = {
        "actor": {"type": "string"},
        "data": {"$ref": _REF.format(name=kind.__name__)},
        "id": {"type": "string", "description": "device-epoch-counter"},
        "seq": {"type": "integer", "minimum": 1},
        "source": {"type": "string", "description": "/sites/{site}/devices/{device}/epochs/{epoch}"},
        "specversion": {"const": "1.0"},
        "timems": {"type": "integer", "description": "UTC by the trusted clock"},
        "timetrust": {"enum": ["synced", "holdover", "unknown"]},
        "type": {"const": cloud_type(kind.TYPE, kind.VERSION)},
    }
    return {
        "name": cloud_type(kind.TYPE, kind.VERSION),
        "title": kind.TYPE,
        "summary": (kind.__doc__ or "").strip().partition("\n")[0],
        "contentType": "application/cloudevents+json",
        "payload": {"type": "object", "properties": envelope, "required": sorted(envelope)},
    }


def _refs(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/messages/{name}"} for name in names}
