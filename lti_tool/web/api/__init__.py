"""The machine API: JSON for programs that hold a key; every error is a problem detail (RFC 9457)."""
