output "name" {
  description = "The dashboard's name."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}

output "body" {
  description = "The dashboard as CloudWatch takes it (JSON), all of which a plan knows."
  value       = local.body
}
