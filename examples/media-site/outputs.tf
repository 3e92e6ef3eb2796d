output "bucket" {
  description = "The name of the bucket to upload to."
  value       = module.media.bucket.name
}

output "table" {
  description = "The name of the table to read."
  value       = module.media.table.name
}

output "functions" {
  description = "By route: `name`, `arn`, `role_arn`, `log_group`."
  value       = module.media.functions
}

output "queues" {
  description = "By route: `queue` and `dead_letter_queue`, `rule_arn`."
  value       = module.media.queues
}
