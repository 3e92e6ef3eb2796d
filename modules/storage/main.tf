locals {
  is_adopted = var.existing_name != null

  # The resource's own attribute, so that what is written to the bucket waits for it.
  name = local.is_adopted ? var.existing_name : one(aws_s3_bucket.this[*].bucket)
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_21:`storage.versioning`, true by default, says so; checkov does not follow an optional attribute
  #checkov:skip=CKV_AWS_18:where a workspace keeps its access logs is its own decision; aws_s3_bucket_logging takes the output `bucket`
  #checkov:skip=CKV_AWS_144:a second region doubles what is stored; aws_s3_bucket_replication_configuration takes the output `bucket`
  count = local.is_adopted ? 0 : 1

  bucket        = var.name
  force_destroy = var.force_destroy
  tags          = var.tags
}

resource "aws_s3_bucket_ownership_controls" "this" {
  count = local.is_adopted ? 0 : 1

  bucket = local.name

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  count = local.is_adopted ? 0 : 1

  bucket                  = local.name
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  count = local.is_adopted ? 0 : 1

  bucket = local.name

  rule {
    bucket_key_enabled = var.kms_key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_versioning" "this" {
  count = local.is_adopted ? 0 : 1

  bucket = local.name

  versioning_configuration {
    status = var.versioning ? "Enabled" : "Suspended"
  }
}

resource "aws_s3_bucket_policy" "this" {
  count = local.is_adopted ? 0 : 1

  bucket = local.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "RefusePlainHttp"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [local.arn, "${local.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  # S3 answers 409 to a policy that is written while the access block is.
  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_s3_bucket_cors_configuration" "this" {
  count = local.is_adopted || length(var.cors) == 0 ? 0 : 1

  bucket = local.name

  dynamic "cors_rule" {
    for_each = var.cors

    content {
      id              = cors_rule.key
      allowed_origins = cors_rule.value.allowed_origins
      allowed_methods = cors_rule.value.allowed_methods
      allowed_headers = cors_rule.value.allowed_headers
      expose_headers  = cors_rule.value.expose_headers
      max_age_seconds = cors_rule.value.max_age_seconds
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  count = local.is_adopted ? 0 : 1

  bucket = local.name

  rule {
    id     = "leftovers"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = var.abort_incomplete_uploads_days
    }

    noncurrent_version_expiration {
      noncurrent_days = var.expire_noncurrent_days
    }

    expiration {
      expired_object_delete_marker = true
    }
  }

  dynamic "rule" {
    for_each = var.expire_days

    content {
      id     = "expire-${rule.key}"
      status = "Enabled"

      filter {
        prefix = rule.key
      }

      expiration {
        days = rule.value
      }
    }
  }

  # Rules about versions mean something only once there are any.
  depends_on = [aws_s3_bucket_versioning.this]
}

# S3 keeps one notification document per bucket, and this replaces the whole of it.
resource "aws_s3_bucket_notification" "this" {
  count = var.manage_notifications ? 1 : 0

  bucket      = local.name
  eventbridge = true
}

# Terraform shows the line of a lookup that fails.
# tflint-ignore: terraform_unused_declarations # Looked up only to see that it is there.
data "aws_s3_bucket" "existing" { # Set `storage.existing_...` to the name of a bucket of this account, or leave it out.
  count = local.is_adopted && var.verify ? 1 : 0

  bucket = var.existing_name

  lifecycle {
    postcondition {
      condition     = self.region == var.account.region
      error_message = "The bucket ${var.existing_name} is in ${self.region}, and EventBridge hears of it there alone: use the module in that region, or name a bucket of ${var.account.region} in `storage`."
    }
  }
}
