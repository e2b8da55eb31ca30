"""Creditroll: a class's credit licence, kept where the class already is."""
