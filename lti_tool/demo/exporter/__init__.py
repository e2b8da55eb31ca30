"""A small exporting service: what a program looks like that Creditroll's students are handed on to, by HTTP only."""
