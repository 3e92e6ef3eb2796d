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
  value       = local.role_arn
}

output "log_group" {
  description = "The name of the log group."
  value       = local.log_group
}

output "policies" {
  description = "By reason, the policy document (JSON) of what the function's role must be allowed."
  value       = local.policies
}

output "invoke_policy" {
  description = "The policy document (JSON) of whoever may invoke the function, and nothing else."
  value = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = [local.function_arn]
    }]
  })
}
