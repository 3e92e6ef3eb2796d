# A team's own workspace, with a web application: 44 resources, of which the media module adopts
# some and may change none.

provider "aws" {
  region = var.region

  default_tags {
    tags = { team = "acme" }
  }
}

data "aws_caller_identity" "current" {}

resource "aws_kms_key" "secrets" {
  description             = "Encrypts what the application keeps secret."
  deletion_window_in_days = 7
  enable_key_rotation     = true
}

resource "aws_kms_alias" "secrets" {
  name          = "alias/acme-secrets"
  target_key_id = aws_kms_key.secrets.key_id
}

resource "aws_secretsmanager_secret" "session" {
  name                    = "acme/session"
  kms_key_id              = aws_kms_key.secrets.arn
  recovery_window_in_days = 7
}

resource "aws_secretsmanager_secret_version" "session" {
  secret_id     = aws_secretsmanager_secret.session.id
  secret_string = jsonencode({ signing_key = "an example" })
}

resource "aws_ecr_repository" "web" {
  name                 = "acme/web"
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_ssm_parameter" "media_bucket" {
  name  = "/acme/media/bucket"
  type  = "String"
  value = aws_s3_bucket.media.bucket
}

resource "aws_ssm_parameter" "media_table" {
  name  = "/acme/media/table"
  type  = "String"
  value = aws_dynamodb_table.media.name
}

resource "aws_ssm_parameter" "largest_upload" {
  name  = "/acme/media/largest-upload"
  type  = "String"
  value = "5368709120"
}

resource "aws_cloudwatch_log_group" "media" {
  name              = "/acme/media"
  retention_in_days = 30
}

resource "aws_cloudwatch_log_group" "web" {
  name              = "/acme/web"
  retention_in_days = 90
}
