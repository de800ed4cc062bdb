"""Rights: what a user may do, and in which sections of a document."""
