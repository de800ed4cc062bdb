"""Landing pages for their readers: HTML without a script, and what to mend before publishing."""
