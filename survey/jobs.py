"""Jobs: the queue between the web and the worker, and what the worker does on its own.

Nothing here computes: each task calls one service. Heavy libraries are only imported inside a
short-lived child process, so that their memory is given back.
"""
