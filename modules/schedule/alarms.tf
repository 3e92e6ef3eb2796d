# The Scheduler tries, and fails.
resource "aws_cloudwatch_metric_alarm" "refused" {
  count = var.alarms.enabled ? 1 : 0

  alarm_name          = "${var.name}-refused"
  alarm_description   = "EventBridge Scheduler could not invoke ${var.function_name}. Look first whether the function is there, and whether the role ${local.role_name} trusts scheduler.amazonaws.com for the schedule group ${var.name} and may lambda:InvokeFunction."
  namespace           = "AWS/Scheduler"
  metric_name         = "TargetErrorCount"
  dimensions          = { ScheduleGroup = aws_scheduler_schedule_group.this.name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarms.topic_arns
  ok_actions          = var.alarms.topic_arns
  tags                = var.tags
}

# Nobody tries. A function that is not invoked has no data at all, which is what this tells; taken
# for a breach it would ring in every new deployment, until the first run.
resource "aws_cloudwatch_metric_alarm" "stopped" {
  count = var.alarms.enabled ? 1 : 0

  alarm_name                = "${var.name}-stopped"
  alarm_description         = "${var.function_name} has not run for a day (its state is then \"insufficient data\"). Look first whether the schedule ${var.name} in the group of that name is enabled."
  namespace                 = "AWS/Lambda"
  metric_name               = "Invocations"
  dimensions                = { FunctionName = var.function_name }
  statistic                 = "Sum"
  period                    = 3600
  evaluation_periods        = 24
  comparison_operator       = "LessThanThreshold"
  threshold                 = 1
  treat_missing_data        = "missing"
  alarm_actions             = var.alarms.topic_arns
  ok_actions                = var.alarms.topic_arns
  insufficient_data_actions = var.alarms.topic_arns
  tags                      = var.tags
}
