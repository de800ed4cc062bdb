"""JSON values and how they change: pointers, patches, differences, relocation."""
