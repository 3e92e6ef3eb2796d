locals {
  in_region = "${var.account.region}:${var.account.id}"
  group_arn = "arn:${var.account.partition}:scheduler:${local.in_region}:schedule-group/${var.name}"

  is_role_adopted = var.role.existing_name != null
  role_name       = local.is_role_adopted ? var.role.existing_name : one(aws_iam_role.this[*].name)
  role_arn = join(":", [
    "arn", var.account.partition, "iam", "", var.account.id,
    "role${var.role.path}${local.role_name}",
  ])
}

resource "aws_iam_role" "this" {
  count = local.is_role_adopted ? 0 : 1

  name                 = var.role.name
  path                 = var.role.path
  permissions_boundary = var.role.permissions_boundary
  tags                 = var.tags

  # Else a schedule of another account, or another one of this, could act as this role.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = var.account.id
          "aws:SourceArn"     = local.group_arn
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  count = !local.is_role_adopted || var.role.attach_policies ? 1 : 0

  name   = local.is_role_adopted ? "${var.name}-invoke" : "invoke"
  role   = local.role_name
  policy = var.invoke_policy
}

# Of its own: a role can trust a group, not one schedule, and the tags and metrics are the group's.
resource "aws_scheduler_schedule_group" "this" {
  name = var.name
  tags = var.tags
}

# The Scheduler invokes asynchronously, and what then fails Lambda would run twice more, although the
# next time comes anyway.
resource "aws_lambda_function_event_invoke_config" "this" {
  function_name          = var.function_arn
  maximum_retry_attempts = 0
}

resource "aws_scheduler_schedule" "this" {
  #checkov:skip=CKV_AWS_297:what it holds is an empty event and a function's name; AWS's own key encrypts it
  name                = var.name
  group_name          = aws_scheduler_schedule_group.this.name
  description         = var.description
  schedule_expression = var.expression

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = var.function_arn
    role_arn = local.role_arn
    input    = jsonencode({})

    # What an hour of tries does not bring about is left to the next time.
    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 10
    }
  }

  depends_on = [aws_iam_role_policy.this]
}
