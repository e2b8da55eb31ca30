"""The quote, the invoice and the receipt of an order as PDFs: facts become words, words become a page.

Nothing here reads a clock or the settings, and no paper has anything of a student: the same facts give the same bytes.
"""
