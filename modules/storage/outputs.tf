locals {
  # Made of the name, so that a plan shows every policy in full.
  arn = "arn:${var.account.partition}:s3:::${aws_s3_bucket.this.bucket}"
}

output "name" {
  description = "The bucket's name."
  value       = aws_s3_bucket.this.bucket
}

output "arn" {
  description = "The bucket's ARN."
  value       = local.arn
}

output "regional_domain_name" {
  description = "The host name under which the bucket's region serves it."
  value       = aws_s3_bucket.this.bucket_regional_domain_name
}
