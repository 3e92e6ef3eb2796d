provider "aws" {
  region = var.region
}

# Bucket, table, role and log group are there already: a function and FFmpeg's layer are added.
module "media" {
  source = "../.."

  name         = "acme"
  artifacts    = { directory = var.artifacts_directory }
  architecture = var.architecture
  runtime      = var.runtime

  media   = ["videos"]
  intake  = { enabled = false }
  storage = { existing_bucket_name = "acme-media" }
  catalog = { existing_table_name = "acme-media" }
  iam     = { existing_role_name = "acme-media" }
  logs    = { existing_group_name = "/acme/media" }
  alarms  = { enabled = false }

  # A plan says so if one of them is not there.
  verify_existing = true
}
