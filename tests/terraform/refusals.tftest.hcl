# Each run changes one thing of a plan that passes (`house.tftest.hcl`), and must be refused for it.

mock_provider "aws" {
  source = "./tests/terraform/mocks"
}

variables {
  name      = "shop"
  artifacts = { directory = "artifacts" }
}

run "name_with_capitals" {
  command = plan
  variables {
    name = "Shop"
  }
  expect_failures = [var.name]
}

run "name_of_65_letters" {
  command = plan
  variables {
    name = "a2345678901234567890123456789012345678901234567890123456789012345"
  }
  expect_failures = [var.name]
}

run "artifacts_missing" {
  command = plan
  variables {
    artifacts = { directory = "nowhere" }
  }
  expect_failures = [var.artifacts]
}

run "artifacts_without_json" {
  command = plan
  variables {
    artifacts = { directory = "artifacts-without-json" }
  }
  expect_failures = [var.artifacts]
}

run "artifacts_of_another_architecture" {
  command = plan
  variables {
    architecture = "arm64"
  }
  expect_failures = [var.artifacts]
}

run "artifacts_of_another_runtime" {
  command = plan
  variables {
    runtime = "python3.12"
  }
  expect_failures = [var.artifacts]
}

run "artifacts_altered" {
  command = plan
  variables {
    artifacts = { directory = "artifacts-altered" }
  }
  expect_failures = [var.artifacts]
}

run "artifacts_that_say_nothing" {
  command = plan
  variables {
    artifacts = { directory = "artifacts-silent" }
  }
  expect_failures = [var.artifacts]
}

run "architecture_unknown" {
  command = plan
  variables {
    artifacts    = { directory = "artifacts-mips" }
    architecture = "mips"
  }
  expect_failures = [var.architecture]
}

run "runtime_unknown" {
  command = plan
  variables {
    artifacts = { directory = "artifacts-python2.7" }
    runtime   = "python2.7"
  }
  expect_failures = [var.runtime]
}

run "memory_too_small" {
  command = plan
  variables {
    functions = { images = { memory_mb = 127 } }
  }
  expect_failures = [var.functions]
}

run "memory_too_large" {
  command = plan
  variables {
    functions = { videos = { memory_mb = 10241 } }
  }
  expect_failures = [var.functions]
}

run "memory_not_whole" {
  command = plan
  variables {
    functions = { videos = { memory_mb = 1024.5 } }
  }
  expect_failures = [var.functions]
}

run "timeout_too_long" {
  command = plan
  variables {
    functions = { videos = { timeout_seconds = 901 } }
  }
  expect_failures = [var.functions]
}

run "timeout_too_short_to_start_a_job" {
  command = plan
  variables {
    functions = { images = { timeout_seconds = 29 } }
  }
  expect_failures = [var.functions]
}

run "storage_too_small" {
  command = plan
  variables {
    functions = { images = { storage_mb = 511 } }
  }
  expect_failures = [var.functions]
}

run "concurrency_of_one" {
  command = plan
  variables {
    functions = { images = { concurrency = 1 } }
  }
  expect_failures = [var.functions]
}

run "bucket_name_with_capitals" {
  command = plan
  variables {
    storage = { bucket_name = "Shop-Media" }
  }
  expect_failures = [var.storage]
}

run "key_by_alias" {
  command = plan
  variables {
    storage = { kms = { key_arn = "arn:aws:kms:eu-central-1:123456789012:alias/media" } }
  }
  expect_failures = [var.storage]
}

run "expiry_after_no_days" {
  command = plan
  variables {
    storage = { expire_days = { "originals/" = 0 } }
  }
  expect_failures = [var.storage]
}

run "table_name_with_a_slash" {
  command = plan
  variables {
    catalog = { table_name = "shop/media" }
  }
  expect_failures = [var.catalog]
}

run "delivery_domain_as_url" {
  command = plan
  variables {
    delivery_domain = "https://media.example.com"
  }
  expect_failures = [var.delivery_domain]
}

run "retention_that_cloudwatch_lacks" {
  command = plan
  variables {
    logs = { retention_days = 31 }
  }
  expect_failures = [var.logs]
}

run "log_level_unknown" {
  command = plan
  variables {
    logs = { level = "verbose" }
  }
  expect_failures = [var.logs]
}

run "topic_by_name" {
  command = plan
  variables {
    alarms = { topic_arns = ["on-call"] }
  }
  expect_failures = [var.alarms]
}

run "topic_that_is_a_queue" {
  command = plan
  variables {
    alarms = { topic_arns = ["arn:aws:sqs:eu-central-1:123456789012:on-call"] }
  }
  expect_failures = [var.alarms]
}

run "path_without_slashes" {
  command = plan
  variables {
    iam = { path = "media" }
  }
  expect_failures = [var.iam]
}

run "artifacts_described_by_something_else" {
  command = plan
  variables {
    artifacts = { directory = "artifacts-undescribed" }
  }
  expect_failures = [var.artifacts]
}
