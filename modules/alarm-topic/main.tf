locals {
  # Made of names, so that a plan shows the policy, and whom the alarms tell.
  arn = join(":", [
    "arn", var.account.partition, "sns", var.account.region, var.account.id,
    aws_sns_topic.this.name,
  ])
}

resource "aws_sns_topic" "this" {
  #checkov:skip=CKV_AWS_26:CloudWatch may not use AWS's own key for SNS, and an alarm holds names and figures; for a key of yours, give a topic of yours
  name = var.name
  tags = var.tags
}

resource "aws_sns_topic_policy" "this" {
  arn = local.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TakeAlarmsOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = local.arn
      Condition = {
        ArnLike = {
          "aws:SourceArn" = join(":", [
            "arn", var.account.partition, "cloudwatch", var.account.region, var.account.id,
            "alarm", "*",
          ])
        }
        StringEquals = { "aws:SourceAccount" = var.account.id }
      }
    }]
  })
}

resource "aws_sns_topic_subscription" "email" {
  for_each = var.emails

  topic_arn = local.arn
  protocol  = "email"
  endpoint  = each.value
}
