locals {
  log_group_arn = join(":", [
    "arn", var.account.partition, "logs", var.account.region, var.account.id,
    "log-group", aws_cloudwatch_log_group.this.name,
  ])

  permissions = merge(var.permissions, {
    write-logs = {
      actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      resources = ["${local.log_group_arn}:*"]
    }
  })

  # AWS measures the whole map as JSON, escaped quotes included. Four characters of base64 are
  # three bytes, whatever the alphabet.
  environment_bytes = floor(
    length(trim(base64encode(jsonencode(var.environment)), "=")) * 3 / 4
  )
}

# Before the function, which would otherwise make one that keeps its logs for ever.
resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.logs.retention_days
  tags              = var.tags
}

resource "aws_iam_role" "this" {
  name                 = var.role.name
  path                 = var.role.path
  permissions_boundary = var.role.permissions_boundary
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  for_each = local.permissions

  name = each.key
  role = aws_iam_role.this.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [merge(
      {
        Effect   = "Allow"
        Action   = each.value.actions
        Resource = each.value.resources
      },
      { for element, condition in { Condition = try(each.value.condition, null) } :
        element => condition if condition != null
      },
    )]
  })
}

resource "aws_lambda_function" "this" {
  function_name    = var.name
  description      = var.description
  role             = aws_iam_role.this.arn
  filename         = var.zip
  source_code_hash = filebase64sha256(var.zip)
  handler          = var.handler
  runtime          = var.runtime
  architectures    = [var.architecture]
  layers           = var.layers
  memory_size      = var.sizing.memory_mb
  timeout          = var.sizing.timeout_seconds
  tags             = var.tags

  ephemeral_storage {
    size = var.sizing.storage_mb
  }

  environment {
    variables = var.environment
  }

  logging_config {
    log_group  = aws_cloudwatch_log_group.this.name
    log_format = "JSON"
    # Powertools keeps to the level asked for; at a higher one, Lambda would drop the metrics, too,
    # which are lines without a level.
    application_log_level = var.logs.level == "DEBUG" ? "DEBUG" : "INFO"
    system_log_level      = "INFO"
  }

  lifecycle {
    precondition {
      condition     = local.environment_bytes <= 4096
      error_message = "The environment of ${var.name} takes ${local.environment_bytes} bytes, and Lambda allows 4096: keep `recipe` to what differs from the default, with fewer or shorter renditions and rungs."
    }
  }
}
