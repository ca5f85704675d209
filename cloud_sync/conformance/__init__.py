"""Proves from outside whether a platform keeps the protocol of docs/protocol.md. See docs/connector.md."""
