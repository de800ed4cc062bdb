"""HTTP/1.1 on a connection, bounded in size and time (RFC 9112); knows no document."""
