output "arn" {
  description = "The function's ARN, known once its role may do everything it has to."
  value       = aws_lambda_function.this.arn

  # A mapping is refused while the role may not read its queue.
  depends_on = [aws_iam_role_policy.this]
}

output "name" {
  description = "The function's name."
  value       = aws_lambda_function.this.function_name
}

output "role_arn" {
  description = "The ARN of the execution role."
  value       = aws_iam_role.this.arn
}

output "log_group" {
  description = "The name of the log group."
  value       = aws_cloudwatch_log_group.this.name
}
