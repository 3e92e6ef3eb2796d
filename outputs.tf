output "bucket" {
  description = "The media bucket: `name`, `arn`, `regional_domain_name` (an origin for a CDN)."
  value = {
    name                 = module.storage.name
    arn                  = module.storage.arn
    regional_domain_name = module.storage.regional_domain_name
  }
}

output "table" {
  description = "The media table: `name`, `arn`."
  value = {
    name = module.catalog.name
    arn  = module.catalog.arn
  }
}

output "functions" {
  description = "By route (`images`, `videos`): `name`, `arn`, `role_arn`, `log_group`."
  value = { for route, function in module.function : route => {
    name      = function.name
    arn       = function.arn
    role_arn  = function.role_arn
    log_group = function.log_group
  } }
}

output "queues" {
  description = "By route: `queue` and `dead_letter_queue` (each `name`, `url`, `arn`), `rule_arn`."
  value = { for route, intake in module.intake : route => {
    queue             = intake.queue
    dead_letter_queue = intake.dead_letter_queue
    rule_arn          = intake.rule_arn
  } }
}

output "ffmpeg_layer_arn" {
  description = "The layer version that holds ffmpeg and ffprobe."
  value       = module.ffmpeg_layer.arn
}

locals {
  cutting_payload = jsonencode({
    s3_bucket       = module.storage.name
    s3_key          = local.recipe.keys.originals
    job_id          = "{job_id}"
    cutting_options = { type = "fixed", duration_seconds = 30 }
    text_input      = { strategy = "one_for_all", base_text = "Hello" }
  })
}

output "cutting_job" {
  description = <<-EOT
    How to have a video cut into segments: a command for version 2 of AWS's CLI, in which you put
    the video's key, an id of your own in place of `{job_id}`, and your own text and lengths.
  EOT
  value = join(" ", [
    "aws lambda invoke --region ${local.account.region}",
    "--function-name ${module.function["videos"].name}",
    "--cli-read-timeout 0 --cli-binary-format raw-in-base64-out",
    "--payload '${replace(local.cutting_payload, "'", "'\\''")}' answer.json",
  ])
}
