"""What MiniStack 1.5.33 does unlike AWS, set right inside its process.

One module for each AWS service, or for one part of it, and one for the server; each patch is one function that says why.
"""

from patches import (
    alarms, archives, asynchronous, buckets, distributions, event_queue, functions, http_api, mail, policies, queues,
    rest_api, rules, schedules, server, sign_in, sockets, streams, topics, workflows,
)

SERVICES = (
    alarms, archives, asynchronous, buckets, distributions, event_queue, functions, http_api, mail, policies, queues,
    rest_api, rules, schedules, server, sign_in, sockets, streams, topics, workflows,
)


def apply() -> None:
    for service in SERVICES:
        service.apply()
