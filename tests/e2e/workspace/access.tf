# What the team's media functions run as.
resource "aws_iam_role" "media" {
  name = "acme-media"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "logs" {
  name = "logs"
  role = aws_iam_role.media.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.media.arn}:*"
    }]
  })
}

resource "aws_iam_role_policy" "buckets" {
  name = "buckets"
  role = aws_iam_role.media.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Action = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:AbortMultipartUpload"]
      Resource = [
        "${aws_s3_bucket.media.arn}/*",
        "${aws_s3_bucket.renditions.arn}/*",
      ]
    }]
  })
}

resource "aws_iam_role_policy" "tables" {
  name = "tables"
  role = aws_iam_role.media.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Action = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
      Resource = [
        aws_dynamodb_table.media.arn,
        aws_dynamodb_table.photos.arn,
        aws_dynamodb_table.videos.arn,
      ]
    }]
  })
}

# What the web application runs as.
resource "aws_iam_user" "web" {
  name = "acme-web"
}

resource "aws_iam_group" "applications" {
  name = "acme-applications"
}

resource "aws_iam_group_membership" "applications" {
  name  = "acme-applications"
  group = aws_iam_group.applications.name
  users = [aws_iam_user.web.name]
}

resource "aws_iam_group_policy" "uploads" {
  name  = "uploads"
  group = aws_iam_group.applications.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "s3:PutObject"
        Resource = "${aws_s3_bucket.media.arn}/*"
      },
      {
        Effect   = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query"]
        Resource = [aws_dynamodb_table.media.arn, "${aws_dynamodb_table.media.arn}/index/*"]
      },
    ]
  })
}
