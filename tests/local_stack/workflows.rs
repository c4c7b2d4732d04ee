//! Step Functions: executions survive a restart, and fail with the error names that their
//! definitions catch.

use serde_json::{Value, json};

use crate::local_aws::{LocalAws, eventually, function};

/// Two workflows: one sends a message and waits, the other calls a function that fails.
fn deployed(aws: &LocalAws) -> Machines {
    let ask = json!({ "QueryLanguage": "JSONata", "StartAt": "Remember", "States": {
        "Remember": { "Type": "Pass", "Assign": { "order": "{% $states.input.order %}" }, "Next": "Ask" },
        "Ask": {
            "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "TimeoutSeconds": 60,
            "Arguments": { "QueueUrl": "${Queue}", "MessageBody": { "token": "{% $states.context.Task.Token %}" } },
            "Retry": [{ "ErrorEquals": ["Again"], "IntervalSeconds": 60, "MaxDelaySeconds": 1, "JitterStrategy": "FULL" }],
            "Next": "Rest",
        },
        "Rest": { "Type": "Wait", "Seconds": 1, "Next": "Done" },
        "Done": { "Type": "Succeed", "Output": {
            "order": "{% $order %}", "answer": "{% $states.input %}", "input": "{% $states.context.Execution.Input %}",
        } },
    } });
    let fail = json!({ "QueryLanguage": "JSONata", "StartAt": "Fail", "States": {
        "Fail": {
            "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "TimeoutSeconds": 60,
            "Arguments": { "FunctionName": "${Function}", "Payload": { "token": "{% $states.context.Task.Token %}" } },
            "Catch": [{ "ErrorEquals": ["OutOfStock"], "Output": "{% $states.errorOutput.Error %}", "Next": "Done" }],
            "Next": "Done",
        },
        "Done": { "Type": "Succeed" },
    } });
    let machine = |definition: &Value| {
        json!({ "Type": "AWS::StepFunctions::StateMachine", "Properties": {
            "RoleArn": { "Fn::GetAtt": ["Role", "Arn"] }, "DefinitionString": definition.to_string(),
            "DefinitionSubstitutions": { "Queue": { "Ref": "Queue" }, "Function": { "Fn::GetAtt": ["Function", "Arn"] } },
        } })
    };
    let resources = json!({
        "Queue": { "Type": "AWS::SQS::Queue" },
        "Function": function("fail", &json!("")),
        "Ask": machine(&ask),
        "Fail": machine(&fail),
    });
    let outputs = json!({ "Queue": { "Ref": "Queue" }, "Ask": { "Ref": "Ask" }, "Fail": { "Ref": "Fail" } });
    let outputs = aws.deploy(&resources, &outputs);
    Machines { ask: outputs["Ask"].clone(), fail: outputs["Fail"].clone(), queue: outputs["Queue"].clone() }
}

struct Machines {
    ask: String,
    fail: String,
    queue: String,
}

impl LocalAws {
    fn states(&self, operation: &str, input: &Value) -> Result<Value, String> {
        self.call("states", &format!("AWSStepFunctions.{operation}"), input)
    }

    fn start_execution(&self, machine: &str, name: &str, order: u32) -> Result<String, String> {
        let input = json!({ "order": order }).to_string();
        let started = self
            .states("StartExecution", &json!({ "stateMachineArn": machine, "name": name, "input": input }))?;
        Ok(started["executionArn"].as_str().unwrap().to_owned())
    }

    /// The token in the queue's next message.
    fn token(&self, machines: &Machines) -> String {
        let input = json!({ "QueueUrl": machines.queue, "WaitTimeSeconds": 20 });
        let received = self.call("sqs", "AmazonSQS.ReceiveMessage", &input).unwrap();
        let message = &received["Messages"][0];
        let delete = json!({ "QueueUrl": machines.queue, "ReceiptHandle": message["ReceiptHandle"] });
        self.call("sqs", "AmazonSQS.DeleteMessage", &delete).unwrap();
        let body: Value = serde_json::from_str(message["Body"].as_str().unwrap()).unwrap();
        body["token"].as_str().unwrap().to_owned()
    }

    fn answer(&self, token: &str) -> Result<Value, String> {
        self.states("SendTaskSuccess", &json!({ "taskToken": token, "output": "\"yes\"" }))
    }

    /// The status and the output of a finished execution.
    fn end_of(&self, execution: &str) -> (String, Value) {
        eventually("the end of the execution", || {
            let described = self.states("DescribeExecution", &json!({ "executionArn": execution })).unwrap();
            let status = described["status"].as_str().unwrap().to_owned();
            let output = described["output"].as_str().map(|text| serde_json::from_str(text).unwrap());
            (status != "RUNNING").then(|| (status, output.unwrap_or_default()))
        })
    }
}

