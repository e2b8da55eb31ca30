"""Managers are told that their license runs low."""
