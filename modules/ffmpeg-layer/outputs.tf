output "arn" {
  description = "The ARN of the layer's version, as a function's `layers` takes it."
  value       = aws_lambda_layer_version.this.arn
}
