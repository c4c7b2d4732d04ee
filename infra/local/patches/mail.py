"""SES."""

import functools
import json
from email.utils import parseaddr

from ministack import app
from ministack.core.responses import get_account_id
from ministack.services import ses, ses_v2


def apply() -> None:
    authorize_sending()


def authorize_sending() -> None:
    """`SendEmail` is authorized for no resource in particular and without condition keys. SES authorizes it for the identity of
    the sender, in the sandbox for those of the recipients, too, and lets policies distinguish senders from recipients.

    https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsimpleemailservicev2.html
    """
    original = app._enforce_ses_v2

    @functools.wraps(original)
    def enforce(method, path, headers, body, query_params, request_id):
        if not app.AUTH or (method, path.rstrip("/")) != ("POST", "/v2/email/outbound-emails"):
            return original(method, path, headers, body, query_params, request_id)
        message = parsed(body)
        scope = f"arn:aws:ses:{app.extract_region(headers, query_params)}:{get_account_id()}"
        for identity in identities(message):
            arn = f"{scope}:identity/{identity}"
            denied = app._enforce_data_plane(
                "sesv2", "ses:SendEmail", headers, query_params, request_id, resource_arn=arn,
                service_context=condition_keys(message), named_resource=arn,
            )
            if denied:
                return denied
        return None

    app._enforce_ses_v2 = enforce


def parsed(body: bytes) -> dict:
    try:
        message = json.loads(body or b"{}")
    except (json.JSONDecodeError, UnicodeDecodeError):
        return {}
    return message if isinstance(message, dict) else {}


def sender(message: dict) -> tuple[str, str]:
    """The sender's display name and address."""
    return parseaddr(message.get("FromEmailAddress") or "")


def recipients(message: dict) -> list[str]:
    destination = message.get("Destination") or {}
    addresses = [destination.get(kind) or [] for kind in ("ToAddresses", "CcAddresses", "BccAddresses")]
    return [parseaddr(address)[1] for address in sum(addresses, [])]


def identities(message: dict) -> list[str]:
    """The identities that a message is authorized for."""
    addresses = [sender(message)[1]]
    if not ses._production_access_enabled():
        addresses += recipients(message)
    return [identity(address) for address in addresses]


def identity(address: str) -> str:
    """The identity of an address: its own, or else that of the nearest domain that has one."""
    known = {*ses._identities, *ses_v2._identities}
    domains = ses._domain_and_parents(address.rpartition("@")[2].lower())
    return address if address in known else next((domain for domain in domains if domain in known), address)


def condition_keys(message: dict) -> dict:
    name, address = sender(message)
    keys = {
        "ses:FromAddress": address,
        "ses:FromDisplayName": name,
        "ses:Recipients": recipients(message),
        "ses:FeedbackAddress": message.get("FeedbackForwardingEmailAddress"),
    }
    return {key: value for key, value in keys.items() if value}
