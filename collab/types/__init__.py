"""How JSON lies in Yjs types: the layout, the places, and what one write did."""
