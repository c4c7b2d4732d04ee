"""Policies, of users, roles and resources."""

from ministack import app


def apply() -> None:
    count_loopback_as_secure()


def count_loopback_as_secure() -> None:
    """Policies that refuse plain HTTP mean the network; nothing here leaves this machine."""
    original = app.pin_request_origin

    def pin_request_origin(source_ip, _secure_transport):
        original(source_ip, True)

    app.pin_request_origin = pin_request_origin
