"""Documents as archives: exported, imported, and repaired from what is left of them."""
