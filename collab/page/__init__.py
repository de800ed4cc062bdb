"""Landing pages: their HTML without scripts, and the checks before a page is published."""
