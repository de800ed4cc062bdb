"""WebSocket frames and messages (RFC 6455). It knows no documents."""
