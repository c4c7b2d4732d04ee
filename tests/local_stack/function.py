#!/usr/bin/env python3
"""A function that does what its environment says, by the Lambda Runtime API alone."""

import json
import os
import time
import urllib.parse
import urllib.request

RUNTIME = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"


class OutOfStock(Exception):
    pass


def fail(_event):
    raise OutOfStock("nothing left")


def fetch(_event):
    """What is at the URL that this function knows."""
    with urllib.request.urlopen(os.environ["URL"], timeout=5) as response:
        return json.loads(response.read())


def serve(event):
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps({"path": event["rawPath"]})}


def reflect(event):
    """Answers an HTTP API with the event, and with CORS headers of its own."""
    headers = {"content-type": "application/json", "access-control-allow-origin": "*"}
    return {"statusCode": 200, "headers": headers, "body": json.dumps(event)}


def authorize(event):
    effect = "Allow" if event["queryStringParameters"]["token"] == "good" else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {"principalId": "grace", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


def chat(event):
    """Tells back who and where one is; a frame that asks for it is sent by the management API instead."""
    context = event["requestContext"]
    if context["eventType"] != "MESSAGE":
        return {"statusCode": 200}
    if event["body"] == "fail":
        raise ValueError("nobody must see this")
    if context["routeKey"] == "push":
        url = f"{os.environ['URL']}/@connections/{context['connectionId']}"
        with urllib.request.urlopen(urllib.request.Request(url, data=b"pushed", method="POST"), timeout=5):
            pass
    return {"statusCode": 200, "body": json.dumps({"connection": context["connectionId"]})}


def send(text):
    """Sends a message to the queue whose URL this function knows."""
    queue = os.environ["AWS_ENDPOINT_URL"] + urllib.parse.urlparse(os.environ["URL"]).path
    message = urllib.parse.urlencode({"Action": "SendMessage", "MessageBody": text}).encode()
    urllib.request.urlopen(urllib.request.Request(queue, data=message), timeout=5).close()


def answer(_event):
    return {"answer": 42}


def send_and_fail(event):
    send(json.dumps(event))
    raise OutOfStock("nothing left")


def send_slowly(event):
    """Sends the event and the process that handled it."""
    time.sleep(0.2)
    send(json.dumps({"event": event, "process": os.getpid()}))


def reject_poison(event):
    """Sends the names of the batch, and fails if one of them is `poison`."""
    names = [record["dynamodb"]["Keys"]["name"]["S"] for record in event["Records"]]
    send(json.dumps(names))
    if "poison" in names:
        raise OutOfStock("nothing left")


refused = set()


def relay(event):
    """Sends the name of each item that a stream tells of to a queue; reports `again` the first time."""
    failures = []
    for record in event["Records"]:
        change = record["dynamodb"]
        name = change["Keys"]["name"]["S"]
        send(name)
        if name == "again" and name not in refused:
            refused.add(name)
            failures.append({"itemIdentifier": change["SequenceNumber"]})
    return {"batchItemFailures": failures}


def main():
    handle = globals()[os.environ["DOES"]]
    while True:
        with urllib.request.urlopen(f"{RUNTIME}/next") as response:
            request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
            event = json.loads(response.read())
        try:
            kind, answer = "response", handle(event)
        except Exception as error:
            kind, answer = "error", {"errorType": type(error).__name__, "errorMessage": str(error)}
        body = json.dumps(answer).encode()
        urllib.request.urlopen(urllib.request.Request(f"{RUNTIME}/{request_id}/{kind}", data=body, method="POST")).close()


main()
