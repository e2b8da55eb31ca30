"""Every page in each of its states, on books that look like a term: tried by axe, measured, and made into pictures."""
