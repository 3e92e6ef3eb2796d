output "arn" {
  description = "The topic's ARN."
  value       = local.arn
}
