# The schedule: what it invokes as which role, and whom that tells.

mock_provider "aws" {
  source = "./tests/terraform/mocks"
}

variables {
  account       = { id = "123456789012", partition = "aws", region = "eu-central-1" }
  alarms        = { enabled = true, topic_arns = ["arn:aws:sns:eu-central-1:123456789012:on-call"] }
  name          = "shop-sweep"
  description   = "Runs the sweep."
  expression    = "rate(3 hours)"
  function_name = "shop-sweep"
  function_arn  = "arn:aws:lambda:eu-central-1:123456789012:function:shop-sweep"
  invoke_policy = "{\"Version\":\"2012-10-17\"}"
  role          = { name = "shop-sweep-schedule" }
}

run "a_role_of_its_own" {
  command = plan
  module {
    source = "./modules/schedule"
  }

  assert {
    condition = (
      aws_scheduler_schedule.this.schedule_expression == "rate(3 hours)" &&
      aws_scheduler_schedule.this.flexible_time_window[0].mode == "OFF" &&
      aws_scheduler_schedule.this.group_name == "shop-sweep" &&
      aws_scheduler_schedule.this.target[0].arn == var.function_arn &&
      aws_scheduler_schedule.this.target[0].role_arn == "arn:aws:iam::123456789012:role/shop-sweep-schedule" &&
      aws_scheduler_schedule.this.target[0].input == "{}"
    )
    error_message = "The schedule must run the function at its times, as its role, with an empty event."
  }

  assert {
    condition = jsondecode(aws_iam_role.this[0].assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = {
        "aws:SourceAccount" = "123456789012"
        "aws:SourceArn"     = "arn:aws:scheduler:eu-central-1:123456789012:schedule-group/shop-sweep"
      } }
    }]
    error_message = "Only this account's schedules of this group may act as the role."
  }

  assert {
    condition = (
      aws_iam_role_policy.this[0].name == "invoke" &&
      aws_iam_role_policy.this[0].policy == var.invoke_policy
    )
    error_message = "The Scheduler's role may invoke, and nothing else."
  }

  # Else Lambda runs again twice what failed.
  assert {
    condition = (
      aws_lambda_function_event_invoke_config.this.function_name == var.function_arn &&
      aws_lambda_function_event_invoke_config.this.maximum_retry_attempts == 0
    )
    error_message = "What failed must be left to the next time."
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.refused[0].dimensions == tomap({ ScheduleGroup = "shop-sweep" }) &&
      aws_cloudwatch_metric_alarm.stopped[0].dimensions == tomap({ FunctionName = "shop-sweep" }) &&
      aws_cloudwatch_metric_alarm.stopped[0].insufficient_data_actions == toset(var.alarms.topic_arns)
    )
    error_message = "Both that the Scheduler cannot and that it does not run the sweep must be told."
  }
}

run "a_role_of_the_callers" {
  command = plan
  module {
    source = "./modules/schedule"
  }
  variables {
    role   = { name = "unused", path = "/acme/", existing_name = "acme-sweep", attach_policies = true }
    alarms = { enabled = false, topic_arns = [] }
  }

  assert {
    condition = (
      length(aws_iam_role.this) == 0 &&
      aws_iam_role_policy.this[0].name == "shop-sweep-invoke" &&
      aws_iam_role_policy.this[0].role == "acme-sweep" &&
      aws_scheduler_schedule.this.target[0].role_arn == "arn:aws:iam::123456789012:role/acme/acme-sweep" &&
      length(aws_cloudwatch_metric_alarm.refused) + length(aws_cloudwatch_metric_alarm.stopped) == 0
    )
    error_message = "The role that is there must be used, and its policies named after the sweep."
  }
}
