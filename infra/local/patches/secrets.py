"""Secrets Manager."""

import functools
import json

from ministack.services import secretsmanager
from ministack.services.cloudformation import provisioners


def apply() -> None:
    refer_to_secrets_by_their_arn()
    make_up_what_was_asked_for()


def refer_to_secrets_by_their_arn() -> None:
    """A template's reference to a secret is its name, which no policy matches."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]

    @functools.wraps(create)
    def create_secret(*arguments):
        _name, attributes = create(*arguments)
        return attributes["Arn"], attributes

    @functools.wraps(update)
    def update_secret(arn, *rest, **options):
        _name, attributes = update(name_of(arn), *rest, **options)
        return attributes["Arn"], attributes

    @functools.wraps(delete)
    def delete_secret(arn, properties):
        delete(name_of(arn), properties)

    provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"] = handlers | {
        "create": create_secret, "update": update_secret, "delete": delete_secret,
    }


def name_of(arn: str) -> str:
    return next((name for name, secret in secretsmanager._secrets.items() if secret["ARN"] == arn), arn)


def make_up_what_was_asked_for() -> None:
    """What CloudFormation makes up is of all characters, whichever a template excludes."""
    original = provisioners._sm_secret_string

    @functools.wraps(original)
    def secret_string(properties):
        wanted = properties.get("GenerateSecretString")
        if not wanted or properties.get("SecretString"):
            return original(properties)
        status, _headers, body = secretsmanager._get_random_password(wanted)
        made_up = json.loads(body)
        if status >= 400:
            raise ValueError(f"GenerateSecretString: {made_up}")
        password = made_up["RandomPassword"]
        if "SecretStringTemplate" not in wanted:
            return password
        return json.dumps(json.loads(wanted["SecretStringTemplate"]) | {wanted["GenerateStringKey"]: password})

    provisioners._sm_secret_string = secret_string
