"""Queries: reads. They return frozen dataclasses and never write."""
