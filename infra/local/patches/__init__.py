"""What MiniStack 1.5.33 does unlike AWS, set right inside its process.

One module for each AWS service, and one for the server; each patch is one function that says why.
"""

from patches import (
    alarms, archives, functions, mail, policies, queues, rest_api, schedules, server, sign_in, sockets, streams,
    topics, workflows,
)

SERVICES = (
    alarms, archives, functions, mail, policies, queues, rest_api, schedules, server, sign_in, sockets, streams,
    topics, workflows,
)


def apply() -> None:
    for service in SERVICES:
        service.apply()
