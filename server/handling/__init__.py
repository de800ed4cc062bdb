"""What all HTTP handlers share: the checks of a request, its body, and refusals."""
