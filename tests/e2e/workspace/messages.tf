resource "aws_sqs_queue" "incoming" {
  name                       = local.incoming_queue
  visibility_timeout_seconds = 120

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.incoming_dead.arn
    maxReceiveCount     = 5
  })

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = "arn:aws:sqs:${var.region}:${local.account}:${local.incoming_queue}"
      Condition = { ArnEquals = { "aws:SourceArn" = aws_s3_bucket.media.arn } }
    }]
  })
}

resource "aws_sqs_queue" "incoming_dead" {
  name                      = "${local.incoming_queue}-dead"
  message_retention_seconds = 1209600
}

resource "aws_sns_topic" "alerts" {
  name = "acme-alerts"
}

resource "aws_sns_topic_policy" "alerts" {
  arn = aws_sns_topic.alerts.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = ["cloudwatch.amazonaws.com", "events.amazonaws.com"] }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.alerts.arn
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_sns_topic_subscription" "alerts" {
  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "sms"
  endpoint  = "+15550100"
}

resource "aws_cloudwatch_event_rule" "nightly" {
  name                = "acme-nightly"
  description         = "Asks for the report of the day."
  schedule_expression = "cron(0 2 * * ? *)"
}

resource "aws_cloudwatch_event_target" "nightly" {
  rule = aws_cloudwatch_event_rule.nightly.name
  arn  = aws_sns_topic.alerts.arn
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "acme-incoming-dead-letters"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.incoming_dead.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
}

resource "aws_cloudwatch_metric_alarm" "throttled_reads" {
  alarm_name          = "acme-media-throttled-reads"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  namespace           = "AWS/DynamoDB"
  metric_name         = "ReadThrottleEvents"
  dimensions          = { TableName = aws_dynamodb_table.media.name }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
}

locals {
  account        = data.aws_caller_identity.current.account_id
  incoming_queue = "acme-incoming"
}
