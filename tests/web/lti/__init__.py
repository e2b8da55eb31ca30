"""The LMSs' addresses, as an LMS and a browser meet them."""
