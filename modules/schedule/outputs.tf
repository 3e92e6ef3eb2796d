output "arn" {
  description = "The schedule's ARN."
  value = join(":", [
    "arn", var.account.partition, "scheduler", var.account.region, var.account.id,
    "schedule/${aws_scheduler_schedule.this.group_name}/${aws_scheduler_schedule.this.name}",
  ])
}

output "role_arn" {
  description = "The ARN of the role as which the Scheduler invokes."
  value       = local.role_arn
}
