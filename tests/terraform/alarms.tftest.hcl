# Alarms: when they ring, what they say, and whom they tell.

mock_provider "aws" {
  source = "./tests/terraform/mocks"
}

variables {
  name      = "shop"
  artifacts = { directory = "artifacts" }
}

run "a_topic_is_made" {
  command = plan
  variables {
    alarms = { emails = ["on-call@example.com"] }
  }

  assert {
    condition = (
      output.alarm_topic_arns == tolist(["arn:aws:sns:eu-central-1:123456789012:shop-alarms"]) &&
      local.alarms.topic_arns == tolist(output.alarm_topic_arns)
    )
    error_message = "The alarms must tell the topic that is made: ${jsonencode(output.alarm_topic_arns)}"
  }
}

run "topics_of_the_callers" {
  command = plan
  variables {
    alarms = { topic_arns = ["arn:aws:sns:eu-central-1:123456789012:on-call"] }
  }

  assert {
    condition = (
      output.alarm_topic_arns == tolist(["arn:aws:sns:eu-central-1:123456789012:on-call"]) &&
      length(module.alarm_topic) == 0
    )
    error_message = "The caller's own topics must be told, and none be made."
  }
}

run "no_alarms" {
  command = plan
  variables {
    alarms = { enabled = false }
  }

  assert {
    condition = (
      length(output.alarm_topic_arns) == 0 && length(module.alarm_topic) == 0 &&
      output.dashboard == null
    )
    error_message = "Without alarms there must be neither a topic nor a dashboard."
  }
}

run "a_dashboard_without_alarms" {
  command = plan
  variables {
    alarms = { enabled = false, dashboard = true }
  }

  assert {
    condition     = output.dashboard.name == "shop-media-eu-central-1" && length(module.alarm_topic) == 0
    error_message = "The dashboard must be there by itself."
  }
}

run "alarms_without_a_dashboard" {
  command = plan
  variables {
    alarms = { dashboard = false }
  }

  assert {
    condition     = output.dashboard == null && length(output.alarm_topic_arns) == 1
    error_message = "The alarms must be there by themselves."
  }
}

run "emails_beside_topics_of_the_callers" {
  command = plan
  variables {
    alarms = {
      topic_arns = ["arn:aws:sns:eu-central-1:123456789012:on-call"]
      emails     = ["on-call@example.com"]
    }
  }
  expect_failures = [var.alarms]
}

run "emails_without_alarms" {
  command = plan
  variables {
    alarms = { enabled = false, emails = ["on-call@example.com"] }
  }
  expect_failures = [var.alarms]
}

run "emails_that_are_none" {
  command = plan
  variables {
    alarms = { emails = ["on-call"] }
  }
  expect_failures = [var.alarms]
}

run "an_alarm_that_takes_no_more_topics" {
  command = plan
  variables {
    alarms = { topic_arns = formatlist("arn:aws:sns:eu-central-1:123456789012:topic-%d", range(6)) }
  }
  expect_failures = [var.alarms]
}

run "messages_are_hidden_for_six_timeouts" {
  command = plan

  assert {
    condition     = local.visibility_seconds == { images = 720, videos = 5400 }
    error_message = "A message must be hidden for six timeouts."
  }
}

run "alarms_on_what_the_functions_emit" {
  command = plan

  # CloudWatch takes 1024 characters.
  assert {
    condition = alltrue([
      for alarm in concat(values(local.sweep_alarms), values(local.function_alarms)[*].disk, values(local.function_alarms)[*].failures) :
      length(alarm.description) <= 1024 && strcontains(alarm.description, "Look first")
    ])
    error_message = "Each alarm must say what to look at first, in 1024 characters."
  }
}

run "disks_that_can_grow_and_one_that_cannot" {
  command = plan
  variables {
    functions = { images = { storage_mb = 10239 }, videos = { storage_mb = 10240 } }
  }

  assert {
    condition = (
      strcontains(local.function_alarms.images.disk.description, "Raise `functions.images.storage_mb`") &&
      !strcontains(local.function_alarms.videos.disk.description, "storage_mb") &&
      strcontains(local.function_alarms.videos.disk.description, "lower `recipe.videos.limits`")
    )
    error_message = "Only what Lambda has more of can be raised."
  }
}
