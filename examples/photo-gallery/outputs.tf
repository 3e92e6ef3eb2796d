output "eventbridge_switch" {
  description = "What the bucket still needs, so that EventBridge hears of uploads."
  value       = module.media.eventbridge_switch
}

output "functions" {
  description = "By route: `name`, `arn`, `role_arn`, `log_group`."
  value       = module.media.functions
}

output "queues" {
  description = "By route: `queue` and `dead_letter_queue`, `rule_arn`."
  value       = module.media.queues
}
