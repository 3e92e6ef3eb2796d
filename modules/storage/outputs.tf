locals {
  # Made of the name, so that a plan shows every policy in full.
  arn = "arn:${var.account.partition}:s3:::${local.name}"
}

output "name" {
  description = "The bucket's name."
  value       = local.name
}

output "arn" {
  description = "The bucket's ARN."
  value       = local.arn
}

output "regional_domain_name" {
  description = "The host name under which the bucket's region serves it."
  value       = "${local.name}.s3.${var.account.region}.${var.account.dns_suffix}"
}
