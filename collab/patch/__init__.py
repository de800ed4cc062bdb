"""JSON values and how they change: pointers, patches, differences, rebasing, schemas."""
