output "arn" {
  description = "The ARN of the layer's version, as a function's `layers` takes it."
  value       = local.is_adopted ? var.existing.arn : one(aws_lambda_layer_version.this[*].arn)
}