#[test]
fn an_execution_that_waits_goes_on_after_a_kill_and_its_token_stays_good() {
    let mut aws = LocalAws::start("workflow-kill");
    aws.ready();
    let machines = deployed(&aws);
    let execution = aws.start_execution(&machines.ask, "order-1", 1).unwrap();
    let token = aws.token(&machines);
    let snapshot = aws.state.join("snapshots/current/stepfunctions.json");
    eventually("a snapshot of the waiting task", || {
        std::fs::read_to_string(&snapshot)
            .ok()
            .filter(|text| text.contains(&token) && text.contains("\"sent\""))
    });
    aws.kill();
    aws.start_again();
    aws.ready();
    aws.answer(&token).unwrap();
    let expected = json!({ "order": 1, "answer": "yes", "input": { "order": 1 } });
    assert_eq!(aws.end_of(&execution), ("SUCCEEDED".to_owned(), expected));
    let again = aws.messages(&machines.queue);
    assert!(again.is_empty(), "what was asked once is not asked again: {again:?}");
}

#[test]
fn an_execution_that_rests_goes_on_after_a_stop_with_the_answer_that_it_had() {
    let mut aws = LocalAws::start("workflow-stop");
    aws.ready();
    let machines = deployed(&aws);
    let execution = aws.start_execution(&machines.ask, "order-1", 1).unwrap();
    aws.answer(&aws.token(&machines)).unwrap();
    aws.stop();
    aws.start_again();
    aws.ready();
    let expected = json!({ "order": 1, "answer": "yes", "input": { "order": 1 } });
    assert_eq!(aws.end_of(&execution), ("SUCCEEDED".to_owned(), expected));
}

#[test]
fn a_task_that_waits_fails_with_the_error_of_the_function_that_it_calls() {
    let aws = LocalAws::start("workflow-error");
    aws.ready();
    let machines = deployed(&aws);
    let execution = aws.start_execution(&machines.fail, "order-1", 1).unwrap();
    assert_eq!(aws.end_of(&execution), ("SUCCEEDED".to_owned(), json!("OutOfStock")));
}

#[test]
fn a_burst_of_executions_does_not_begin_as_many_functions() {
    let aws = LocalAws::start("workflow-burst");
    aws.ready();
    let machines = deployed(&aws);
    let executions: Vec<String> = (0..60)
        .map(|order| aws.start_execution(&machines.fail, &format!("order-{order}"), order).unwrap())
        .collect();
    for execution in executions {
        assert_eq!(aws.end_of(&execution).0, "SUCCEEDED");
    }
    let copies = aws.functions();
    assert!((1..=16).contains(&copies), "{copies} copies of one function");
}

#[test]
fn a_name_starts_one_execution() {
    let aws = LocalAws::start("workflow-name");
    aws.ready();
    let machines = deployed(&aws);
    let first = aws.start_execution(&machines.ask, "order-1", 1).unwrap();
    let refused = Err("ExecutionAlreadyExists".to_owned());
    assert_eq!(aws.start_execution(&machines.ask, "order-1", 1), Ok(first.clone()));
    assert_eq!(aws.start_execution(&machines.ask, "order-1", 2), refused);
    aws.answer(&aws.token(&machines)).unwrap();
    aws.end_of(&first);
    assert_eq!(aws.start_execution(&machines.ask, "order-1", 1), refused);
    assert!(aws.messages(&machines.queue).is_empty());
}

#[test]
fn a_name_is_free_when_its_workflow_was_deleted() {
    let aws = LocalAws::start("workflow-deleted");
    aws.ready();
    let execution = aws.start_execution(&deployed(&aws).fail, "order-1", 1).unwrap();
    aws.end_of(&execution);
    let stack = [("StackName", "stack")];
    aws.form("cloudformation", "DeleteStack", &stack);
    eventually("a deleted stack", || {
        aws.form("cloudformation", "DescribeStacks", &stack).contains("does not exist").then_some(())
    });
    assert!(aws.start_execution(&deployed(&aws).fail, "order-1", 1).is_ok());
}

#[test]
fn each_attempt_has_a_token_of_its_own_which_takes_one_answer() {
    let aws = LocalAws::start("workflow-attempts");
    aws.ready();
    let machines = deployed(&aws);
    let execution = aws.start_execution(&machines.ask, "order-1", 1).unwrap();
    let first = aws.token(&machines);
    aws.states("SendTaskFailure", &json!({ "taskToken": first, "error": "Again" })).unwrap();
    let second = aws.token(&machines);
    assert_ne!(first, second);
    assert_eq!(aws.answer(&first), Err("TaskTimedOut".to_owned()));
    aws.answer(&second).unwrap();
    assert_eq!(aws.answer(&second), Err("TaskTimedOut".to_owned()));
    assert_eq!(aws.end_of(&execution).0, "SUCCEEDED");
}

#[test]
fn a_stopped_execution_waits_no_longer() {
    let aws = LocalAws::start("workflow-stopped");
    aws.ready();
    let machines = deployed(&aws);
    let execution = aws.start_execution(&machines.ask, "order-1", 1).unwrap();
    let token = aws.token(&machines);
    aws.states("StopExecution", &json!({ "executionArn": execution })).unwrap();
    assert_eq!(aws.answer(&token), Err("TaskTimedOut".to_owned()));
    assert_eq!(aws.end_of(&execution).0, "ABORTED");
}
