# Each module by itself.

mock_provider "aws" {}

variables {
  account = { id = "123456789012", partition = "aws", region = "eu-central-1", dns_suffix = "amazonaws.com" }
  alarms  = { enabled = true, topic_arns = ["arn:aws:sns:eu-central-1:123456789012:on-call"] }

  # storage
  manage_notifications          = true
  force_destroy                 = false
  versioning                    = true
  abort_incomplete_uploads_days = 7
  expire_noncurrent_days        = 30

  # catalog
  key                    = { hash = "id", range = "projectId" }
  point_in_time_recovery = true
  deletion_protection    = true

  # function
  description  = "Makes renditions."
  zip          = "artifacts/image-processor.zip"
  handler      = "image_processor.lambda_handler"
  runtime      = "python3.13"
  architecture = "x86_64"
  sizing       = { memory_mb = 1769, timeout_seconds = 120, storage_mb = 512 }
  role         = { name = "shop-image-processor" }
  logs         = { retention_days = 30, level = "INFO" }
  permissions = {
    keep-records = {
      actions   = ["dynamodb:GetItem"]
      resources = ["arn:aws:dynamodb:eu-central-1:123456789012:table/shop-media"]
    }
  }
}

run "storage_with_s3_keys" {
  command = plan
  module {
    source = "./modules/storage"
  }
  variables {
    name        = "shop-media"
    expire_days = { "originals/" = 365 }
  }

  assert {
    condition = alltrue([for rule in aws_s3_bucket_server_side_encryption_configuration.this[0].rule :
      rule.apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"
    ])
    error_message = "Without a key of the caller's the bucket is encrypted with S3's own."
  }

  assert {
    condition = (
      jsondecode(aws_s3_bucket_policy.this[0].policy).Statement[0].Effect == "Deny" &&
      jsondecode(aws_s3_bucket_policy.this[0].policy).Statement[0].Condition ==
      { Bool = { "aws:SecureTransport" = "false" } }
    )
    error_message = "The bucket must refuse plain HTTP."
  }

  assert {
    condition = [for rule in aws_s3_bucket_lifecycle_configuration.this[0].rule : rule.id] == [
      "leftovers", "expire-originals/",
    ]
    error_message = "The lifecycle must have the module's rule and the caller's."
  }

  assert {
    condition     = length(aws_s3_bucket_cors_configuration.this) == 0
    error_message = "Without rules there must be no CORS document."
  }

  assert {
    condition     = aws_s3_bucket_notification.this[0].eventbridge
    error_message = "The bucket must send its events to EventBridge."
  }
}

run "storage_with_a_key_and_cors" {
  command = plan
  module {
    source = "./modules/storage"
  }
  variables {
    name        = "shop-media"
    versioning  = false
    kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    cors = { shop = {
      allowed_origins = ["https://shop.example.com"]
      allowed_methods = ["PUT"]
      allowed_headers = ["*"]
      expose_headers  = ["ETag"]
      max_age_seconds = 3600
    } }
  }

  assert {
    condition = alltrue([for rule in aws_s3_bucket_server_side_encryption_configuration.this[0].rule :
      rule.bucket_key_enabled &&
      rule.apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms" &&
      rule.apply_server_side_encryption_by_default[0].kms_master_key_id == var.kms_key_arn
    ])
    error_message = "With a key of the caller's the bucket must use it, through a bucket key."
  }

  assert {
    condition     = aws_s3_bucket_versioning.this[0].versioning_configuration[0].status == "Suspended"
    error_message = "Versioning must be off."
  }

  assert {
    condition = [for rule in aws_s3_bucket_cors_configuration.this[0].cors_rule :
      "${rule.id} ${join(",", rule.allowed_origins)}"
    ] == ["shop https://shop.example.com"]
    error_message = "The CORS document must hold the caller's rule."
  }
}

run "catalog" {
  command = plan
  module {
    source = "./modules/catalog"
  }
  variables {
    name = "shop-media"
  }

  assert {
    condition = (
      aws_dynamodb_table.this[0].hash_key == "id" && aws_dynamodb_table.this[0].range_key == "projectId" &&
      alltrue([for attribute in aws_dynamodb_table.this[0].attribute : attribute.type == "S"])
    )
    error_message = "The key is `id` and `projectId`, both strings."
  }

  assert {
    condition = (
      aws_dynamodb_table.this[0].billing_mode == "PAY_PER_REQUEST" &&
      aws_dynamodb_table.this[0].deletion_protection_enabled &&
      aws_dynamodb_table.this[0].point_in_time_recovery[0].enabled &&
      aws_dynamodb_table.this[0].server_side_encryption[0].enabled
    )
    error_message = "The table must be on demand, protected, restorable and encrypted."
  }
}

run "ffmpeg_layer" {
  command = plan
  module {
    source = "./modules/ffmpeg-layer"
  }
  variables {
    name = "shop-ffmpeg"
    zip  = "artifacts/ffmpeg-layer.zip"
  }

  assert {
    condition = (
      aws_lambda_layer_version.this[0].source_code_hash == filebase64sha256(var.zip) &&
      one(aws_lambda_layer_version.this[0].compatible_architectures) == "x86_64"
    )
    error_message = "The layer must follow the zip's bytes, and say what it runs on."
  }
}

run "function" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    name        = "shop-image-processor"
    environment = { MEDIA_TABLE = "shop-media" }
  }

  assert {
    condition     = join(" ", keys(aws_iam_role_policy.this)) == "keep-records write-logs"
    error_message = "There must be one policy for each reason."
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.this["write-logs"].policy).Statement == [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = ["arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/shop-image-processor:*"]
    }]
    error_message = "The function may write streams into its own log group only."
  }

  assert {
    condition = (
      aws_lambda_function.this.logging_config[0].log_group == aws_cloudwatch_log_group.this[0].name &&
      aws_lambda_function.this.logging_config[0].log_format == "JSON"
    )
    error_message = "The function must log to the group that is made for it."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["duration"].threshold == 108000
    error_message = "The alarm on durations must ring at nine tenths of the timeout, in milliseconds."
  }
}

run "function_without_alarms" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    name   = "shop-image-processor"
    alarms = { enabled = false, topic_arns = [] }
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 0
    error_message = "There must be no alarms."
  }
}

# {"A":"..."} is eight bytes more than its value.
run "environment_of_4096_bytes" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    name        = "shop-image-processor"
    environment = { A = "é${join("", [for _ in range(510) : "12345678"])}123456" }
  }
}

run "environment_of_4097_bytes" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    name        = "shop-image-processor"
    environment = { A = "é${join("", [for _ in range(510) : "12345678"])}1234567" }
  }
  expect_failures = [aws_lambda_function.this]
}

run "permission_for_anything" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    name        = "shop-image-processor"
    permissions = { read = { actions = ["s3:GetObject"], resources = ["*"] } }
  }
  expect_failures = [var.permissions]
}

run "permission_to_do_anything" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    name        = "shop-image-processor"
    permissions = { read = { actions = ["s3:*"], resources = ["arn:aws:s3:::shop-media/*"] } }
  }
  expect_failures = [var.permissions]
}
