"""Policies, of users, roles and resources."""

from contextvars import ContextVar

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.arn import parse_arn
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam, lambda_svc


def apply() -> None:
    count_loopback_as_secure()


def count_loopback_as_secure() -> None:
    """Policies that refuse plain HTTP mean the network; nothing here leaves this machine. Services that act without a request,
    such as Lambda with an asynchronous event, count as plain HTTP, too.
    """
    original = app.pin_request_origin
    iam_evaluator._request_origin = ContextVar("request_origin", default=("127.0.0.1", True))

    def pin_request_origin(source_ip, _secure_transport):
        original(source_ip, True)

    app.pin_request_origin = pin_request_origin


def service_may_invoke(function: str, service: str, source: str) -> bool:
    """Whether the function's policy lets a service invoke it for one of the account's resources. Like the policies of queues
    and topics it counts only while policies are checked.

    https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
    """
    if not app.AUTH:
        return True
    found = lambda_svc.function_policy_for_arn(function)
    if found is None:
        return False
    context = iam_evaluator.EvalContext(
        principal_arn="*", principal_type="Service", principal_account="", action="lambda:InvokeFunction",
        resource_arn=function, region=get_region(),
        service_context={"aws:sourcearn": source, "aws:sourceaccount": get_account_id()},
    )
    return iam_evaluator.evaluate_resource_policy(found[0], context, service=service).decision == "Allow"


def role_may(role: str, action: str, resource: str) -> bool:
    """Whether a service that acts in a role may do something, by the policies of the role and of the resource."""
    if not app.AUTH:
        return True
    account, name = get_account_id(), role.rsplit("/", 1)[-1]
    context = iam_evaluator.EvalContext(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{name}/service", principal_type="AssumedRole",
        principal_account=account, action=action, resource_arn=resource, region=get_region(),
    )
    limits = iam_evaluator._permissions_boundary(iam._roles, name, account)
    result = iam_evaluator.evaluate(context, iam_evaluator._gather_role_policies(name, account), *limits)
    found = iam_evaluator._resource_policy(parse_arn(resource).service, resource)
    if found is not None:
        result = iam_evaluator.combine_resource_policy(result, context, *found, limits=tuple(limits))
    return result.decision == "Allow"
