"""CloudFront: distributions are reached by HTTP at `<label>.cloudfront.localhost`, a name that browsers resolve by themselves.

Inside the local AWS a site keeps the origin that it has on AWS, `https://<label>.cloudfront.net`, whichever port it is reached on.
"""

import contextvars
import functools
import os
import re

from ministack import app
from ministack.core import iam_evaluator
from ministack.services import cloudfront

HOST = re.compile(r"^([a-z0-9]+)\.cloudfront\.(?:net|localhost)(?::\d+)?$")
ORIGIN_HERE = re.compile(r"^http://([a-z0-9]+)\.cloudfront\.localhost:\d+$")
# The hosts of APIs and user pools, as a content security policy names them.
API_OR_USER_POOL = re.compile(r"(http|ws)s://(?:\*\.execute-api|cognito-idp)\.[a-z0-9-]+\.amazonaws\.com")


def apply() -> None:
    app._CLOUDFRONT_HOST_RE = HOST
    take_http_for_https()
    read_buckets_by_https()
    allow_connections_to_hosts_here()
    show_apis_the_origin_on_aws()


def take_http_for_https() -> None:
    """A distribution that redirects to HTTPS cannot be reached: there is no TLS here."""
    cloudfront._check_viewer_protocol_policy = lambda *arguments: None


def read_buckets_by_https() -> None:
    """Bucket policies that refuse plain HTTP refuse CloudFront, which reads a bucket as its viewers read the distribution.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-https-cloudfront-to-s3-origin.html
    """
    original = cloudfront._serve_s3_origin

    @functools.wraps(original)
    def serve(*arguments):
        # In a context of its own: the request goes on as it came.
        return contextvars.copy_context().run(serve_by_https, *arguments)

    def serve_by_https(*arguments):
        iam_evaluator.pin_request_origin("127.0.0.1", True)
        return original(*arguments)

    cloudfront._serve_s3_origin = serve


def allow_connections_to_hosts_here() -> None:
    """A content security policy names hosts of AWS; APIs and user pools are reached at this one."""
    original = cloudfront._apply_response_headers_policy

    @functools.wraps(original)
    def apply_policy(*arguments):
        headers = original(*arguments)
        policy = headers.get("content-security-policy", "")
        here = API_OR_USER_POOL.sub(rf"\1://127.0.0.1:{os.environ['GATEWAY_PORT']}", policy)
        return headers | {"content-security-policy": here} if policy else headers

    cloudfront._apply_response_headers_policy = apply_policy


def show_apis_the_origin_on_aws() -> None:
    """The template of an API allows the origin that a site has on AWS; browsers send, and expect, the one that it has here."""
    original = app._handle_execute_api_request

    @functools.wraps(original)
    async def handle(host, path, method, headers, *rest, **options):
        here = headers.get("origin", "")
        label = ORIGIN_HERE.match(here)
        if not label:
            return await original(host, path, method, headers, *rest, **options)
        on_aws = f"https://{label[1]}.cloudfront.net"
        response = await original(host, path, method, headers | {"origin": on_aws}, *rest, **options)
        if response is None:
            return None
        status, answered, body = response
        allowed = {name: here for name, value in answered.items() if is_origin(name) and value in (on_aws, [on_aws])}
        return status, answered | allowed, body

    def is_origin(name):
        return name.lower() == "access-control-allow-origin"

    app._handle_execute_api_request = handle
