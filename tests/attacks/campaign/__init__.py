"""Every request that the server describes, at the limit of each of its dimensions."""
