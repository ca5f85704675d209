"""The HTTP interface of the screen, described."""

from typing import Any

_TEXT = {"schema": {"type": "string"}}
_HOST = {"421": {"description": "Asked for under a name that is not ours"}}
_DOOR = {"name": "door", "in": "path", "required": True, "schema": {"type": "string"}}

OPENAPI: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "community-edge kiosk", "version": "1"},
    "paths": {
        "/": {
            "get": {
                "summary": "The screen",
                "responses": {
                    "200": {"description": "The document", "content": {"text/html": _TEXT}},
                    **_HOST,
                },
            }
        },
        "/ws": {
            "get": {
                "summary": "WebSocket: fragments of the screen out, gestures in; same origin only",
                "responses": {
                    "101": {"description": "Switching to WebSocket"},
                    "400": {"description": "Not a WebSocket request"},
                    "403": {"description": "Another origin"},
                    "503": {"description": "Too many screens"},
                    **_HOST,
                },
            }
        },
        "/gate/{door}/": {
            "get": {
                "summary": "The screen at a door: what its reader said, and why",
                "parameters": [_DOOR],
                "responses": {
                    "200": {"description": "The document", "content": {"text/html": _TEXT}},
                    "404": {"description": "No such door"},
                    **_HOST,
                },
            }
        },
        "/gate/{door}/ws": {
            "get": {
                "summary": "WebSocket: fragments of the door's screen out; same origin only",
                "parameters": [_DOOR],
                "responses": {
                    "101": {"description": "Switching to WebSocket"},
                    "403": {"description": "Another origin"},
                    "404": {"description": "No such door"},
                    "503": {"description": "Too many screens"},
                    **_HOST,
                },
            }
        },
        "/static/{hash}/{name}": {
            "get": {
                "summary": "A static file under the hash of its content",
                "parameters": [
                    {"name": "hash", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}},
                ],
                "responses": {
                    "200": {"description": "The file, for ever"},
                    "404": {"description": "No such file"},
                    **_HOST,
                },
            }
        },
        "/health": {
            "get": {
                "summary": "What is ready and what is away",
                "responses": {
                    "200": {
                        "description": "Ready",
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    },
                    "503": {"description": "Not ready"},
                    **_HOST,
                },
            }
        },
        "/metrics": {
            "get": {
                "summary": "Figures as text, one a line",
                "responses": {"200": {"description": "Figures", "content": {"text/plain": _TEXT}}, **_HOST},
            }
        },
        "/openapi.json": {
            "get": {
                "summary": "This description",
                "responses": {
                    "200": {
                        "description": "OpenAPI",
                        "content": {"application/json": {"schema": {"type": "object"}}},
                    },
                    **_HOST,
                },
            }
        },
    },
}
