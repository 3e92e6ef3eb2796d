output "bucket" {
  description = "The media bucket: `name`, `arn`, `regional_domain_name` (an origin for a CDN)."
  value = {
    name                 = module.storage["media"].name
    arn                  = module.storage["media"].arn
    regional_domain_name = module.storage["media"].regional_domain_name
  }
}

output "outputs_bucket" {
  description = "The bucket of all that is made, which may be the media bucket: `name`, `arn`, `regional_domain_name`."
  value = {
    name                 = local.outputs_bucket.name
    arn                  = local.outputs_bucket.arn
    regional_domain_name = local.outputs_bucket.regional_domain_name
  }
}

output "eventbridge_switch" {
  description = "Whether uploads come from a bucket whose owner must let it tell EventBridge of them (`owner_must_add`; whether it does so already no plan can see), and the block that does it (`block`)."
  value = {
    owner_must_add = local.owner_switches
    block          = local.owner_switches ? local.switch_block : null
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

output "policies" {
  description = "By route and reason, the policy documents (JSON) of what the functions' roles must be allowed: an existing role needs them, unless `iam.attach_policies` has attached them."
  value       = { for route, function in module.function : route => function.policies }
}

output "invoke_policies" {
  description = "By route, the policy document (JSON) that lets a user or a role of yours invoke that function, and nothing else."
  value       = { for route, function in module.function : route => function.invoke_policy }
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
  description = "The layer version that holds ffmpeg and ffprobe; null where no videos are processed."
  value       = one(module.ffmpeg_layer[*].arn)
}

locals {
  owner_switches = var.intake.enabled && !local.buckets.media.manage_notifications
  switch_block   = <<-EOT
    # A bucket has one such block: if yours has one, add the line `eventbridge = true` to it.
    resource "aws_s3_bucket_notification" "media" {
      bucket      = "${module.storage["media"].name}"
      eventbridge = true
    }
  EOT

  cutting_payload = jsonencode({
    s3_bucket       = module.storage["media"].name
    s3_key          = local.recipe.keys.originals
    job_id          = "{job_id}"
    cutting_options = { type = "fixed", duration_seconds = 30 }
    text_input      = { strategy = "one_for_all", base_text = "Hello" }
  })
}

output "cutting_job" {
  description = <<-EOT
    How to have a video cut into segments: a command for version 2 of AWS's CLI, in which you put
    the video's key, an id of your own in place of `{job_id}`, and your own text and lengths. Null
    where no videos are processed.
  EOT
  value = !contains(var.media, "videos") ? null : join(" ", [
    "aws lambda invoke --region ${local.account.region}",
    "--function-name ${local.names.videos_function}",
    "--cli-read-timeout 0 --cli-binary-format raw-in-base64-out",
    "--payload '${replace(local.cutting_payload, "'", "'\\''")}' answer.json",
  ])
}
