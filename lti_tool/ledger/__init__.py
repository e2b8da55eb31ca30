"""The books: pools, accounts and the transfers between them. No LTI, no Flask, no people's names."""
