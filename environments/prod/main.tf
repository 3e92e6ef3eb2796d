# For users: the module's own defaults, under which the bucket and the table outlive a mistake.

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = { project = var.project, environment = "prod" }
  }
}

module "media" {
  source = "../.."

  name         = "${var.project}-prod"
  artifacts    = { directory = var.artifacts_directory }
  architecture = var.architecture
  recipe       = var.recipe

  logs   = { retention_days = 90 }
  alarms = { topic_arns = var.alarm_topic_arns }
}
