# The module as any user calls it, against an AWS that runs on this machine.

provider "aws" {
  region                      = var.region
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  s3_use_path_style           = true

  endpoints {
    cloudwatch = var.endpoint
    dynamodb   = var.endpoint
    events     = var.endpoint
    iam        = var.endpoint
    lambda     = var.endpoint
    logs       = var.endpoint
    s3         = var.endpoint
    scheduler  = var.endpoint
    sns        = var.endpoint
    sqs        = var.endpoint
    sts        = var.endpoint
  }
}

module "media" {
  source = "../.."

  name         = var.name
  artifacts    = { directory = var.artifacts_directory }
  architecture = var.architecture
  runtime      = var.runtime

  # Nothing here outlives the process that holds it.
  storage = { force_destroy = true }
  catalog = { deletion_protection = false }
}
