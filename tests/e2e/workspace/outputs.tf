output "bucket" {
  description = "The media bucket: `name`, `arn`."
  value       = { name = aws_s3_bucket.media.bucket, arn = aws_s3_bucket.media.arn }
}

output "renditions_bucket" {
  description = "The bucket of what is made of the media: `name`, `arn`."
  value       = { name = aws_s3_bucket.renditions.bucket, arn = aws_s3_bucket.renditions.arn }
}

output "tables" {
  description = "The tables' names: `media` (key `id` and `projectId`), `photos` (`id`), `videos` (`video_id`)."
  value = {
    media  = aws_dynamodb_table.media.name
    photos = aws_dynamodb_table.photos.name
    videos = aws_dynamodb_table.videos.name
  }
}

output "role" {
  description = "The role of media functions: `name`, `arn`."
  value       = { name = aws_iam_role.media.name, arn = aws_iam_role.media.arn }
}

output "log_group" {
  description = "The name of the media functions' log group."
  value       = aws_cloudwatch_log_group.media.name
}

output "user" {
  description = "The name of the IAM user that the web application runs as."
  value       = aws_iam_user.web.name
}

output "incoming_queue" {
  description = "The URL of the queue that the media bucket tells of `incoming/`."
  value       = aws_sqs_queue.incoming.url
}
