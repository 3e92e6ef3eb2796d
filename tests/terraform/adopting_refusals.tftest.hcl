# What cannot be adopted.

mock_provider "aws" {
  source = "./tests/terraform/mocks"
}

variables {
  name      = "shop"
  artifacts = { directory = "artifacts" }
}

run "no_media" {
  command = plan
  variables {
    media = []
  }
  expect_failures = [var.media]
}

run "unknown_media" {
  command = plan
  variables {
    media = ["images", "audio"]
  }
  expect_failures = [var.media]
}

run "bucket_by_url" {
  command = plan
  variables {
    storage = { existing_bucket_name = "s3://acme-media" }
  }
  expect_failures = [var.storage]
}

run "outputs_bucket_by_arn" {
  command = plan
  variables {
    storage = { existing_outputs_bucket_name = "arn:aws:s3:::acme-media" }
  }
  expect_failures = [var.storage]
}

run "bucket_made_and_existing" {
  command = plan
  variables {
    storage = { bucket_name = "shop-media", existing_bucket_name = "acme-media" }
  }
  expect_failures = [var.storage]
}

run "outputs_key_by_alias" {
  command = plan
  variables {
    storage = { kms = { outputs_key_arn = "alias/media" } }
  }
  expect_failures = [var.storage]
}

run "table_by_arn" {
  command = plan
  variables {
    catalog = { existing_table_name = "arn:aws:dynamodb:eu-central-1:123456789012:table/items" }
  }
  expect_failures = [var.catalog]
}

run "table_made_and_existing" {
  command = plan
  variables {
    catalog = { table_name = "items", existing_table_name = "items" }
  }
  expect_failures = [var.catalog]
}

run "role_by_arn" {
  command = plan
  variables {
    iam = { existing_role_name = "arn:aws:iam::123456789012:role/acme-lambda" }
  }
  expect_failures = [var.iam]
}

run "log_group_by_arn" {
  command = plan
  variables {
    logs = { existing_group_name = "arn:aws:logs:eu-central-1:123456789012:log-group:/acme" }
  }
  expect_failures = [var.logs]
}

run "layer_without_a_version" {
  command = plan
  variables {
    ffmpeg_layer = { existing_arn = "arn:aws:lambda:eu-central-1:123456789012:layer:acme-ffmpeg" }
  }
  expect_failures = [var.ffmpeg_layer]
}
