# For trying things: it costs little, and `terraform destroy` takes all of it.

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = { project = var.project, environment = "dev" }
  }
}

module "media" {
  source = "../.."

  name         = "${var.project}-dev"
  artifacts    = { directory = var.artifacts_directory }
  architecture = var.architecture
  recipe       = var.recipe

  # Versions are kept as in production, where a record names the one it is of, but for a day.
  storage = { force_destroy = true, expire_noncurrent_days = 1 }
  catalog = { deletion_protection = false, point_in_time_recovery = false }
  logs    = { retention_days = 7 }
  alarms  = { enabled = false }
}
