"""Citations, faster: each of them looks up the same few plug-ins of pybtex among all installed packages."""

import functools

import pybtex.plugin


def setup(app):
    pybtex.plugin._load_entry_point = functools.cache(pybtex.plugin._load_entry_point)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
