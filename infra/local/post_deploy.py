"""Sets what MiniStack's CloudFormation drops from templates: table expiry and request validators.

    python post_deploy.py --endpoint http://127.0.0.1:4566 --region us-east-1 --stage local --assembly cdk.out

Run it after each deploy; it changes only what is not yet as the template says, and prints each change.
"""

import argparse
import json
import re
from pathlib import Path

import botocore.session
from botocore.config import Config


def main() -> None:
    parser = argparse.ArgumentParser(description="Sets what the local CloudFormation drops.")
    for name in ("endpoint", "region", "stage", "assembly"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()

    session = botocore.session.get_session()

    def client(service: str):
        return session.create_client(
            service, region_name=arguments.region, endpoint_url=arguments.endpoint, config=Config(proxies={})
        )

    cloudformation, dynamodb, apigateway = (client(name) for name in ("cloudformation", "dynamodb", "apigateway"))
    for path in sorted(Path(arguments.assembly).glob("*.template.json")):
        service = path.name.removesuffix(".template.json")
        stack = Stack(json.loads(path.read_text()), cloudformation, f"ferrocart-{arguments.stage}-{service}")
        mend_expiry(stack, dynamodb)
        mend_validators(stack, apigateway)
    reach_the_api(f"/ferrocart/{arguments.stage}/edge/api-url", arguments.endpoint, client("ssm"))


class Stack:
    """A template beside the resources that were made of it."""

    def __init__(self, template: dict, cloudformation, name: str) -> None:
        self._resources = template["Resources"]
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
        self._physical_ids = {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for page in pages
            for resource in page["StackResourceSummaries"]
        }

    def of_type(self, resource_type: str) -> dict[str, dict]:
        """Properties by logical id."""
        return {
            logical_id: resource.get("Properties", {})
            for logical_id, resource in self._resources.items()
            if resource["Type"] == resource_type
        }

    def physical_id(self, logical_id: str) -> str:
        return self._physical_ids[logical_id]

    def referenced(self, value: dict) -> str:
        """The id behind `{"Ref": ...}`."""
        return self.physical_id(value["Ref"])


def mend_expiry(stack: Stack, dynamodb) -> None:
    for logical_id, table in stack.of_type("AWS::DynamoDB::Table").items():
        wanted = table.get("TimeToLiveSpecification")
        if wanted is None:
            continue
        name = stack.physical_id(logical_id)
        current = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        if current.get("AttributeName") == wanted["AttributeName"] and current["TimeToLiveStatus"] == "ENABLED":
            continue
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=wanted)
        print(f"expiry of {name} by {wanted['AttributeName']}")


def mend_validators(stack: Stack, apigateway) -> None:
    validators = {
        logical_id: ensure_validator(stack.referenced(validator["RestApiId"]), logical_id, validator, apigateway)
        for logical_id, validator in stack.of_type("AWS::ApiGateway::RequestValidator").items()
    }
    for method in stack.of_type("AWS::ApiGateway::Method").values():
        if "RequestValidatorId" not in method:
            continue
        key = {
            "restApiId": stack.referenced(method["RestApiId"]),
            "resourceId": stack.referenced(method["ResourceId"]),
            "httpMethod": method["HttpMethod"],
        }
        wanted = validators[method["RequestValidatorId"]["Ref"]]
        if apigateway.get_method(**key).get("requestValidatorId") == wanted:
            continue
        change = {"op": "replace", "path": "/requestValidatorId", "value": wanted}
        apigateway.update_method(**key, patchOperations=[change])
        print(f"request validator of {method['HttpMethod']} {key['resourceId']}")


def reach_the_api(parameter: str, endpoint: str, ssm) -> None:
    """The host of the API does not resolve here; functions read its URL from this parameter."""
    url = ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
    host = re.fullmatch(r"https://([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com/(.*)", url)
    if host:
        ssm.put_parameter(Name=parameter, Value=f"{endpoint}/_aws/execute-api/{host[1]}/{host[2]}", Overwrite=True)


def ensure_validator(api_id: str, name: str, validator: dict, apigateway) -> str:
    """The id of the API's validator of that name, which is made if it is missing."""
    for existing in apigateway.get_request_validators(restApiId=api_id)["items"]:
        if existing["name"] == name:
            return existing["id"]
    created = apigateway.create_request_validator(
        restApiId=api_id,
        name=name,
        validateRequestBody=validator.get("ValidateRequestBody", False),
        validateRequestParameters=validator.get("ValidateRequestParameters", False),
    )
    print(f"request validator {name}")
    return created["id"]


if __name__ == "__main__":
    main()
