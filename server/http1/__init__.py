"""HTTP/1.1 on a connection, with limits on size and time (RFC 9112). It knows no documents."""
