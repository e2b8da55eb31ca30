"""Stripe: its hosted pages, where cards are charged, and the signed messages by which we hear of it."""
