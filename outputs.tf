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
  description = "By route (`images`, `videos`): `name`, `arn`, `role_arn`, `log_group`, `memory_mb`, `architecture`."
  value = { for route, function in module.function : route => {
    name         = function.name
    arn          = function.arn
    role_arn     = function.role_arn
    log_group    = function.log_group
    memory_mb    = local.processors[route].sizing.memory_mb
    architecture = var.architecture
  } }
}

output "policies" {
  description = "By route, or `sweep` where there is one, and by reason, the policy documents (JSON) of what the roles must be allowed: an existing role needs them, unless `iam.attach_policies` has attached them. A role for the sweep also needs `invoke`, for the Scheduler."
  value = merge(
    { for route, function in module.function : route => function.policies },
    !local.has_sweep ? {} : {
      sweep = merge(module.sweep[0].policies, { invoke = module.sweep[0].invoke_policy })
    },
  )
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

output "sweep" {
  description = "The sweep: `name`, `arn`, `role_arn`, `log_group` of its function, `schedule_arn` and `schedule_role_arn`; null where there is none."
  value = !local.has_sweep ? null : {
    name              = module.sweep[0].name
    arn               = module.sweep[0].arn
    role_arn          = module.sweep[0].role_arn
    log_group         = module.sweep[0].log_group
    schedule_arn      = module.schedule[0].arn
    schedule_role_arn = module.schedule[0].role_arn
  }
}

output "alarm_topic_arns" {
  description = "The SNS topics that the alarms tell: yours, or the one that was made; none without alarms."
  value       = var.alarms.enabled ? local.alarms.topic_arns : []
}

output "dashboard" {
  description = "The dashboard: `name`, and its `body` (JSON); null where there is none."
  value = !local.has_dashboard ? null : {
    name = module.dashboard[0].name
    body = module.dashboard[0].body
  }
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
