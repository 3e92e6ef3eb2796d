output "queue" {
  description = "The queue that the function reads: `name`, `url`, `arn`."
  value = {
    name = aws_sqs_queue.this.name
    url  = aws_sqs_queue.this.url
    arn  = local.queue_arn
  }
}

output "dead_letter_queue" {
  description = "Where a job goes that failed too often: `name`, `url`, `arn`."
  value = {
    name = aws_sqs_queue.dead_letters.name
    url  = aws_sqs_queue.dead_letters.url
    arn  = local.dead_letter_arn
  }
}

output "rule_arn" {
  description = "The ARN of the EventBridge rule."
  value       = local.rule_arn
}
