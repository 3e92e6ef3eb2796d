locals {
  # Made of names, here and below, so that a plan shows every policy in full.
  function_arn = join(":", [
    "arn", var.account.partition, "lambda", var.account.region, var.account.id, "function", var.name,
  ])

  is_log_group_adopted = var.logs.existing_group_name != null
  log_group = (
    local.is_log_group_adopted ? var.logs.existing_group_name : one(aws_cloudwatch_log_group.this[*].name)
  )
  log_group_arn = join(":", [
    "arn", var.account.partition, "logs", var.account.region, var.account.id,
    "log-group", local.log_group,
  ])

  # AWS measures the whole map as JSON, escaped quotes included. Four characters of base64 are
  # three bytes, whatever the alphabet.
  environment_bytes = floor(
    length(trim(base64encode(jsonencode(var.environment)), "=")) * 3 / 4
  )
}

# Before the function, which would otherwise make one that keeps its logs for ever.
resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:encrypted with AWS's own key, and lines hold no secrets; for a key of yours, adopt a log group
  #checkov:skip=CKV_AWS_338:`logs.retention_days` is the caller's decision; what happened to a medium stands in its record for good
  count = local.is_log_group_adopted ? 0 : 1

  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.logs.retention_days
  tags              = var.tags
}

# tflint-ignore: terraform_unused_declarations # Looked up only to see that it is there.
data "aws_cloudwatch_log_groups" "existing" {
  count = local.is_log_group_adopted && var.verify ? 1 : 0

  log_group_name_prefix = local.log_group

  lifecycle {
    postcondition {
      condition     = contains(self.log_group_names, local.log_group)
      error_message = "There is no log group ${local.log_group} in this account and region: set `logs.existing_group_name` to the name of one, or leave it out to have one made."
    }
  }
}

resource "aws_s3_object" "zip" {
  count = var.staging_bucket == null ? 0 : 1

  bucket      = var.staging_bucket
  key         = "artifacts/${var.name}/${filesha256(var.zip)}.zip"
  source      = var.zip
  source_hash = filesha256(var.zip)
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_50:X-Ray takes segments only from a role that may write to `*`; a record's `timings` tell where the time went
  #checkov:skip=CKV_AWS_115:the mapping's maximum_concurrency is the limit, and the sweep runs once every few hours; a reservation fails in a new account, which has 10 in all
  #checkov:skip=CKV_AWS_116:jobs come through a queue that has a dead-letter queue (modules/intake), which this would not see, and a sweep that failed is made up for by the next
  #checkov:skip=CKV_AWS_117:it talks to S3, DynamoDB, SQS and Bedrock alone, under IAM; a VPC would add endpoints and a NAT to pay for
  #checkov:skip=CKV_AWS_173:the environment holds names and the recipe, no secret, and AWS's own key encrypts it
  #checkov:skip=CKV_AWS_272:the plan compares each zip's SHA-256 with its .json, and releases are attested; signing needs a profile of yours
  function_name    = var.name
  description      = var.description
  role             = local.role_arn
  filename         = var.staging_bucket == null ? var.zip : null
  s3_bucket        = var.staging_bucket
  s3_key           = one(aws_s3_object.zip[*].key)
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
    log_group  = local.log_group
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
