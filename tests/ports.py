"""Ports for servers of tests."""

import socket


def free_port():
    """One of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
