"""CloudWatch."""

from ministack.services.cloudformation import provisioners


def apply() -> None:
    take_metric_math()


def take_metric_math() -> None:
    """CloudFormation refuses alarms over several metrics; the first of them has to do, as no alarm goes off here."""
    original = provisioners._cw_metric_alarm_record

    def alarm_record(name, properties):
        metrics = [entry["MetricStat"]["Metric"] for entry in properties.get("Metrics", []) if "MetricStat" in entry]
        if metrics:
            properties = {key: value for key, value in properties.items() if key != "Metrics"}
            properties |= {"Namespace": metrics[0]["Namespace"], "MetricName": metrics[0]["MetricName"], "Statistic": "Sum", "Period": 300}
        return original(name, properties)

    provisioners._cw_metric_alarm_record = alarm_record
