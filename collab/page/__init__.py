"""Landing pages for their readers: HTML without a script, and what to fix before publishing."""
