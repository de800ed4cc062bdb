"""One open document and those who are in it: sessions, presence, locks, budgets, the tail."""
