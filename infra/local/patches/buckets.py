"""S3."""

from ministack.services import lambda_svc, s3

from patches import event_queue, policies


def apply() -> None:
    invoke_functions_they_may_invoke()


def invoke_functions_they_may_invoke() -> None:
    """A notification reaches a function whatever the function's policy says, and by the version behind an alias, whose settings
    for asynchronous events it misses.

    https://docs.aws.amazon.com/lambda/latest/dg/with-s3.html
    """

    def deliver(function, event, bucket_region):
        spec = s3._parse_delivery_notification_target("lambda", function, bucket_region)
        bucket = f"arn:aws:s3:::{event['Records'][0]['s3']['bucket']['name']}"
        if not spec or lambda_svc._get_func_record_for_ref(function)[0] is None:
            s3.logger.warning("S3: function %s of %s does not exist", function, bucket)
        elif not policies.service_may_invoke(function, "s3.amazonaws.com", bucket):
            s3.logger.warning("S3: %s may not invoke %s", bucket, function)
        else:
            event_queue.accept(function, event)

    s3._deliver_event_to_lambda = deliver
