"""What others build: the same work with the libraries and in the ways that their documentation shows."""
