"""The state machine of one document: values, patches and pending changes, without any I/O."""
