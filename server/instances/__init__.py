"""Several instances of the server: what they tell each other, and how each follows the others."""
