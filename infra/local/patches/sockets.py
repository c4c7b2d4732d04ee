"""API Gateway: WebSocket APIs."""

import contextvars
import functools
import json
from datetime import datetime, timezone

from ministack.services import apigateway
from ministack.services.cloudformation import provisioners

# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
MESSAGE_LIMIT_BYTES = 128 * 1024


def apply() -> None:
    take_responses_of_templates()
    answer_where_the_route_says_so()
    answer_handshakes_as_the_function_did()
    refuse_large_frames()
    tell_of_connections_in_the_words_of_aws()
    say_which_way_frames_go()


def take_responses_of_templates() -> None:
    """CloudFormation refuses the responses of routes and integrations, which the API itself takes."""
    provisioners._RESOURCE_HANDLERS |= {
        "AWS::ApiGatewayV2::RouteResponse": handlers(
            "RouteId", apigateway._create_route_response, apigateway._delete_route_response, "routeResponseId"
        ),
        "AWS::ApiGatewayV2::IntegrationResponse": handlers(
            "IntegrationId", apigateway._create_integration_response, apigateway._delete_integration_response,
            "integrationResponseId",
        ),
    }


def handlers(parent: str, create, delete, key: str) -> dict:
    def parent_of(properties):
        # CloudFormation identifies routes as `<API>/<route>`.
        return properties["ApiId"], properties[parent].split("/")[-1]

    def create_response(_logical_id, properties, _stack):
        status, _headers, body = create(*parent_of(properties), provisioners._pascal_to_camel(properties))
        if status >= 400:
            raise ValueError(f"{parent}: {body!r}")
        return json.loads(body)[key], {}

    def delete_response(physical_id, properties):
        delete(*parent_of(properties), physical_id)

    return {"create": create_response, "delete": delete_response}


# The response of the `$connect` function, within the task that serves its connection.
handshake: contextvars.ContextVar[dict] = contextvars.ContextVar("handshake")


def answer_where_the_route_says_so() -> None:
    """What a function returns goes to the client whatever the route says, and so does what a failed function said."""
    original = apigateway._invoke_ws_lambda

    @functools.wraps(original)
    async def invoke(api_id, account_id, region, route, stage, connection_id, event_type, message_id, *rest, **options):
        response = await original(
            api_id, account_id, region, route, stage, connection_id, event_type, message_id, *rest, **options
        )
        if event_type == "CONNECT":
            handshake.set(response or {})
        if event_type != "MESSAGE" or response is None:
            return response
        if int(response.get("statusCode", 200)) in (429, 500, 502):
            return {"body": {"message": "Internal server error", "connectionId": connection_id, "requestId": message_id}}
        return response if route.get("routeResponseSelectionExpression") else None

    apigateway._invoke_ws_lambda = invoke


def answer_handshakes_as_the_function_did() -> None:
    """The function's choice of a subprotocol is dropped, and so is the status by which it refuses."""
    original = apigateway.handle_websocket

    @functools.wraps(original)
    async def handle_websocket(scope, receive, send, *rest, **options):
        token = handshake.set({})
        accepted = False

        async def answer(message):
            nonlocal accepted
            response = handshake.get()
            if message["type"] == "websocket.accept":
                accepted = True
                message = message | {"subprotocol": subprotocol_of(response)}
            elif message["type"] == "websocket.close" and not accepted and "statusCode" in response:
                await apigateway._refuse_ws_handshake(scope, send, int(response["statusCode"]), "Forbidden", "", "")
                return
            await send(message)

        try:
            await original(scope, receive, answer, *rest, **options)
        finally:
            handshake.reset(token)

    apigateway.handle_websocket = handle_websocket


def subprotocol_of(response: dict) -> str | None:
    headers = {name.lower(): value for name, value in (response.get("headers") or {}).items()}
    return headers.get("sec-websocket-protocol")


def refuse_large_frames() -> None:
    """Functions can send frames of any size; what clients send is cut off by the server, in the launcher."""
    original = apigateway.handle_connections_api

    @functools.wraps(original)
    async def handle_connections(method, api_id, stage, connection_id, body, headers):
        if method == "POST" and len(body) > MESSAGE_LIMIT_BYTES:
            refusal = {"Content-Type": "application/json", "x-amzn-ErrorType": "PayloadTooLargeException"}
            return 413, refusal, json.dumps({"message": "Message too long"}).encode()
        return await original(method, api_id, stage, connection_id, body, headers)

    apigateway.handle_connections_api = handle_connections


def tell_of_connections_in_the_words_of_aws() -> None:
    """SDKs cannot read the description of a connection: names begin with a small letter on AWS, and times are texts."""
    original = apigateway.handle_connections_api

    @functools.wraps(original)
    async def handle_connections(method, *rest):
        status, headers, body = await original(method, *rest)
        if method == "GET" and status == 200:
            connection = json.loads(body)
            known = {
                "connectedAt": moment(connection["ConnectedAt"]), "lastActiveAt": moment(connection["LastActiveAt"]),
                "identity": connection["Identity"],
            }
            body = json.dumps(known).encode()
        return status, headers, body

    apigateway.handle_connections_api = handle_connections


def moment(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def say_which_way_frames_go() -> None:
    """The context of a frame lacks its direction, and takes the moment of the frame for that of the connection."""
    original = apigateway._ws_request_context

    @functools.wraps(original)
    def request_context(api_id, route_key, stage, connection_id, *rest):
        context = original(api_id, route_key, stage, connection_id, *rest) | {"messageDirection": "IN"}
        connection = apigateway._ws_connections.get(connection_id)
        if connection is not None:
            context["connectedAt"] = connection["connectedAt"] * 1000
        return context

    apigateway._ws_request_context = request_context
