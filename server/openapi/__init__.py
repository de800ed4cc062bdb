"""The HTTP API as data: a table of operations, and the OpenAPI document and page made from it."""
