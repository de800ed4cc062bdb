"""The commit loop: requests become one transaction, and what goes wrong is put right."""
