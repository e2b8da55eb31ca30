"""Tests of the books: each rule by its number, the races, the schema on its own, and the audit."""
