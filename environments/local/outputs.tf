output "bucket" {
  description = "The media bucket: `name`, `arn`, `regional_domain_name`."
  value       = module.media.bucket
}

output "table" {
  description = "The media table: `name`, `arn`."
  value       = module.media.table
}

output "functions" {
  description = "By route (`images`, `videos`): `name`, `arn`, `role_arn`, `log_group`, `memory_mb`, `architecture`."
  value       = module.media.functions
}

output "queues" {
  description = "By route: `queue` and `dead_letter_queue` (each `name`, `url`, `arn`), `rule_arn`."
  value       = module.media.queues
}

output "recipe" {
  description = "The whole recipe, as the functions follow it."
  value       = module.media.recipe
}

output "sweep" {
  description = "The sweep: `name`, `arn`, `role_arn`, `log_group`, `schedule_arn`, `schedule_role_arn`."
  value       = module.media.sweep
}
