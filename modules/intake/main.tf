locals {
  # Made of names, so that a plan shows every policy in full and the two queues can name each other.
  in_region = "${var.account.region}:${var.account.id}"
  queue_arn = "arn:${var.account.partition}:sqs:${local.in_region}:${var.name}"
  rule_arn  = "arn:${var.account.partition}:events:${local.in_region}:rule/${var.name}"
  dead_letter_arn = (
    "arn:${var.account.partition}:sqs:${local.in_region}:${aws_sqs_queue.dead_letters.name}"
  )
  dead_letter_url = join("/", [
    "https://sqs.${var.account.region}.${var.account.dns_suffix}", var.account.id, var.dead_letter_name,
  ])

  # A pattern may name `key` once, so the rule and the mapping share the work. Usually the rule takes
  # the suffixes, whatever their case, which Lambda's filters cannot, and the mapping the prefix.
  # Where a prefix does not tell uploads from what is made of them, the rule takes a wildcard, which
  # Lambda's filters do not have either, and the mapping the suffixes.
  wildcards = compact([var.key_wildcard])
  key_patterns = concat(
    [for wildcard in local.wildcards : { wildcard = wildcard }],
    [for suffix in var.suffixes :
      { suffix = { equals-ignore-case = suffix } } if length(local.wildcards) == 0
    ],
  )
  key_filters = concat(
    [for prefix in compact([var.key_prefix]) : { prefix = prefix } if length(local.wildcards) == 0],
    flatten([for suffix in var.suffixes : [
      for ending in distinct([suffix, upper(suffix), ".${title(trimprefix(suffix, "."))}"]) :
      { suffix = ending } if length(local.wildcards) > 0
    ]]),
  )

  # Every reason for which S3 makes an object counts, so none is named.
  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    detail = {
      bucket = { name = [var.bucket] }
      object = { key = local.key_patterns }
    }
  })
}

resource "aws_cloudwatch_event_rule" "this" {
  name = var.name
  # EventBridge takes 512 characters.
  description = substr(
    "Objects created in ${var.bucket}, ${length(local.wildcards) > 0 ?
    "as ${var.key_wildcard}" : "whose key ends in one of ${join(" ", var.suffixes)}"}.", 0, 512
  )
  event_pattern = local.event_pattern
  tags          = var.tags

  lifecycle {
    precondition {
      condition     = length(local.event_pattern) <= 2048
      error_message = "The event pattern of ${var.name} takes ${length(local.event_pattern)} characters for its ${length(var.suffixes)} suffixes, and EventBridge allows 2048: take those out of `suffixes` in `recipe` that nobody uploads."
    }
  }
}

resource "aws_cloudwatch_event_target" "queue" {
  rule      = aws_cloudwatch_event_rule.this.name
  target_id = "queue"
  arn       = aws_sqs_queue.this.arn
}

resource "aws_sqs_queue" "this" {
  name                       = var.name
  visibility_timeout_seconds = var.visibility_seconds
  message_retention_seconds  = 4 * 24 * 3600
  receive_wait_time_seconds  = 20
  sqs_managed_sse_enabled    = true
  tags                       = var.tags

  redrive_policy = jsonencode({
    deadLetterTargetArn = local.dead_letter_arn
    maxReceiveCount     = var.max_receives
  })

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TakeEventsOfOneRule"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = local.queue_arn
      Condition = {
        ArnEquals    = { "aws:SourceArn" = local.rule_arn }
        StringEquals = { "aws:SourceAccount" = var.account.id }
      }
    }]
  })
}

# A dead letter's age counts from when it was first sent, so it must be kept longer than above.
resource "aws_sqs_queue" "dead_letters" {
  name                      = var.dead_letter_name
  message_retention_seconds = 14 * 24 * 3600
  sqs_managed_sse_enabled   = true
  tags                      = var.tags

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [local.queue_arn]
  })
}

resource "aws_lambda_event_source_mapping" "this" {
  event_source_arn        = aws_sqs_queue.this.arn
  function_name           = var.function_arn
  batch_size              = 1
  function_response_types = ["ReportBatchItemFailures"]
  tags                    = var.tags

  lifecycle {
    precondition {
      condition     = length(jsonencode(local.key_filters)) <= 4000
      error_message = "The filter of ${var.name} takes more than the 4096 characters that Lambda allows for its ${length(var.suffixes)} suffixes: take those out of `suffixes` in `recipe` that nobody uploads."
    }
  }

  scaling_config {
    maximum_concurrency = var.concurrency
  }

  dynamic "filter_criteria" {
    for_each = length(local.key_filters) == 0 ? [] : [local.key_filters]

    content {
      filter {
        pattern = jsonencode({ body = { detail = { object = { key = filter_criteria.value } } } })
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  count = var.alarms.enabled ? 1 : 0

  alarm_name = aws_sqs_queue.dead_letters.name
  # CloudWatch takes 1024 characters, and a log group's name may have 512.
  alarm_description = substr(join(" ", [
    "A job failed ${var.max_receives} times. Which ones:",
    "`aws sqs receive-message --region ${var.account.region} --queue-url ${local.dead_letter_url} --max-number-of-messages 10`.",
    "Look first at their records, whose errors say why. Once that is mended:",
    "`aws sqs start-message-move-task --region ${var.account.region} --source-arn ${local.dead_letter_arn}`.",
    "The function's log group is ${var.log_group}.",
  ]), 0, 1024)
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letters.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarms.topic_arns
  ok_actions          = var.alarms.topic_arns
  tags                = var.tags
}

# One try that crashed comes back after the visibility timeout, and is told by no more than that.
resource "aws_cloudwatch_metric_alarm" "age" {
  count = var.alarms.enabled ? 1 : 0

  alarm_name          = "${aws_sqs_queue.this.name}-age"
  alarm_description   = "An upload has waited for more than ${2 * var.visibility_seconds / 60} minutes. Look first at ApproximateNumberOfMessagesVisible of the queue ${aws_sqs_queue.this.name}: many mean that uploads come faster than ${var.concurrency} at a time can do (raise `functions.${var.route}.concurrency`), few that the function fails or is not invoked (its log group ${var.log_group}, its throttles, the event source mapping)."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = aws_sqs_queue.this.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 2 * var.visibility_seconds
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarms.topic_arns
  ok_actions          = var.alarms.topic_arns
  tags                = var.tags
}
