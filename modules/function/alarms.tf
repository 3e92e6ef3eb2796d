locals {
  # Two tries of one message must fall into the window in which errors are counted.
  is_retried   = var.redelivery_seconds != null
  error_window = local.is_retried ? max(3600, ceil(var.redelivery_seconds * 2 / 60) * 60) : 300

  lambda_alarms = {
    # What comes back by itself rings only once it has failed again: one error in a quiet night is
    # mended by the next try or ends as a dead letter, and a hundred good invocations outweigh five.
    errors = {
      metrics     = local.is_retried ? ["Errors", "Invocations"] : ["Errors"]
      expression  = local.is_retried ? "IF(errors > 1, 100 * errors / invocations, 0)" : null
      statistic   = "Sum"
      period      = local.error_window
      periods     = 1
      threshold   = local.is_retried ? 5 : 0
      description = "${local.is_retried ? "Of the invocations of the last ${local.error_window / 60} minutes more than 5 %, and more than one," : "An invocation"} crashed or timed out. Look first for `Task timed out`, `Runtime.` or a traceback in the log group ${local.log_group}."
    }
    throttles = {
      metrics     = ["Throttles"]
      expression  = null
      statistic   = "Sum"
      period      = 300
      periods     = 3
      threshold   = 0
      description = "Invocations of ${var.name} were refused for a quarter of an hour: the account's concurrency is used up, or a limit that somebody set on the function. Look first at ConcurrentExecutions of all functions in CloudWatch. Near the account's limit, ask AWS for more${local.is_retried ? " or lower `concurrency` in `functions`" : ""}; far from it, raise the function's own limit (reserved concurrency) or take it away.${local.is_retried ? " The queue hands out again what was refused." : ""}"
    }
    duration = {
      metrics     = ["Duration"]
      expression  = null
      statistic   = "Maximum"
      period      = 300
      periods     = 1
      threshold   = var.sizing.timeout_seconds * 1000 * 0.9
      description = "An invocation took more than nine tenths of its timeout of ${var.sizing.timeout_seconds} s. Look first in the log group ${local.log_group} for what took longest. Raise `timeout_seconds` or `memory_mb`, or lower the recipe's limits."
    }
  }

  alarms = merge(
    { for name, alarm in local.lambda_alarms : name => merge(alarm, {
      namespace  = "AWS/Lambda"
      dimensions = { FunctionName = aws_lambda_function.this.function_name }
    }) if contains(var.watches, name) },
    { for name, alarm in var.own_alarms : name => {
      metrics     = alarm.metrics
      expression  = alarm.expression
      statistic   = alarm.statistic
      period      = alarm.period
      periods     = 1
      threshold   = alarm.threshold
      description = "${alarm.description} The log group is ${local.log_group}."
      namespace   = local.metrics.namespace
      dimensions  = { service = local.metrics.service }
    } },
  )

  # As Powertools, which emits them, is told.
  metrics = {
    namespace = lookup(var.environment, "POWERTOOLS_METRICS_NAMESPACE", var.name)
    service   = lookup(var.environment, "POWERTOOLS_SERVICE_NAME", var.name)
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = { for name, alarm in local.alarms : name => alarm if var.alarms.enabled }

  alarm_name = "${var.name}-${each.key}"
  # CloudWatch takes 1024 characters, and a log group's name may have 512.
  alarm_description   = substr(each.value.description, 0, 1024)
  namespace           = each.value.expression == null ? each.value.namespace : null
  metric_name         = each.value.expression == null ? each.value.metrics[0] : null
  dimensions          = each.value.expression == null ? each.value.dimensions : null
  statistic           = each.value.expression == null ? each.value.statistic : null
  period              = each.value.expression == null ? each.value.period : null
  evaluation_periods  = each.value.periods
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarms.topic_arns
  ok_actions          = var.alarms.topic_arns
  tags                = var.tags

  dynamic "metric_query" {
    for_each = each.value.expression == null ? [] : each.value.metrics

    content {
      id = lower(metric_query.value)

      metric {
        namespace   = each.value.namespace
        metric_name = metric_query.value
        dimensions  = each.value.dimensions
        stat        = each.value.statistic
        period      = each.value.period
      }
    }
  }

  dynamic "metric_query" {
    for_each = each.value.expression == null ? [] : [each.value.expression]

    content {
      id          = "watched"
      expression  = metric_query.value
      label       = each.key
      return_data = true
    }
  }
}
