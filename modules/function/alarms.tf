locals {
  alarms = {
    errors = {
      metric      = "Errors"
      statistic   = "Sum"
      threshold   = 0
      description = "An invocation crashed or timed out. Look for `Task timed out`, `Runtime.` or a traceback in ${local.log_group}."
    }
    throttles = {
      metric      = "Throttles"
      statistic   = "Sum"
      threshold   = 0
      description = "Invocations were refused: the account's or the function's concurrency is used up. Nothing is lost while the queue holds it; lower `concurrency` or ask AWS for more."
    }
    duration = {
      metric      = "Duration"
      statistic   = "Maximum"
      threshold   = var.sizing.timeout_seconds * 1000 * 0.9
      description = "An invocation took more than nine tenths of its timeout of ${var.sizing.timeout_seconds} s. Raise `timeout_seconds` or `memory_mb`, or lower the recipe's limits."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = { for name, alarm in local.alarms : name => alarm if var.alarms.enabled }

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = "AWS/Lambda"
  metric_name         = each.value.metric
  dimensions          = { FunctionName = aws_lambda_function.this.function_name }
  statistic           = each.value.statistic
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarms.topic_arns
  ok_actions          = var.alarms.topic_arns
  tags                = var.tags
}
