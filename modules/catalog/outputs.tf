output "name" {
  description = "The table's name."
  value       = local.name
}

output "arn" {
  description = "The table's ARN, made of its name, so that a plan shows every policy in full."
  value = join(":", [
    "arn", var.account.partition, "dynamodb", var.account.region, var.account.id,
    "table/${local.name}",
  ])
}
